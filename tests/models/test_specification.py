"""Binding a theory to a survey: who enters, which variant, what is refused, and the lavaan text."""

from collections.abc import Mapping
from pathlib import Path

import pytest
import semopy
import yaml

from crmresearch.data.catalog import find_codebook
from crmresearch.data.survey.codebook import Binding
from crmresearch.errors import SpecificationError, TheoryError
from crmresearch.models.lavaan import model
from crmresearch.models.specification import Specification, bind, bind_items
from crmresearch.models.theory import Theory, load_theory

SCSB = {
    "expectation": ["CUEX1", "CUEX2", "CUEX3"],
    "value": ["PERV1", "PERV2"],
    "satisfaction": ["CUSA1", "CUSA2", "CUSA3"],
    "complaint_handling": ["CUSCO"],
    "loyalty": ["CUSL1", "CUSL2", "CUSL3"],
}


def scsb(items: Mapping[str, list[str]] | None = None) -> Specification:
    return bind_items(load_theory("scsb"), SCSB if items is None else items)


def theory(paths: list[tuple[str, str]], **options: dict[str, object]) -> Theory:
    text = {"en": "text"}
    keys = dict.fromkeys(key for pair in paths for key in pair)
    return Theory.model_validate(
        {
            "key": "small",
            "title": text,
            "about": text,
            "citation": "made for a test",
            "constructs": {k: {"label": {"en": k.upper()}, "definition": text, **options.get(k, {})} for k in keys},
            "paths": [{"from": a, "to": b} for a, b in paths],
        }
    )


BOUND = {
    ("scsb", "ecsi_mobile"): (5, 6),
    ("acsi", "ecsi_mobile"): (6, 9),
    ("ecsi", "ecsi_mobile"): (7, 12),
    ("staged", "ecsi_mobile"): (10, 9),
    ("staged_second_order", "ecsi_mobile"): (13, 4),
    ("staged_chain", "ecsi_mobile"): (13, 4),
    ("reputation", "corporate_reputation"): (9, 14),
    ("scsb", "acsi_2015"): (5, 6),
    ("acsi", "acsi_2015"): (6, 9),
    ("staged", "acsi_2015"): (6, 6),
    ("staged_second_order", "acsi_2015"): (8, 5),
    ("staged_complainers", "acsi_2015"): (6, 5),
}


@pytest.mark.parametrize(("key", "dataset"), BOUND)
def test_theories_bind_to_the_surveys_they_should(key: str, dataset: str) -> None:
    codebook = find_codebook(dataset)
    spec = bind(load_theory(key), codebook)
    assert (len(spec.constructs), len(spec.paths)) == BOUND[key, dataset]
    assert set(spec.items) <= set(codebook.items)
    assert len(set(spec.items)) == len(spec.items)
    assert [p.hypothesis for p in spec.paths] == [f"H{i}" for i in range(1, len(spec.paths) + 1)]


def test_the_measured_kind_of_complaint_decides_the_variant() -> None:
    handling = bind(load_theory("ecsi"), find_codebook("ecsi_mobile"))
    assert "complaint_handling" in handling.keys
    assert "complaints" not in handling.keys
    signs = {(p.predictor, p.outcome): p.sign for p in handling.paths}
    assert signs["satisfaction", "complaint_handling"] == "positive"
    incidence = bind(load_theory("acsi"), find_codebook("acsi_2015"))
    assert "complaints" in incidence.keys
    assert "complaint_handling" not in incidence.keys
    signs = {(p.predictor, p.outcome): p.sign for p in incidence.paths}
    assert signs["satisfaction", "complaints"] == "negative"
    assert signs["complaints", "loyalty"] == "open"


def test_the_main_construct_wins_when_both_variants_are_measured() -> None:
    spec = scsb(SCSB | {"complaints": ["COMP"]})
    assert "complaints" in spec.keys
    assert "complaint_handling" not in spec.keys


def test_codebook_override_binds_the_staged_proxies() -> None:
    spec = bind(load_theory("staged"), find_codebook("ecsi_mobile"))
    assert spec.construct("brand").items == ("IMAG2", "IMAG3", "IMAG5")
    assert spec.construct("promise_trust").stage == "after"
    unmeasured = {"environment", "convenience", "value_extension", "word_of_mouth"}
    assert unmeasured <= set(spec.unmeasured)
    assert not {"promise_keeping", "trust"} & set(spec.unmeasured)  # promise_trust stands for them
    assert spec.moderations == ()  # neither moderator is measured


