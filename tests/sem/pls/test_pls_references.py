"""PLS estimates equal the numbers other programs print, to every printed digit."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sem_cases import REPUTATION_ITEMS, corp_rep, ecsi, mobi, path_model, reputation
from seminr_oracle import seminr_estimate, seminr_values

from crmresearch.models.specification import Specification
from crmresearch.sem.pls.algorithm import TOLERANCE
from crmresearch.sem.pls.estimate import estimate_pls
from crmresearch.sem.pls.measurement import reliability
from crmresearch.sem.pls.result import PlsEstimate

REFERENCE = json.loads((Path(__file__).parents[2] / "reference" / "pls.json").read_text(encoding="utf-8"))
ECSI = REFERENCE["ecsi"]
COLUMNS = {  # table of the reference: ours, its label columns, its number
    "paths": ("paths", ["predictor", "outcome"], "standardized"),
    "total_effects": ("total_effects", ["predictor", "outcome"], "standardized"),
    "loadings": ("loadings", ["item"], "standardized"),
    "weights": ("weights", ["item"], "standardized"),
    "r_squared": ("r_squared", ["outcome"], "estimate"),
    "adjusted": ("r_squared", ["outcome"], "adjusted"),
}


def ours(estimate: PlsEstimate, table: str, estimator: str) -> dict[str, float]:
    name, labels, number = COLUMNS[table]
    frame: pd.DataFrame = getattr(estimate, name)
    frame = frame[frame["estimator"] == (estimator if table != "weights" else "pls")]
    keys = frame[labels].agg(" -> ".join, axis=1)
    return dict(zip(keys, frame[number], strict=True))


def assert_printed(
    found: dict[str, float],
    printed: dict[str, float],
    digits: int,
    *,
    within: float | None = None,
    complete: bool = True,
) -> None:
    """Every printed number is ours, rounded to its digits; `complete`: and we have no rows beside them."""
    if complete:
        assert set(found) == set(printed)
    half_a_unit = (within or 0.5 * 10.0**-digits) + 1e-12  # a number that ends in 5 is itself not exact in binary
    wrong = {key: (found[key], value) for key, value in printed.items() if abs(found[key] - value) > half_a_unit}
    assert not wrong


def ecsi_case(case: dict[str, Any], answers: pd.DataFrame | None = None) -> PlsEstimate:
    return estimate_pls(
        ecsi().with_measurement(**dict.fromkeys(case.get("mode_b", []), "composite_b")),
        mobi() if answers is None else answers,
        scheme=case["scheme"],
        metric=case.get("metric", "standardised"),
        tolerance=case.get("stop", TOLERANCE),
    )


def tables_of(cases: list[dict[str, Any]], names: list[str]) -> list[Any]:
    return [
        pytest.param(case, table, id=f"{case['source'].split(',')[0]} {case['scheme']} {case['estimator']} {table}")
        for case in cases
        for table in names
        if table in case
    ]


@pytest.mark.parametrize(("case", "table"), tables_of(ECSI, list(COLUMNS)))
def test_ecsi_table_equals_printed_digits(case: dict[str, Any], table: str) -> None:
    found = ours(ecsi_case(case), table, case["estimator"])
    assert_printed(found, case[table], case["digits"], within=case.get("half_a_unit"))


@pytest.mark.parametrize(("case", "table"), tables_of(ECSI, ["reliability"]))
def test_reliability_equals_seminr(case: dict[str, Any], table: str) -> None:
    found = reliability(ecsi_case(case), case["estimator"]).set_index("construct")
    for measure in ("alpha", "rho_c", "rho_a", "ave"):
        printed = {key: values[measure] for key, values in case[table].items()}
        assert_printed(found[measure].to_dict(), printed, case["digits"])


def test_ave_equals_plspm() -> None:
    (case,) = [c for c in ECSI if "ave" in c]
    found = reliability(ecsi_case(case)).set_index("construct")["ave"]
    assert_printed(found.to_dict(), case["ave"], case["digits"])


def test_htmt_equals_seminr() -> None:
    (case,) = [c for c in ECSI if "htmt" in c]
    frame = ecsi_case(case).table("htmt")
    found = {f"{row.other}, {row.construct}": row.estimate for row in frame.itertuples()}
    assert_printed(found, case["htmt"], case["digits"])


def test_raw_metric_is_the_same_on_the_0_to_100_scale_of_the_publication() -> None:
    (case,) = [c for c in ECSI if c.get("metric") == "raw"]
    estimate = ecsi_case(case, (mobi() - 1) * (100 / 9))
    assert_printed(ours(estimate, "paths", "pls"), case["paths"], case["digits"], within=case["half_a_unit"])
    assert estimate.estimators == ("pls",)  # no PLSc in the raw metric


def simple_reputation() -> Specification:
    items = {key: REPUTATION_ITEMS[key] for key in ("comp", "like", "cusa", "cusl")}
    arrows = [("comp", "cusa"), ("like", "cusa"), ("comp", "cusl"), ("like", "cusl"), ("cusa", "cusl")]
    return path_model(items, arrows)


def test_simple_reputation_model_equals_the_textbook() -> None:
    case = REFERENCE["reputation"][0]
    estimate = estimate_pls(simple_reputation(), corp_rep())
    assert_printed(ours(estimate, "paths", "pls"), case["paths"], case["digits"])
    assert_printed(ours(estimate, "r_squared", "pls"), case["r_squared"], case["r_squared_digits"])


def test_extended_reputation_model_equals_seminr_with_moderation() -> None:
    case = REFERENCE["reputation"][1]
    estimate = estimate_pls(reputation(), corp_rep())
    paths = estimate.paths[estimate.paths["estimator"] == "pls"]
    per_unit = dict(zip(paths["predictor"] + " -> " + paths["outcome"], paths["estimate"], strict=True))
    assert_printed(per_unit, case["paths"], case["digits"], complete=False)
    r2 = ours(estimate, "r_squared", "pls")
    assert_printed(r2, case["r_squared"], case["r_squared_digits"], complete=False)


@pytest.mark.parametrize("scheme", ["path", "factorial"])
@pytest.mark.parametrize("estimator", ["pls", "plsc"])
@pytest.mark.parametrize("survey", ["ecsi", "reputation"])
def test_every_table_equals_python_seminr(survey: str, estimator: str, scheme: str) -> None:
    seminr = pytest.importorskip("seminr", reason="Python seminr, the test-only oracle, is not installed")
    spec, answers = (ecsi(), mobi()) if survey == "ecsi" else (reputation(), corp_rep())
    if estimator == "plsc" and survey == "reputation":
        # seminr corrects every mode-A construct once one is reflective; ours leaves composites as they are
        spec = spec.with_measurement(switching_cost="common_factor")
    estimate = estimate_pls(spec, answers, scheme=scheme)  # type: ignore[arg-type]
    oracle = seminr_estimate(seminr, spec, answers, consistent=estimator == "plsc", scheme=scheme)
    # per unit of the product; seminr does that for composites and reports PLSc per standard deviation of it
    paths = "paths" if estimator == "pls" else "standardized_paths"
    for table in (paths, "loadings", "weights", "r_squared", "total_effects", "htmt"):
        frame = estimate.table(table)
        frame = frame[frame["estimator"] == (estimator if f"{table}/{estimator}" in estimate.quantities else "pls")]
        theirs = seminr_values(seminr, oracle, table, frame)
        # same start and stop rule, so only rounding differs; 1e-10 leaves room for other BLAS libraries
        np.testing.assert_allclose(frame["estimate"], theirs, rtol=0, atol=1e-10, err_msg=table)


def test_composites_are_not_corrected_in_a_consistent_model() -> None:
    spec = reputation().without_moderation()
    estimate = estimate_pls(spec, corp_rep())
    k = {key: i for i, key in enumerate(spec.keys)}
    assert estimate.fits.consistent is not None
    composite, factor = estimate.fits.pls.correlations[0], estimate.fits.consistent.correlations[0]
    # switching_cost and qual are composites, cusa is a single item: nothing to divide by
    for a, b in (("switching_cost", "cusa"), ("qual", "cusa"), ("qual", "switching_cost")):
        assert factor[k[a], k[b]] == composite[k[a], k[b]]
    assert abs(factor[k["comp"], k["cusa"]]) > abs(composite[k["comp"], k["cusa"]])
