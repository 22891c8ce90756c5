"""The front door: lazy names, models written as text, frames in hand, and the examples of every docstring."""

import doctest
import inspect
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from weight_cases import reference_weights

import crmresearch as crm
from crmresearch.data import customers
from crmresearch.errors import DataError, EstimationError, ParameterError, SpecificationError, TheoryError
from crmresearch.front import computed as registry
from crmresearch.models.specification import Specification

NAMES = [
    "datasets", "load_survey", "load_transactions", "customer_table", "theories", "load_theory", "model", "bind",
    "estimate_pls", "estimate_cbsem", "bootstrap", "reliability", "htmt", "fit_table", "construct_index", "cautions",
    "ipma", "nca", "cipma", "path_diagram", "methods", "evaluate_segmentations", "stability", "monitor",
    "CustomerValue", "render_report", "tetrads", "copulas", "overfit", "mediator_prediction", "congruence", "effects",
    "mediation", "simple_slopes", "plspredict", "cvpat", "redundancy", "modification_indices",
    "segment_profiles", "segment_rules",
    "churn_warning",
    "unusual_purchases", "unusual_respondents",
    "mediation", "simple_slopes", "plspredict", "revenue_forecast", "cvpat", "redundancy", "modification_indices",
    "prospects", "conversion", "retention",
    "association_rules", "next_products",
]  # fmt: skip
# neither takes nor gives a table
WITHOUT_TABLE = {"bind", "load_theory", "model", "path_diagram", "render_report"}
# what finds, reads, lists or draws; every other name computes a statistic
WITHOUT_STATISTIC = {
    "bind", "cautions", "customer_table", "datasets", "load_survey", "load_theory", "load_transactions", "methods",
    "path_diagram", "render_report", "theories",
    "CustomerValue.fit", "CustomerValue.forecast",  # their class names the sources
}  # fmt: skip
TEXT = """
  quality =~ PERQ1 + PERQ2 + PERQ3
  satisfaction =~ CUSA1 + CUSA2 + CUSA3
  loyalty =~ CUSL1 + CUSL2 + CUSL3
  satisfaction ~ quality
  loyalty ~ satisfaction
"""
BOUND = [("acsi", "acsi_2015"), ("reputation", "corporate_reputation")] + [
    (theory, "ecsi_mobile") for theory in ("acsi", "ecsi", "scsb", "staged")
]


@pytest.fixture(scope="module")
def frame() -> pd.DataFrame:
    return crm.load_survey("ecsi_mobile").items


def test_every_name_is_listed_and_resolves() -> None:
    assert set(NAMES) | {"__version__"} == set(dir(crm))
    for name in NAMES:
        assert callable(getattr(crm, name))
    assert crm.__version__