def test_reputation_keeps_its_moderation_and_modes() -> None:
    spec = bind(load_theory("reputation"), find_codebook("corporate_reputation"))
    assert [m.moderator for m in spec.moderations] == ["switching_cost"]
    assert spec.construct("qual").measurement == "composite_b"
    assert spec.construct("cusa").measurement == "single_item"
    assert spec.without_moderation().moderations == ()
    assert spec.without_moderation().paths == spec.paths


def test_one_item_is_a_single_item_whatever_the_theory_says() -> None:
    spec = scsb()
    assert spec.construct("complaint_handling").measurement == "single_item"
    changed = spec.with_measurement(complaint_handling="composite_b", value="composite_b")
    assert changed.construct("complaint_handling").measurement == "single_item"
    assert changed.construct("value").measurement == "composite_b"
    assert spec.construct("value").measurement == "common_factor"  # the first is as it was


def test_order_is_that_of_the_theory() -> None:
    spec = scsb(dict(reversed(SCSB.items())))
    assert spec.keys == ["expectation", "value", "satisfaction", "complaint_handling", "loyalty"]
    assert spec.outcomes == ["value", "satisfaction", "complaint_handling", "loyalty"]
    assert spec.predictors_of("loyalty") == ["satisfaction", "complaint_handling"]
    assert spec.items == ["CUEX1", "CUEX2", "CUEX3", "PERV1", "PERV2", *SCSB["satisfaction"], "CUSCO", *SCSB["loyalty"]]


def test_labels_fall_back_to_english() -> None:
    assert scsb().label("loyalty", "zh") == "客户忠诚"
    assert scsb().label("loyalty", "fr") == "Loyalty"
    with pytest.raises(SpecificationError, match="Unknown construct 'faith'; the model has expectation"):
        scsb().label("faith")


def refusal(error: type[Exception], theory: Theory, items: Mapping[str, list[str]]) -> str:
    with pytest.raises(error) as caught:
        bind_items(theory, items, "the codebook of cafe")
    message = str(caught.value)
    assert "\n" not in message
    assert message.endswith(".")
    return message


def test_construct_without_items_is_refused() -> None:
    for items in ({k: v for k, v in SCSB.items() if k != "value"}, SCSB | {"value": []}):
        message = refusal(SpecificationError, load_theory("scsb"), items)
        assert "'scsb' needs items for the construct 'value' (Perceived performance)" in message
        assert "the codebook of cafe binds none" in message


def test_item_used_twice_is_refused() -> None:
    message = refusal(SpecificationError, load_theory("scsb"), SCSB | {"value": ["PERV1", "CUSA2"]})
    assert "uses the item 'CUSA2' twice, for 'value' and for 'satisfaction'" in message
    message = refusal(SpecificationError, load_theory("scsb"), SCSB | {"value": ["PERV1", "PERV1"]})
    assert "uses the item 'PERV1' twice" in message


def test_cycle_is_refused() -> None:
    circle = theory([("a", "b"), ("b", "c"), ("c", "a")])
    message = refusal(TheoryError, circle, {key: [key.upper()] for key in "abc"})
    assert "circle" in message
    assert message.count("→") == 3


def test_outcome_that_lost_all_its_predictors_is_refused() -> None:
    small = theory([("a", "b"), ("b", "c")], a={"optional": True}, b={"optional": True})
    message = refusal(SpecificationError, small, {"a": ["A"], "c": ["C"]})
    assert "measures 'c' but none of its predictors in theory 'small' (b)" in message


def test_construct_that_lost_all_its_paths_is_refused() -> None:
    small = theory([("a", "b"), ("b", "d"), ("c", "d")], b={"optional": True})
    message = refusal(SpecificationError, small, {"a": ["A"], "c": ["C"], "d": ["D"]})
    assert "measures 'a' but nothing that theory 'small' joins it to" in message


def test_construct_no_theory_knows_is_refused() -> None:
    codebook = find_codebook("ecsi_mobile")
    items = dict(codebook.constructs)
    items["satisfacton"] = items.pop("satisfaction")
    with pytest.raises(SpecificationError, match="unknown construct 'satisfacton'; did you mean 'satisfaction'"):
        bind(load_theory("scsb"), codebook.model_copy(update={"constructs": items}))


def test_constructs_of_other_theories_do_no_harm() -> None:
    assert "image" not in bind(load_theory("scsb"), find_codebook("ecsi_mobile")).keys


OWN = {"quality": ["PERQ1", "PERQ2"], "satisfaction": ["CUSA1"], "loyalty": ["CUSL1", "CUSL3"]}


