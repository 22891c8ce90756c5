"""Measures of measurement with intervals, redundancy analysis, and the verdict on every construct."""

import json
from collections.abc import Iterator

import numpy as np
import pandas as pd
import pytest
from sem_cases import corp_rep, ecsi, mobi, path_model, reputation
from weight_cases import reference_weights

from crmresearch.errors import ParameterError
from crmresearch.models.specification import Specification
from crmresearch.paths import ROOT
from crmresearch.resampling import bootstrap_rows
from crmresearch.sem.common_source import common_source
from crmresearch.sem.measures import cronbach_alpha, heterotrait_monotrait
from crmresearch.sem.measures import redundancy as path_and_weights
from crmresearch.sem.one_factor import mcdonald_omega
from crmresearch.sem.pls.bootstrap import bootstrap
from crmresearch.sem.pls.estimate import estimate_pls
from crmresearch.sem.pls.measurement import collinearity, fornell_larcker, item_validity
from crmresearch.sem.pls.measurement import reliability as points
from crmresearch.sem.pls.measurement_quantities import measurement_quantities
from crmresearch.sem.pls.quality.criteria import measurement_quality, verdicts
from crmresearch.sem.pls.quality.measured import Measured, htmt, reliability
from crmresearch.sem.pls.quality.redundancy import global_items_of, redundancy
from crmresearch.sem.pls.result import PlsEstimate

REFERENCE = json.loads((ROOT / "tests" / "reference" / "measurement.json").read_text(encoding="utf-8"))
GLOBAL = {key: f"{key}_global" for key in ("qual", "perf", "csor", "attr")}


@pytest.fixture(scope="module")
def phones() -> PlsEstimate:
    return bootstrap(estimate_pls(ecsi(), mobi()), resamples=100, seed=3)


@pytest.fixture(scope="module")
def firms() -> PlsEstimate:
    return bootstrap(estimate_pls(reputation(), corp_rep()), resamples=100, seed=3)


def resampled(frame: pd.DataFrame) -> Iterator[pd.DataFrame]:
    for group in range(2):
        for rows in bootstrap_rows(len(frame), group, 3):
            yield frame.iloc[rows]


def test_intervals_are_quantiles_over_the_resamples(phones: PlsEstimate) -> None:
    # one resample after another, from the answers themselves
    image, quality = [f"IMAG{i}" for i in range(1, 6)], [f"PERQ{i}" for i in range(1, 8)]
    mask = np.repeat(np.eye(2), [5, 7], axis=0)
    found: dict[str, list[float]] = {"alpha": [], "omega": [], "htmt2": []}
    for sample in resampled(mobi()):
        R = sample[image + quality].corr().to_numpy()
        found["alpha"].append(float(cronbach_alpha(R[:5, :5])))
        found["omega"].append(float(mcdonald_omega(R[None, :5, :5])[0]))
        found["htmt2"].append(float(heterotrait_monotrait(R, mask, geometric=True)[0, 1]))
    row = reliability(phones).set_index("construct").loc["image"]
    pair = htmt(phones).set_index(["construct", "other"]).loc[("quality", "image")]
    for name, values in found.items():
        told = pair if name == "htmt2" else row
        expected = np.quantile(values, [0.025, 0.975])
        np.testing.assert_allclose([told[f"{name}_lower"], told[f"{name}_upper"]], expected, rtol=1e-9)


def test_resamples_of_measures_are_those_of_the_estimate(phones: PlsEstimate) -> None:
    # AVE follows from the loadings, which the estimate keeps of every resample
    drawn, measured = phones.resampling, Measured(phones, ["ave"])
    assert drawn is not None
    assert measured.resampling is not None
    own = phones.quantities["loadings/pls"].labels["construct"] == "value"
    by_hand = (drawn.replicates["loadings/pls"][:, own] ** 2).mean(axis=1)
    at = list(measured.quantities["ave"].labels["construct"]).index("value")
    np.testing.assert_allclose(measured.resampling.replicates["ave"][:, at], by_hand, rtol=1e-12)


def test_tables_keep_what_they_had_and_say_more(phones: PlsEstimate) -> None:
    pd.testing.assert_frame_equal(reliability(phones)[list(points(phones))], points(phones))
    pd.testing.assert_frame_equal(htmt(phones)[list(phones.table("htmt"))], phones.table("htmt"))
    single = reliability(phones).set_index("construct").loc["complaint_handling"]
    assert (single[["alpha", "omega", "rho_a", "rho_c", "ave"]] == 1).all()
    assert single[[name for name in single.index if name.endswith("er")]].isna().all()
    without = reliability(estimate_pls(ecsi(), mobi()))
    assert without[[name for name in without if name.endswith(("_lower", "_upper"))]].isna().all(axis=None)
    assert (reliability(phones, "plsc")["ave"] < reliability(phones)["ave"]).sum() == 6