def test_the_import_brings_no_heavy_package() -> None:
    code = (
        "import sys, crmresearch; assert dir(crmresearch); "
        "print([m for m in ('numpy', 'pandas', 'ibis', 'matplotlib') if m in sys.modules])"
    )
    source = str(Path(crm.__file__).parents[1])
    done = subprocess.run(
        [sys.executable, "-c", f"import sys; sys.path.insert(0, {source!r}); {code}"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stdout.strip() == "[]"


def documented() -> dict[str, Any]:
    """Everything at the front door that has a docstring of its own: functions, classes, and their public methods."""
    found = {name: getattr(crm, name) for name in NAMES}
    for name in [name for name in NAMES if inspect.isclass(found[name])]:
        methods = inspect.getmembers(found[name], inspect.isroutine)
        found |= {f"{name}.{key}": method for key, method in methods if not key.startswith("_")}
    return found


DOCUMENTED = documented()


@pytest.mark.parametrize("name", DOCUMENTED)
def test_the_example_of_every_docstring_runs_with_the_front_door_alone(name: str) -> None:
    runner = doctest.DocTestRunner()
    for example in doctest.DocTestFinder(recurse=False).find(DOCUMENTED[name], name):
        example.globs = {}  # what the reader of the example has: no name that it does not import
        runner.run(example)
    assert runner.tries, f"crm.{name} has no example: write one after >>> in its docstring."
    assert not runner.failures


def told_by(name: str) -> str:
    """The docstring without its example; what a reader of the page sees as prose."""
    return (inspect.getdoc(DOCUMENTED[name]) or "").partition("\n>>>")[0]


@pytest.mark.parametrize("name", DOCUMENTED)
def test_every_docstring_tells_arguments_shapes_and_errors(name: str) -> None:
    arguments = set(inspect.signature(DOCUMENTED[name]).parameters) - {"self"}
    told = told_by(name)
    assert arguments <= set(re.findall(r"`(\w+)`", told)), f"crm.{name} does not tell every argument"
    if inspect.isroutine(DOCUMENTED[name]):
        assert re.search(r"Raises\s\w+Error", told), f"crm.{name} does not tell what it raises"
    assert name in WITHOUT_TABLE or re.search(r"\b(a|one) row\b|\(n, |\([a-z]+, [a-z ]+\)|row each", told, re.I), (
        f"crm.{name} does not tell the shape of what it takes and gives"
    )


@pytest.mark.parametrize("name", sorted(set(DOCUMENTED) - WITHOUT_STATISTIC))
def test_every_statistic_names_its_source(name: str) -> None:
    assert re.search(r"[\w.]\s\((19|20)\d\d\)|\(\w+, (19|20)\d\d,", told_by(name)), f"crm.{name} names no source"


def test_everything_that_is_computed_is_in_the_list_of_it() -> None:
    computes = set(crm.__all__) - {"__version__", "model"} - WITHOUT_STATISTIC | {"customer_table"}
    assert {one.name for one in registry.computed()} == computes
    groups = [one.group for one in registry.computed()]
    assert groups == sorted(groups, key=groups.index)
    assert all(one.sources or one.name in WITHOUT_STATISTIC for one in registry.computed())
    assert all(one.gives and one.checked and "|" not in one.gives + one.checked for one in registry.computed())


def test_the_table_of_the_readme_is_made_of_that_list() -> None:
    readme = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")
    assert readme.count(registry.table()) == 1, "make it anew: python -m crmresearch.front.computed"
    assert registry.with_table(readme) == readme


def test_a_model_and_a_frame_are_enough(frame: pd.DataFrame) -> None:
    model = crm.model(TEXT)
    estimate = crm.bootstrap(crm.estimate_pls(model, frame), resamples=100, seed=1)
    assert estimate.resampling is not None
    assert set(estimate.paths.outcome) == {"satisfaction", "loyalty"}
    assert estimate.paths.ci_lower.notna().all()
    cb = crm.estimate_cbsem(model, frame)
    assert list(cb.paths.outcome) == ["satisfaction", "loyalty"]
    assert len(crm.bootstrap(cb, resamples=10, seed=1).theta) == 10
    assert crm.path_diagram(estimate) is not None
    assert crm.path_diagram(cb) is not None


def test_the_written_model_estimates_as_the_bound_one(frame: pd.DataFrame) -> None:
    bound = crm.bind("ecsi", "ecsi_mobile")
    read = crm.estimate_pls(crm.model(str(bound)), frame).paths.set_index(["estimator", "predictor", "outcome"])
    own = crm.estimate_pls(bound, frame).paths.set_index(["estimator", "predictor", "outcome"])
    pd.testing.assert_frame_equal(read.loc[own.index], own)


def content(spec: Specification) -> tuple[object, ...]:
    return (
        [(c.key, c.measurement, c.items) for c in spec.constructs],
        {(p.predictor, p.outcome) for p in spec.paths},
        {(m.moderator, m.predictor, m.outcome) for m in spec.moderations},
    )


@pytest.mark.parametrize(("theory", "dataset"), BOUND)
def test_the_printed_model_read_again_is_the_same(theory: str, dataset: str) -> None:
    bound = crm.bind(theory, dataset)
    read = crm.model(str(bound))
    assert content(read) == content(bound)
    assert crm.model(str(read)) == read


def test_a_theory_without_a_data_set_is_read_again_as_well() -> None:
    theory = crm.load_theory("ncsb")
    bound = crm.bind(theory, {key: [f"{key}_1", f"{key}_2"] for key in theory.constructs})
    assert content(crm.model(str(bound))) == content(bound)


def test_products_and_continued_lines() -> None:
    spec = crm.model("a =~ x +  # more\n  y\nb <~ z + w\nc =~ v\nc ~ a + b + a:b")
    assert [c.measurement for c in spec.constructs] == ["common_factor", "composite_b", "single_item"]
    assert [(m.predictor, m.moderator, m.outcome) for m in spec.moderations] == [("a", "b", "c")]


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("a =~ x\n  b ~~ a", "line 2, column 3"),
        ("a =~ x\nb =~ y\nb ~ a - x", "line 3, column 7"),
        ("a =~ x\nb =~ y\nb ~ c", "line 3, column 5"),
        ("a =~ x + x\nb =~ y\nb ~ a", "line 1, column 10"),
        ("a =~ x\nb =~ y\nb ~ 0.5*a", "line 3, column 5"),
        ("a =~ x\nb =~ y\nb ~", "line 3, column 3"),
        ("a =~ x\nb =~ y\nb := a", "line 3, column 3"),
        ("a =~ x\nb =~ y\nc =~ z\nb ~ a", "line 3, column 1"),
        ("a =~ x\nb =~ y\nb ~ a + a:b", "line 3, column 9"),
        ("a =~ x\na =~ y\na ~ a", "line 2, column 1"),
        ("a =~ x\nb =~ y\nb ~ a + b", "line 3, column 9"),
        ("a =~ x\nb =~ y\nb ~ a + a:a", "line 3, column 9"),
        ("a =~ x\nb =~ y\nm =~ z\nb ~ a + m + a:m + m:a", "line 4, column 19"),
    ],
)
def test_what_is_not_known_is_refused_where_it_stands(text: str, where: str) -> None:
    with pytest.raises(TheoryError, match=where):
        crm.model(text)