def own_items(tmp_path: Path, items: Mapping[str, Mapping[str, list[str]]]) -> Theory:
    """A theory with its items, read from a file."""
    text = {"en": "text"}
    document = {
        "key": "mine",
        "title": text,
        "about": text,
        "citation": "made for a test",
        "constructs": {key: {"label": text, "definition": text} for key in OWN},
        "paths": [{"from": "quality", "to": "satisfaction"}, {"from": "satisfaction", "to": "loyalty"}],
        "items": items,
    }
    path = tmp_path / "mine.yaml"
    path.write_text(yaml.safe_dump(document), encoding="utf-8")
    return load_theory(path)


def test_the_items_of_the_theory_come_before_those_of_the_codebook(tmp_path: Path) -> None:
    codebook = find_codebook("ecsi_mobile")
    spec = bind(own_items(tmp_path, {"ecsi_mobile": OWN}), codebook)
    assert {c.key: list(c.items) for c in spec.constructs} == OWN
    bindings = {"mine": Binding(constructs={"loyalty": ("CUSL2",)})}
    assert bind(spec.theory, codebook.model_copy(update={"theories": bindings})) == spec
    elsewhere = bind(own_items(tmp_path, {"acsi_2015": OWN}), codebook)
    assert list(elsewhere.construct("satisfaction").items) == ["CUSA1", "CUSA2", "CUSA3"]


def test_wrong_items_of_the_theory_are_refused_with_file_and_key(tmp_path: Path) -> None:
    cases = {
        "items.ecsi_mobile.loyalty: the codebook of ecsi_mobile has no item 'CUSL9'; did you mean 'CUSL": {
            "loyalty": ["CUSL9"]
        },
        "items.ecsi_mobile.loyalty: the codebook of ecsi_mobile has no item 'x'; it has CUEX1, ": {"loyalty": ["x"]},
        "items.ecsi_mobile uses the item 'CUSA1' twice": {"loyalty": ["CUSA1"]},
    }
    for sentence, items in cases.items():
        with pytest.raises(SpecificationError) as caught:
            bind(own_items(tmp_path, {"ecsi_mobile": OWN | items}), find_codebook("ecsi_mobile"))
        assert f"mine.yaml, {sentence}" in str(caught.value)
    with pytest.raises(SpecificationError, match=r"'quality'.*mine.yaml, items.ecsi_mobile binds none to it; add it"):
        bind(own_items(tmp_path, {"ecsi_mobile": {"loyalty": ["CUSL1"]}}), find_codebook("ecsi_mobile"))


def test_ncsb_does_not_bind_to_a_survey_without_its_constructs() -> None:
    with pytest.raises(SpecificationError, match=r"'ncsb' needs items for the construct 'price' \(Price index\)"):
        bind(load_theory("ncsb"), find_codebook("ecsi_mobile"))


LAVAAN = """\
# measurement
expectation =~ CUEX1 + CUEX2 + CUEX3
value <~ PERV1 + PERV2
satisfaction =~ CUSA1 + CUSA2 + CUSA3
complaint_handling =~ 1*CUSCO
CUSCO ~~ 0*CUSCO
loyalty =~ CUSL1 + CUSL2 + CUSL3
# structure
value ~ expectation
satisfaction ~ expectation + value
complaint_handling ~ satisfaction
loyalty ~ satisfaction + complaint_handling
"""


def test_specification_prints_itself_as_lavaan_syntax() -> None:
    spec = scsb().with_measurement(value="composite_b")
    assert spec.to_lavaan() == LAVAAN
    assert str(spec) == LAVAAN


def test_moderation_is_a_comment_in_lavaan_syntax() -> None:
    text = bind(load_theory("reputation"), find_codebook("corporate_reputation")).to_lavaan()
    assert text.splitlines()[-1] == "# moderation (two-stage): cusl ~ cusa:switching_cost"


def test_semopy_reads_the_printed_model() -> None:
    read = semopy.Model(scsb().to_lavaan())
    assert set(read.vars["latent"]) == set(SCSB)
    assert set(read.vars["observed"]) == set(scsb().items)
    rows = read.inspect()
    arrows = rows[(rows["op"] == "~") & rows["lval"].isin(SCSB) & rows["rval"].isin(SCSB)]
    assert set(zip(arrows["rval"], arrows["lval"], strict=True)) == {(p.predictor, p.outcome) for p in scsb().paths}


def stages(**more: list[str]) -> Specification:
    """The second order on a few items of the mobile phone survey."""
    items = {"brand": ["IMAG2", "IMAG3"], "quality_stability": ["PERQ1", "PERQ2"], "staff": ["PERQ3"]}
    aims = {"satisfaction": ["CUSA1", "CUSA2"], "loyalty": ["CUSL1", "CUSL3"]}
    return bind_items(load_theory("staged_second_order"), items | aims | more)