def test_bca_intervals_are_made_too() -> None:
    table = reliability(bootstrap(estimate_pls(ecsi(), mobi()), resamples=60, seed=3, interval="bca"))
    told = table[table["items"] > 1]
    assert (told["omega_lower"] < told["omega"]).all()
    assert (told["omega"] < told["omega_upper"]).all()


@pytest.mark.parametrize("weighted", [False, True])
def test_measures_agree_with_the_tables_of_the_estimate(weighted: bool) -> None:
    answers = mobi()
    estimate = estimate_pls(ecsi(), answers, weights=reference_weights(answers) if weighted else None)
    measured = Measured(estimate, measurement_quantities(estimate))
    vif = collinearity(estimate).set_index(["outcome", "predictor"])["vif"]
    found = measured.table("antecedent_vif").set_index(["outcome", "predictor"])["estimate"]
    np.testing.assert_allclose(found, vif.loc[found.index], rtol=1e-10)
    items = item_validity(estimate)
    gap = items["own"].abs() - items["cross"].abs()
    np.testing.assert_allclose(measured.table("cross_loading")["estimate"], gap, rtol=1e-9, atol=1e-12)
    square = fornell_larcker(estimate)
    below = np.tril(square.to_numpy(), -1)
    largest = np.abs(below + below.T).max(axis=1)
    np.testing.assert_allclose(
        measured.table("fornell_larcker")["estimate"], np.diag(square) - largest, rtol=1e-9, atol=1e-12
    )
    inverse = np.linalg.inv(estimate.fits.pls.correlations[0])
    np.testing.assert_allclose(measured.table("full_vif")["estimate"], np.diag(inverse), rtol=1e-10)
    R = estimate.fits.moments.correlations[0]
    assert measured.table("first_factor")["estimate"][0] == pytest.approx(np.linalg.eigvalsh(R)[-1] / 24, rel=1e-12)


def test_vif_of_antecedents_equals_seminr(phones: PlsEstimate) -> None:
    # seminr's model has two paths fewer into value and image; of shared outcomes those with the same predictors
    found = Measured(phones, ["antecedent_vif"]).table("antecedent_vif")
    names = {"complaint_handling": "Complaints"}
    for outcome, rows in found.groupby("outcome"):
        printed = REFERENCE["ecsi"]["antecedent_vif"][names.get(str(outcome), str(outcome).title())]
        if len(rows) > 1:
            told = [printed[names.get(name, name.title())] for name in rows["predictor"]]
            np.testing.assert_allclose(rows["estimate"], told, rtol=1e-4)  # seminr stops at 1e-7 of the weights


def test_redundancy_has_its_interval_and_leaves_out_who_did_not_answer(firms: PlsEstimate) -> None:
    answers = corp_rep()
    table = redundancy(firms, answers, GLOBAL).set_index("construct")
    printed = REFERENCE["reputation"]["redundancy"]
    for key in GLOBAL:
        assert table.loc[key, "estimate"] == pytest.approx(printed[key.upper()]["path"], abs=1e-12)
    columns = [*firms.specification.construct("attr").items, "attr_global"]
    paths = []
    for sample in resampled(answers):
        R = sample[columns].corr().to_numpy()
        paths.append(float(path_and_weights(R[:-1, :-1], R[:-1, -1])[0]))
    expected = np.quantile(paths, [0.025, 0.975])
    np.testing.assert_allclose(table.loc["attr", ["ci_lower", "ci_upper"]].astype(float), expected, rtol=1e-9)
    assert table.loc["attr", "se"] == pytest.approx(np.std(paths, ddof=1), rel=1e-9)
    holed = answers.assign(attr_global=answers["attr_global"].where(np.arange(344) % 7 > 0))
    part = redundancy(firms, holed, {"attr": "attr_global"}).iloc[0]
    R = holed[columns].dropna().corr().to_numpy()
    assert part["estimate"] == pytest.approx(float(path_and_weights(R[:-1, :-1], R[:-1, -1])[0]), rel=1e-10)
    assert part["rows"] == holed["attr_global"].notna().sum()