def test_a_circle_is_refused() -> None:
    with pytest.raises(TheoryError, match="circle"):
        crm.model("a =~ x\nb =~ y\na ~ b\nb ~ a")


def test_absent_items_and_gaps_are_named(frame: pd.DataFrame) -> None:
    for estimate in (crm.estimate_pls, crm.estimate_cbsem):
        with pytest.raises(EstimationError, match="PERQ2"):
            estimate(TEXT, frame.drop(columns="PERQ2"))
        holes = frame.copy()
        holes.loc[holes.index[:3], "CUSA1"] = float("nan")
        with pytest.raises(EstimationError, match="3 of 250 rows have no answer to some of CUSA1"):
            estimate(TEXT, holes)
        with pytest.raises(EstimationError, match="CUSA1 are not all numbers"):
            estimate(TEXT, frame.assign(CUSA1="good"))
    assert len(crm.estimate_pls(TEXT, holes, missing="listwise").items) == 247
    assert crm.estimate_cbsem(TEXT, holes, missing="fiml").rows == 250


def test_weights_are_those_of_the_survey_or_given(frame: pd.DataFrame) -> None:
    survey = crm.load_survey("ecsi_mobile")
    w = reference_weights(survey.items)
    weighted = replace(survey, weights=w)
    for estimate in (crm.estimate_pls, crm.estimate_cbsem):
        own, given = estimate(TEXT, weighted).paths, estimate(TEXT, survey.items, weights=w).paths
        pd.testing.assert_frame_equal(own, given)
        by_place = estimate(TEXT, survey.items, weights=w.to_numpy()).paths
        pd.testing.assert_frame_equal(own, by_place)
        assert not np.allclose(own["estimate"], estimate(TEXT, survey).paths["estimate"], atol=1e-3)
        with pytest.raises(EstimationError, match="1 of 250 rows have no weight above 0"):
            estimate(TEXT, frame, weights=np.r_[0.0, np.ones(249)])
    holes = survey.items.copy()
    holes.loc[holes.index[:3], "CUSA1"] = np.nan
    listwise = crm.estimate_pls(
        TEXT, holes, weights=w.to_numpy(), missing="listwise"
    )  # weights of the rows that came in
    left = crm.estimate_pls(TEXT, survey.items.iloc[3:], weights=w.iloc[3:])
    pd.testing.assert_frame_equal(listwise.paths, left.paths)
    assert crm.estimate_cbsem(TEXT, holes, weights=w, missing="fiml").rows == 250
    assert crm.estimate_cbsem(TEXT, weighted).errors == "robust"
    resampled = crm.bootstrap(crm.estimate_cbsem(TEXT, weighted), resamples=3, seed=1)
    assert np.isfinite(resampled.theta).all()