def test_a_construct_of_second_order_is_made_of_what_is_measured() -> None:
    spec = stages()
    assert spec.components == {"brand": "before", "quality_stability": "during", "staff": "during"}
    assert [(c.key, c.of, c.measurement) for c in spec.constructs if c.of] == [
        ("before", ("brand",), "single_item"), ("during", ("quality_stability", "staff"), "composite_b"),
    ]  # fmt: skip
    assert "after" in spec.unmeasured
    assert "before" not in spec.unmeasured
    wide = stages(promise_trust=["IMAG1"], expectation=["CUEX1"])
    assert wide.construct("after").of == ("promise_trust",)
    assert wide.construct("before").of == ("brand",), "what stands instead of brand has no place beside it"


def test_stages_of_the_second_order_are_models_themselves() -> None:
    """In stage one every component has the paths of its construct, in stage two it is an item of it."""
    first, second = stages().first_stage(), stages().second_stage()
    assert first.keys == ["brand", "quality_stability", "staff", "satisfaction", "loyalty"]
    assert [(p.predictor, p.outcome) for p in first.paths] == [
        ("brand", "satisfaction"), ("quality_stability", "satisfaction"), ("staff", "satisfaction"),
        ("satisfaction", "loyalty"),
    ]  # fmt: skip
    assert second.keys == ["satisfaction", "loyalty", "before", "during"]
    assert second.construct("during").items == ("quality_stability", "staff")
    chain = bind_items(
        load_theory("staged_chain"), {c.key: c.items for c in stages(trust=["IMAG1"]).constructs if c.items}
    )
    arrows = {(p.predictor, p.outcome) for p in chain.first_stage().paths}
    assert arrows == {
        ("brand", "quality_stability"), ("brand", "staff"), ("quality_stability", "trust"), ("staff", "trust"),
        ("trust", "satisfaction"), ("satisfaction", "loyalty"),
    }  # fmt: skip


def test_second_order_is_printed_and_read() -> None:
    spec = stages(trust=["IMAG1", "IMAG4"])
    printed = spec.to_lavaan()
    assert "before <~ brand\nduring <~ quality_stability + staff\nafter <~ trust\n" in printed
    read = model(printed)
    assert read.to_lavaan() == printed
    assert read.components == spec.components
    mode_a = spec.with_measurement(during="composite_a", before="composite_a")
    assert mode_a.construct("before").measurement == "single_item"
    assert model(str(mode_a)).construct("during").measurement == "composite_a"


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("w =~ a + b\ny ~ w", "'a' is a construct and an item"),
        ("w <~ a + X5\ny ~ w + b", "'a' is a construct and an item"),
        ("w <~ a + b\ny ~ w + a", "'a' is part of 'w' and acts through it only; remove its paths."),
        ("w <~ a + b\nv <~ w + c\ny ~ v", "'w' is part of a construct and made of constructs; keep one."),
    ],
)
def test_what_is_no_second_order_is_refused_with_its_place(line: str, sentence: str) -> None:
    measured = "a =~ X1 + X2\nb =~ X3 + X4\ny =~ Y1 + Y2\nc =~ X6\n"
    with pytest.raises(TheoryError, match="The model, line") as caught:
        model(measured + line)
    assert sentence in str(caught.value)


def test_items_of_a_construct_of_constructs_are_refused() -> None:
    theory = load_theory("staged_second_order")
    aims = {"satisfaction": ["CUSA1"], "loyalty": ["CUSL1"]}
    message = refusal(SpecificationError, theory, aims | {"during": ["PERQ1"]})
    assert "binds items to 'during', which theory 'staged_second_order' makes of quality_stability" in message
    needed = theory.model_copy(
        update={"constructs": {key: c.model_copy(update={"optional": False} if key == "during" else {})
                               for key, c in theory.constructs.items()}}
    )  # fmt: skip
    message = refusal(SpecificationError, needed, aims | {"brand": ["IMAG2"]})
    assert "needs items for one of the constructs that make up 'during' (quality_stability, price_stability" in message


def test_a_theory_takes_the_items_of_the_one_it_extends() -> None:
    codebook = find_codebook("ecsi_mobile")
    for key in ("staged_second_order", "staged_chain"):
        spec = bind(load_theory(key), codebook)
        assert {c.key: list(c.items) for c in spec.constructs if c.items} == codebook.items_of("staged")
        assert codebook.note_of(*spec.theory.lineage) == codebook.note_of("staged")
    own = Binding(constructs={"brand": ("IMAG2",), "satisfaction": ("CUSA1",), "loyalty": ("CUSL1",)})
    book = codebook.model_copy(update={"theories": codebook.theories | {"staged_second_order": own}})
    assert bind(load_theory("staged_second_order"), book).items == ["IMAG2", "CUSA1", "CUSL1"]
    assert len(bind(load_theory("staged"), book).items) == 21
