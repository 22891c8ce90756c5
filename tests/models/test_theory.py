"""The shipped theories are what was published; a spoilt theory file is refused in one sentence."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from crmresearch.errors import TheoryError
from crmresearch.models.theory import Theory, check_acyclic, load_theory, theory_keys

SOURCES = {"acsi", "ecsi", "ncsb", "reputation", "scsb", "staged"}
STAGED_FORMS = ["staged", "staged_second_order", "staged_chain"]
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


def test_the_six_theories_of_the_sources_are_shipped() -> None:
    assert set(theory_keys()) >= SOURCES


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
    if key in SOURCES:
        assert set(others.values()) == {"positive"}


def test_staged_theory_has_its_factors_by_stage() -> None:
    theory = load_theory("staged")
    by_stage: dict[str | None, list[str]] = {}
    for key, construct in theory.constructs.items():
        by_stage.setdefault(construct.stage, []).append(key)
    assert by_stage["before"] == ["searchable_information", "brand", "expectation"]
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


def test_staged_forms_differ_in_what_leads_to_satisfaction() -> None:
    """Definitions stand once: the other forms add the stages, made of the factors, and their own paths."""
    plain, stages, chain = (load_theory(key) for key in STAGED_FORMS)
    assert [theory.lineage for theory in (plain, stages, chain)] == [
        ("staged",), ("staged_second_order", "staged"), ("staged_chain", "staged_second_order", "staged"),
    ]  # fmt: skip
    wholes = {key: c for key, c in stages.constructs.items() if c.of}
    for stage, construct in wholes.items():
        assert construct.of == tuple(key for key, c in plain.constructs.items() if c.stage == stage)
        assert construct.measurement == "composite_b"
    for theory, expected in ((stages, {"before", "during", "after"}), (chain, {"after"})):
        assert theory.constructs == plain.constructs | wholes
        assert theory.moderations == plain.moderations
        pairs = {(p.predictor, p.outcome): p.sign for p in theory.paths}
        assert {x for x, y in pairs if y == "satisfaction"} == expected
        others = {(p.predictor, p.outcome): p.sign for p in plain.paths if p.outcome != "satisfaction"}
        assert others.items() <= pairs.items()
    assert {("before", "during"), ("during", "after")} <= {(p.predictor, p.outcome) for p in chain.paths}


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


def second_order(
    of: list[str] | None = None, measurement: str = "composite_b", more: dict[str, Any] | None = None
) -> dict[str, Any]:
    """The sketch with service, made of quality, in the place of quality."""
    word = {"label": {"en": "x"}, "definition": {"en": "x"}}
    service = word | {"measurement": measurement, "of": of or ["quality"]}
    constructs = {**sketch()["constructs"], "service": service, **({"more": word | more} if more else {})}
    paths = [{"from": "service", "to": "satisfaction"}, *sketch()["paths"][1:]]
    return change(constructs=constructs, paths=paths + ([{"from": "more", "to": "loyalty"}] if more else []))


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
    "second order that is no composite": (
        second_order(measurement="common_factor"),
        "mine.yaml, constructs.service: a construct `of` constructs is a composite of theirs; write "
        "`measurement: composite_b` (or composite_a).",
    ),
    "second order of what is unknown": (second_order(of=["qualty"]), "of of service: unknown construct 'qualty'"),
    "second order of something twice": (second_order(of=["quality", "quality"]), "'quality' is named twice"),
    "second order of something with a path": (
        second_order(of=["quality", "loyalty"]),
        "constructs.service.of: 'loyalty' has the path satisfaction → loyalty of its own, and acts through 'service'",
    ),
    "second order of second order": (
        second_order(of=["quality", "more"], more={"of": ["satisfaction"], "measurement": "composite_b"}),
        "'more' is made of constructs itself; name those it is made of.",
    ),
    "component of two": (
        second_order(of=["quality"], more={"of": ["quality"], "measurement": "composite_b"}),
        "constructs.more.of: 'quality' is also a part of 'service'; name it once.",
    ),
    "items of second order": (
        second_order() | {"items": {"my_survey": {"service": ["Q1"]}}},
        "items.my_survey.service: 'service' is made of constructs; list the items of those (quality).",
    ),
    "extends what is not there": (change(extends="stagd"), "There is no theory 'stagd'"),
    "extends itself": (change(extends="mine.yaml"), "mine.yaml extends this theory; remove one of both."),
    "extends a number": (change(extends=3), "mine.yaml, extends: must be text"),
    "extends without a key of its own": (
        {"extends": "scsb", "title": {"en": "x"}, "about": {"en": "x"}},
        "mine.yaml, key: this key is missing",
    ),
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


def test_a_theory_that_extends_another_says_only_what_differs(write: Callable[[Any], Path]) -> None:
    file = write(sketch())
    base, own = load_theory(file), file.parent / "other.yaml"
    text = {"en": "words"}
    faith = {"label": text, "definition": text, "measurement": "single_item"}
    other = {"key": "other", "extends": "mine.yaml", "title": text, "about": text, "constructs": {"loyalty": faith}}
    own.write_text(yaml.safe_dump(other), "utf-8")
    found = load_theory(own)
    assert found.lineage == ("other", "mine")
    assert found.paths == base.paths
    assert found.citation == base.citation
    assert list(found.constructs) == list(base.constructs)
    assert found.constructs["loyalty"].measurement == "single_item"
    assert found.constructs["quality"] == base.constructs["quality"]
    own.write_text(yaml.safe_dump(other | {"paths": [{"from": "loyalty", "to": "loyalti"}]}), "utf-8")
    with pytest.raises(TheoryError, match=r"other.yaml, path loyalty → loyalti: unknown construct"):
        load_theory(own)


def test_a_mistake_is_told_of_the_file_that_holds_it(write: Callable[[Any], Path]) -> None:
    base = write(change(citations="nobody"))
    own = base.parent / "other.yaml"
    own.write_text(yaml.safe_dump({"key": "other", "extends": "mine.yaml"}), "utf-8")
    with pytest.raises(TheoryError, match=r"mine.yaml, citations"):
        load_theory(own)


def test_theories_that_extend_one_another_are_refused(write: Callable[[Any], Path]) -> None:
    base = write(change(extends="other.yaml"))
    (base.parent / "other.yaml").write_text(yaml.safe_dump({"key": "other", "extends": "mine.yaml"}), "utf-8")
    with pytest.raises(TheoryError, match=r"other.yaml, extends: .*mine.yaml extends this theory"):
        load_theory(base)


def test_cycle_is_named_in_the_direction_of_its_arrows() -> None:
    with pytest.raises(TheoryError, match=r"a → b → c → a|b → c → a → b|c → a → b → c"):
        check_acyclic([("a", "b"), ("b", "c"), ("c", "a"), ("a", "d")], "here")


def test_unknown_key_names_those_there_are() -> None:
    with pytest.raises(TheoryError, match="no theory 'ecsl'; there are acsi, ecsi, ncsb, reputation, scsb, staged"):
        load_theory("ecsl")