def test_the_table_of_a_frame_is_that_of_the_codebook() -> None:
    loaded = crm.load_transactions("cdnow")
    plain = pd.read_parquet(loaded.path)[["customer", "date", "amount"]]
    plain = plain.rename(columns={"customer": "id", "date": "day", "amount": "total"})
    ours = crm.customer_table(plain, customer="id", time="day", amount="total", cutoff="1997-09-30",
                              holdout_end="1998-06-30")  # fmt: skip
    own = customers.customer_table(loaded, "1997-09-30", "1998-06-30")
    pd.testing.assert_frame_equal(ours.frame, own.frame, check_exact=True)
    again = crm.customer_table(loaded, cutoff="1997-09-30", holdout_end="1998-06-30")
    pd.testing.assert_frame_equal(again.frame, own.frame, check_exact=True)


def test_an_unknown_column_of_the_frame_is_named() -> None:
    with pytest.raises(ParameterError, match="no column 'amount'"):
        crm.customer_table(pd.DataFrame({"customer": [1], "time": ["2011-01-01"]}), cutoff="2011-06-30")
    with pytest.raises(ParameterError, match="cannot be resampled"):
        crm.bootstrap(3)  # type: ignore[call-overload]


def test_a_frame_is_told_what_to_do_without_a_codebook() -> None:
    lines = pd.DataFrame({"customer": [1, 2, 2], "time": ["2011-01-01", "2011-02-01", "2011-03-01"], "amount": 1.0})
    with pytest.raises(ParameterError, match="pass `last_day`"):
        crm.customer_table(lines, "2011-06-30")
    assert len(crm.customer_table(lines, "2011-06-30", last_day="2011-06-30").frame) == 2
    with pytest.raises(ParameterError, match="last_day: 'June' is not a date"):
        crm.customer_table(lines, "2011-03-01", last_day="June")
    with pytest.raises(DataError, match="write times as dates or as text such as 1998-06-30"):
        crm.customer_table(lines.assign(time="when"), "2011-03-01")
    with pytest.raises(ParameterError, match="not a frame"):
        crm.customer_table([1, 2], "2011-03-01")  # type: ignore[arg-type]


def test_attributes_and_categories_of_a_frame() -> None:
    lines = pd.DataFrame(
        {"customer": [1, 2], "time": "2011-01-01", "amount": 2.0, "sort": ["a", "b"], "town": ["x", "y"]}
    )
    table = crm.customer_table(lines, "2011-01-01", category="sort", categories=["a"], attributes=["town"]).frame
    assert table["share_a"].tolist() == [1, 0]
    assert table["town"].tolist() == ["x", "y"]


def test_a_value_model_is_resampled() -> None:
    table = crm.customer_table(crm.load_transactions("cdnow"), "1997-09-30")
    assert crm.bootstrap(crm.CustomerValue.fit(table.frame), resamples=3, seed=1).values.shape == (3, 4)


def test_a_table_of_the_other_engine_is_refused(frame: pd.DataFrame) -> None:
    cb, pls = crm.estimate_cbsem(TEXT, frame), crm.estimate_pls(TEXT, frame)
    with pytest.raises(ParameterError, match="use estimate_pls"):
        crm.redundancy(cb, frame)  # type: ignore[arg-type]
    with pytest.raises(ParameterError, match="use estimate_cbsem"):
        crm.fit_table(pls)  # type: ignore[arg-type]
    with pytest.raises(ParameterError, match="pass what estimate_cbsem returned, or a model"):
        crm.modification_indices(pls)  # type: ignore[arg-type]


