"""The shipped theories are what was published; a spoilt theory file is refused in one sentence."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from crmresearch.errors import TheoryError
from crmresearch.models.theory import Theory, check_acyclic, load_theory, theory_keys

PUBLISHED = {  # predictors of each construct, from the publications named in the theory files
    "scsb": {
        "value": {"expectation"},
        "satisfaction": {"expectation", "value"},
        "complaints": {"satisfaction"},
        "complaint_handling": {"satisfaction"},
        "loyalty": {"satisfaction", "complaints", "complaint_handling"},
    },
    "acsi": {
        "quality": {"expectation"},
        "value": {"expectation", "quality"},
        "satisfaction": {"expectation", "quality", "value"},
        "complaints": {"satisfaction"},
        "complaint_handling": {"satisfaction"},
        "loyalty": {"satisfaction", "complaints", "complaint_handling"},
    },
    "ecsi": {
        "expectation": {"image"},
        "quality": {"expectation"},
        "value": {"expectation", "quality"},
        "satisfaction": {"image", "expectation", "quality", "value"},
        "complaints": {"satisfaction"},
        "complaint_handling": {"satisfaction"},
        "loyalty": {"image", "satisfaction", "complaints", "complaint_handling"},
    },
    "ncsb": {
        "satisfaction": {
            *("tangibles", "reliability", "responsiveness", "assurance", "empathy", "quality"),
            *("price", "complaint_handling"),
        },
        "image": {"satisfaction"},
        "affective_commitment": {"satisfaction"},
        "calculative_commitment": {"satisfaction"},
        "loyalty": {
            *("image", "affective_commitment", "calculative_commitment"),
            *("price", "satisfaction", "complaint_handling"),
        },
    },
    "reputation": {
        "comp": {"qual", "perf", "csor", "attr"},
        "like": {"qual", "perf", "csor", "attr"},
        "cusa": {"comp", "like"},
        "cusl": {"comp", "like", "cusa", "switching_cost"},
    },
}


@pytest.mark.parametrize("key", theory_keys())
def test_shipped_theory_is_complete_in_two_languages(key: str) -> None:
    theory = load_theory(key)
    assert theory.key == key
    assert theory.citation
    for text in (theory.title, theory.about, *(c.label for c in theory.constructs.values())):
        assert set(text) >= {"en", "zh"}
        assert all(words.strip() for words in text.values())
    for construct in theory.constructs.values():
        assert set(construct.definition) >= {"en", "zh"}
    labels = [c.label["en"] for c in theory.constructs.values()]
    assert len(set(labels)) == len(labels)
    assert {theory.satisfaction, theory.loyalty} <= set(theory.constructs)


def test_all_six_theories_are_shipped() -> None:
    assert theory_keys() == ["acsi", "ecsi", "ncsb", "reputation", "scsb", "staged"]


@pytest.mark.parametrize("key", PUBLISHED)
def test_paths_are_those_of_the_publication(key: str) -> None:
    found: dict[str, set[str]] = {}
    for path in load_theory(key).paths:
        found.setdefault(path.outcome, set()).add(path.predictor)
    assert found == PUBLISHED[key]


@pytest.mark.parametrize("key", theory_keys())
def test_complaining_and_its_handling_have_their_own_signs(key: str) -> None:
    signs = {(p.predictor, p.outcome): p.sign for p in load_theory(key).paths}
    expected = {
        ("satisfaction", "complaints"): "negative",
        ("complaints", "loyalty"): "open",
        ("satisfaction", "complaint_handling"): "positive",
        ("complaint_handling", "loyalty"): "positive",
    }
    for pair, sign in expected.items():
        assert signs.get(pair, sign) == sign
    others = {pair: sign for pair, sign in signs.items() if "complaints" not in pair}
    assert set(others.values()) == {"positive"}


def test_staged_theory_has_its_factors_by_stage() -> None:
    theory = load_theory("staged")
    by_stage: dict[str | None, list[str]] = {}
    for key, construct in theory.constructs.items():
        by_stage.setdefault(construct.stage, []).append(key)
    assert by_stage["before"] == ["searchable_information", "brand"]
    assert by_stage["during"] == ["quality_stability", "price_stability", "staff", "environment", "convenience"]
    assert set(by_stage["after"]) == {
        *("service_quality", "value_extension", "promise_keeping", "trust", "promise_trust"),
        *("contact_points", "word_of_mouth"),
    }
    factors = {key for stage, keys in by_stage.items() if stage for key in keys}
    assert {p.predictor for p in theory.paths if p.outcome == "satisfaction"} == factors
    assert {(m.moderator, m.predictor, m.outcome) for m in theory.moderations} == {
        ("switching_cost", "satisfaction", "loyalty"),
        ("competitor_comparison", "satisfaction", "loyalty"),
    }


def test_reputation_drivers_are_formed_by_their_items() -> None:
    constructs = load_theory("reputation").constructs
    assert [k for k, c in constructs.items() if c.measurement == "composite_b"] == ["qual", "perf", "csor", "attr"]
    (moderation,) = load_theory("reputation").moderations
    assert (moderation.moderator, moderation.predictor, moderation.outcome) == ("switching_cost", "cusa", "cusl")


def sketch() -> dict[str, Any]:
    text = {"en": "words", "zh": "文字"}
    construct = {"label": text, "definition": text}
    return {
        "key": "mine",
        "title": text,
        "about": text,
        "citation": "nobody (2024)",
        "constructs": {key: dict(construct) for key in ("quality", "satisfaction", "loyalty")},
        "paths": [{"from": "quality", "to": "satisfaction"}, {"from": "satisfaction", "to": "loyalty"}],
    }


@pytest.fixture
def write(tmp_path: Path) -> Callable[[dict[str, Any] | str], Path]:
    def to_file(theory: dict[str, Any] | str) -> Path:
        path = tmp_path / "mine.yaml"
        path.write_text(
            theory if isinstance(theory, str) else yaml.safe_dump(theory, allow_unicode=True, sort_keys=False), "utf-8"
        )
        return path

    return to_file


def test_a_theory_of_ones_own_is_read_from_its_file(write: Callable[[Any], Path]) -> None:
    theory = load_theory(write(sketch()))
    assert isinstance(theory, Theory)
    assert [(p.predictor, p.outcome, p.sign) for p in theory.paths] == [
        ("quality", "satisfaction", "positive"),
        ("satisfaction", "loyalty", "positive"),
    ]


def change(**parts: Any) -> dict[str, Any]:
    return sketch() | parts


SPOILT: dict[str, tuple[dict[str, Any] | str, str]] = {
    "unknown construct in a path": (
        change(paths=[*sketch()["paths"], {"from": "image", "to": "loyalty"}]),
        "mine.yaml, path image → loyalty: unknown construct 'image'; the theory has quality, satisfaction, loyalty.",
    ),
    "cycle": (
        change(paths=[*sketch()["paths"], {"from": "loyalty", "to": "quality"}]),
        "circle",
    ),
    "path to itself": (
        change(paths=[*sketch()["paths"], {"from": "loyalty", "to": "loyalty"}]),
        "loyalty → loyalty",
    ),
    "path twice": (
        change(paths=[*sketch()["paths"], sketch()["paths"][0]]),
        "quality → satisfaction is written twice",
    ),
    "construct on no path": (change(paths=sketch()["paths"][1:]), "construct 'quality' is on no path"),
    "moderation of no path": (
        change(moderations=[{"moderator": "satisfaction", "from": "quality", "to": "loyalty"}]),
        "satisfaction moderates quality → loyalty, which is not a path",
    ),
    "moderator without a path": (
        change(moderations=[{"moderator": "quality", "from": "satisfaction", "to": "loyalty"}]),
        "quality moderates satisfaction → loyalty without a path of its own; add quality → loyalty",
    ),
    "unknown sign": (
        change(paths=[{"from": "quality", "to": "satisfaction", "sign": "up"}, sketch()["paths"][1]]),
        "mine.yaml, paths.0.sign",
    ),
    "misspelt field": (change(citations="nobody"), "mine.yaml, citations"),
    "missing field": ({k: v for k, v in sketch().items() if k != "citation"}, "mine.yaml, citation"),
    "not YAML": ("key: [mine", "mine.yaml, line 1 is not valid YAML"),
    "empty file": ("", "mine.yaml must be a mapping of keys to values; it holds empty"),
    "construct written twice": (
        yaml.safe_dump(sketch(), sort_keys=False).replace("  satisfaction:\n", "  quality:\n", 1),
        "is written twice; keep one",
    ),
    "label without English": (
        change(constructs={**sketch()["constructs"], "loyalty": {"label": {"zh": "忠诚"}, "definition": {"en": "x"}}}),
        "mine.yaml, constructs.loyalty.label: has no English text",
    ),
    "items of an unknown construct": (
        change(items={"my_survey": {"qualty": ["Q1"]}}),
        "mine.yaml, items.my_survey: unknown construct 'qualty'; the theory has quality, satisfaction, loyalty.",
    ),
    "construct with an empty list of items": (
        change(items={"my_survey": {"quality": []}}),
        "mine.yaml, items.my_survey.quality: has no items; list some or remove the construct there.",
    ),
    "items that are no list": (change(items={"my_survey": {"quality": "Q1"}}), "mine.yaml, items.my_survey.quality"),
    "items of what is no data set": (change(items={"My survey": {"quality": ["Q1"]}}), "mine.yaml, items.My survey"),
    "loyalty unnamed": (change(loyalty="faith"), "mine.yaml, loyalty: unknown construct 'faith'"),
}


@pytest.mark.parametrize("case", SPOILT)
def test_spoilt_theory_is_refused_in_one_sentence(case: str, write: Callable[[Any], Path]) -> None:
    theory, expected = SPOILT[case]
    with pytest.raises(TheoryError) as caught:
        load_theory(write(theory))
    message = str(caught.value)
    assert expected in message
    assert "\n" not in message
    assert message.endswith("."), message


def test_cycle_is_named_in_the_direction_of_its_arrows() -> None:
    with pytest.raises(TheoryError, match=r"a → b → c → a|b → c → a → b|c → a → b → c"):
        check_acyclic([("a", "b"), ("b", "c"), ("c", "a"), ("a", "d")], "here")


def test_unknown_key_names_those_there_are() -> None:
    with pytest.raises(TheoryError, match="no theory 'ecsl'; there are acsi, ecsi, ncsb, reputation, scsb, staged"):
        load_theory("ecsl")