def test_mistakes_with_global_items_are_told(firms: PlsEstimate) -> None:
    answers = corp_rep()
    assert global_items_of(firms, list(answers)) == GLOBAL
    cases: list[tuple[pd.DataFrame, dict[str, str], str]] = [
        (answers, {"quality": "qual_global"}, "names 'quality'; the model has qual"),
        (answers, {"cusa": "qual_global"}, "no two items"),
        (answers, {"qual": "overall"}, "no column 'overall'"),
        (answers.iloc[:50], GLOBAL, "not those of the estimate"),
        (answers.assign(qual_global="good"), GLOBAL, "not all numbers"),
        (answers.assign(qual_global=4.0), GLOBAL, "answers that differ"),
        (answers.assign(qual_global=np.nan), GLOBAL, "answers that differ"),
    ]
    for frame, items, message in cases:
        with pytest.raises(ParameterError, match=message):
            redundancy(firms, frame, items)


def known(n: int, loading: float, between: float, seed: int = 1) -> tuple[Specification, pd.DataFrame]:
    """Two factors of four items each with this loading, correlated `between`."""
    rng = np.random.default_rng(seed)
    first = rng.normal(size=(n, 1))
    second = between * first + np.sqrt(1 - between**2) * rng.normal(size=(n, 1))
    factors = np.hstack([np.repeat(first, 4, axis=1), np.repeat(second, 4, axis=1)])
    X = loading * factors + np.sqrt(1 - loading**2) * rng.normal(size=(n, 8))
    items = {"x": list("abcd"), "y": list("efgh")}
    spec = path_model(items, [("x", "y")], dict.fromkeys("xy", "common_factor"))
    return spec, pd.DataFrame(X, columns=list("abcdefgh"))


@pytest.mark.parametrize(
    ("n", "loading", "between", "verdict", "missed", "open_"),
    [
        (800, 0.85, 0.4, "good", [], []),
        (800, 0.35, 0.4, "poor", ["reliability"], None),
        (800, 0.8, 0.99, "poor", ["discrimination"], None),
        (60, 0.67, 0.3, "not_told", [], None),
    ],
)
def test_the_verdict_on_a_known_truth(
    n: int, loading: float, between: float, verdict: str, missed: list[str], open_: list[str] | None
) -> None:
    spec, answers = known(n, loading, between)
    estimate = bootstrap(estimate_pls(spec, answers), resamples=100, seed=1)
    table = verdicts(measurement_quality(estimate)).set_index("construct")
    assert list(table["verdict"]) == [verdict, verdict]
    assert set(missed) <= set(table.loc["x", "missed"])
    assert open_ is None or table.loc["x", "not_told"] == open_


def test_without_resamples_nothing_is_told() -> None:
    table = measurement_quality(estimate_pls(ecsi(), mobi()))
    assert set(table["outcome"]) == {"not_told"}
    assert set(verdicts(table)["verdict"]) == {"not_told", "single"}


def test_every_kind_of_construct_has_its_criteria(phones: PlsEstimate, firms: PlsEstimate) -> None:
    answers = corp_rep()
    table = measurement_quality(firms, redundancy(firms, answers, GLOBAL))
    criteria = table.groupby("construct", sort=False)["criterion"].agg(list)
    reflective = ["reliability", "convergence", "item", "cross_loading", "discrimination"]
    assert criteria["qual"] == ["redundancy", "collinearity", "contribution"]
    assert criteria["switching_cost"] == criteria["like"] == reflective
    assert criteria["cusa"] == [""]
    assert table.query("construct == 'qual'")["outcome"].iloc[:2].tolist() == ["met", "met"]
    told = verdicts(measurement_quality(phones)).set_index("construct")
    assert told.loc["expectation", "missed"] == ["reliability"]
    assert told.loc["complaint_handling", "verdict"] == "single"
    # an interval that holds the cut-off tells nothing
    both = pd.concat([table, measurement_quality(phones)]).query("outcome == 'not_told' and criterion != ''")
    both = both[both["criterion"] != "contribution"]
    assert ((both["ci_lower"] < both["cut_off"]) | ~both["at_least"].astype(bool)).all()


def test_a_common_source_is_looked_for(phones: PlsEstimate) -> None:
    found = common_source(phones)
    assert list(found.full_vif["construct"]) == ecsi().keys
    assert found.share["ci_lower"][0] < found.share["estimate"][0] < found.share["ci_upper"][0]
    fit = found.fit.set_index("measure")["value"]
    assert fit["df"] == 24 * 21 / 2
    assert fit["cfi"] < 0.9