def test_measurement_takes_an_estimate_or_a_model_and_a_frame(frame: pd.DataFrame) -> None:
    pls, cb = crm.estimate_pls(TEXT, frame), crm.estimate_cbsem(TEXT, frame)
    for table in (crm.reliability, crm.htmt):
        pd.testing.assert_frame_equal(table(TEXT, frame), table(pls))
        assert list(table(cb)) == list(table(pls))
    pd.testing.assert_frame_equal(crm.modification_indices(TEXT, frame), crm.modification_indices(cb))
    for table in (crm.reliability, crm.htmt, crm.modification_indices):
        with pytest.raises(ParameterError, match="needs its data"):
            table(TEXT)
        with pytest.raises(ParameterError, match="not of a dict"):
            table({})  # type: ignore[arg-type]
    with pytest.raises(ParameterError, match="htmt of an estimate takes no data"):
        crm.htmt(pls, frame)
    with pytest.raises(ParameterError, match="htmt of an estimate takes no missing"):
        crm.htmt(pls, missing="mean")
    with pytest.raises(ParameterError, match="pass the frame or survey"):
        crm.redundancy(pls)
    with pytest.raises(ParameterError, match="No construct has a global item"):
        crm.redundancy(pls, frame)


def test_the_scale_of_an_index_may_be_told_in_three_ways(frame: pd.DataFrame) -> None:
    survey, estimate = crm.load_survey("ecsi_mobile"), crm.estimate_pls(TEXT, frame)
    bounds = pd.DataFrame({"min": 1, "max": 10}, index=estimate.specification.items)
    by_numbers = crm.construct_index(estimate, (1, 10))
    pd.testing.assert_frame_equal(by_numbers, crm.construct_index(estimate, bounds))
    pd.testing.assert_frame_equal(by_numbers, crm.construct_index(estimate, survey))
    with pytest.raises(ParameterError, match="scale of PERQ1 is not given"):
        crm.construct_index(estimate, bounds.drop(index="PERQ1"))


def test_what_an_estimate_does_not_have_is_said(frame: pd.DataFrame) -> None:
    estimate = crm.estimate_pls("quality =~ PERQ1\nloyalty =~ CUSL1\nloyalty ~ quality", frame)
    for of in (crm.reliability, crm.path_diagram):
        with pytest.raises(ParameterError, match="has no 'plsd'; use pls"):
            of(estimate, "plsd")
    with pytest.raises(ParameterError, match="missing='guess' is not known; use refuse, listwise or mean"):
        crm.estimate_pls(TEXT, frame, missing="guess")  # type: ignore[arg-type]
    with pytest.raises(SpecificationError, match="cdnow holds transactions, not a survey"):
        crm.bind("ecsi", "cdnow")


def test_impossible_options_and_other_objects_are_refused(frame: pd.DataFrame) -> None:
    with pytest.raises(ParameterError, match="errors='sandwich' is not known; use standard or robust"):
        crm.estimate_cbsem(TEXT, frame, errors="sandwich")  # type: ignore[arg-type]
    with pytest.raises(ParameterError, match=r"between 0 and 1.*it is 95"):
        crm.estimate_cbsem(TEXT, frame, confidence=95)
    estimate = crm.estimate_pls(TEXT, frame)
    for impossible in ({"resamples": 1}, {"seed": -1}):
        with pytest.raises(ParameterError, match="resamples must be 2 or more and seed 0 or more"):
            crm.bootstrap(estimate, **impossible)
    with pytest.raises(ParameterError, match="A DataFrame has no cautions"):
        crm.cautions(frame)  # type: ignore[arg-type]
    with pytest.raises(ParameterError, match="A DataFrame has no picture"):
        crm.path_diagram(frame)  # type: ignore[arg-type]


def test_what_no_outlook_can_be_is_refused() -> None:
    table = crm.customer_table(crm.load_transactions("cdnow"), "1997-09-30").frame.iloc[::10]
    fitted = crm.CustomerValue.fit(table)
    assert list(crm.cautions(fitted)["code"]) == [caution.code for caution in fitted.cautions]
    with pytest.raises(EstimationError, match=r"between 0 and 1.*it is 95"):
        fitted.intervals(365, 0.1, resamples=2, seed=1, level=95)
    for rate in (-1, float("nan"), float("inf")):
        with pytest.raises(EstimationError, match="yearly discount rate must be 0 or more"):
            fitted.intervals(365, rate, resamples=2, seed=1)
