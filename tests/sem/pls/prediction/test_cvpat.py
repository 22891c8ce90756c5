"""CVPAT: losses and paired t of R on the same folds, rivals, weights and clusters, and nothing found in noise."""

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from design_cases import reference_design
from prediction_cases import NAMES, TESTED, held_model, reference_folds
from scipy import stats
from sem_cases import ecsi, mobi, path_model
from weight_cases import reference_weights, whole_weights

from crmresearch.errors import ParameterError, SpecificationError
from crmresearch.sampling_design import SamplingDesign
from crmresearch.sem.pls.estimate import estimate_pls
from crmresearch.sem.pls.prediction.cvpat import cvpat, paired
from crmresearch.sem.pls.prediction.plspredict import Prediction, plspredict

CASES = [(model, antecedents) for model in ("ecsi", "reputation") for antecedents in ("direct", "earliest")]
RIVALS = [
    ("compare_ecsi_DA", "ecsi", "rival", "direct"),
    ("compare_ecsi_EA", "ecsi", "rival", "earliest"),
    ("compare_reputation_without_attr_DA", "reputation", "without_attr", "direct"),
]


def held(name: str, antecedents: str) -> Prediction:
    folds = reference_folds("ecsi" if name in ("ecsi", "rival") else "reputation")
    return plspredict(held_model(name), folds, antecedents=antecedents)  # type: ignore[arg-type]


def name_of(construct: str) -> str:
    return NAMES.get(construct, construct.upper())


@pytest.mark.parametrize(("model", "antecedents"), CASES)
def test_against_averages_and_linear_model(model: str, antecedents: str) -> None:
    """R holds the benchmark less PLS, so that its t has the other sign."""
    reference = TESTED[f"{model}_{'DA' if antecedents == 'direct' else 'EA'}"]
    found = cvpat(held(model, antecedents), resamples=200)
    assert len(found) == 2 * len(reference["losses"]["PLS"])
    for row in found.itertuples():
        name = name_of(row.construct)
        if row.against == "mean":
            losses = [reference["losses"][of][name] for of in ("PLS", "IA_training_mean")]
            test = [reference["vs_IA_training_mean"][name][of] for of in ("t_of_pairs", "p_of_pairs_t_n_minus_1")]
        else:
            told = reference["vs_LM_exogenous_indicators_own_R"][name]
            losses, test = [told["PLS"], told["LM"]], [told["t_of_LM_minus_PLS"], told["p_two_sided"]]
        np.testing.assert_allclose([row.loss, row.loss_against], losses, atol=1e-12)
        np.testing.assert_allclose([-row.t, row.p_value], test, atol=1e-11)


@pytest.mark.parametrize(("case", "base", "rival", "antecedents"), RIVALS)
def test_rivals_on_the_same_folds(case: str, base: str, rival: str, antecedents: str) -> None:
    """seminrExtras deals other folds to the rival; the reference holds both out on those of the base."""
    reference = TESTED[case]["same_folds"]
    found = cvpat(held(base, antecedents), held(rival, antecedents), resamples=2000)
    assert {name_of(construct) for construct in found["construct"]} == set(reference["tests"])
    for row in found.itertuples():
        name = name_of(row.construct)
        losses = [reference[f"loss_{of}"][name] for of in ("base", "alternative")]
        np.testing.assert_allclose([row.loss, row.loss_against], losses, atol=1e-12)
        test = reference["tests"][name]
        np.testing.assert_allclose(row.difference, -test["mean_difference"], atol=1e-12)
        # of losses that differ in the fifth digit the t has ten
        np.testing.assert_allclose(
            [-row.t, row.p_value], [test["t_of_pairs"], test["p_of_pairs_t_n_minus_1"]], atol=1e-9
        )
        assert abs(row.p_bootstrap - test["p_bootstrap_mean"]) < 0.045  # two draws of 2000


def test_a_model_against_itself_is_no_better() -> None:
    one = held("ecsi", "earliest")
    found = cvpat(one, one, resamples=20)
    assert (found["difference"] == 0).all()
    assert (found["p_value"] == 1).all()
    assert (found["p_bootstrap"] == 1).all()


def test_the_paired_test_is_that_of_scipy_and_of_statsmodels() -> None:
    rng = np.random.default_rng(1)
    d = rng.normal(0.1, 1, 90)
    mean, _, lower, upper, t, df, p = paired(d, np.ones(90))
    theirs = stats.ttest_1samp(d, 0)
    np.testing.assert_allclose([mean, t, p, df], [d.mean(), theirs.statistic, theirs.pvalue, 89])
    np.testing.assert_allclose([lower, upper], theirs.confidence_interval())
    w = rng.uniform(0.5, 2, 90)
    w /= w.mean()
    weighted = sm.WLS(d, np.ones(90), weights=w).fit(cov_type="HC1")  # linearised, with n / (n − 1)
    np.testing.assert_allclose(paired(d, w)[:2], [weighted.params[0], weighted.bse[0]])
    clusters = np.repeat(np.arange(18), 5)
    design = SamplingDesign.of(None, clusters)
    grouped = sm.OLS(d, np.ones(90)).fit(cov_type="cluster", cov_kwds={"groups": clusters, "use_correction": False})
    np.testing.assert_allclose(paired(d, np.ones(90), design)[1], grouped.bse[0] * np.sqrt(18 / 17))
    assert paired(d, np.ones(90), design)[5] == 17
    holes = np.where(np.arange(90) < 9, np.nan, d)
    np.testing.assert_allclose(paired(holes, np.ones(90)), paired(d[9:], np.ones(81)))


def test_too_few_rows_have_no_test() -> None:
    mean, se, *_, p = paired(np.array([1.0]), np.ones(1))
    assert mean == 1
    assert np.isnan([se, p]).all()
    assert np.isnan(paired(np.array([np.nan]), np.ones(1))[0])


def test_whole_weights_are_repetitions_in_losses() -> None:
    answers = mobi()
    weights, folds = whole_weights(answers), np.arange(250) % 5
    weighted = plspredict(estimate_pls(ecsi(), answers, weights=weights), folds)
    times = weights.to_numpy()
    repeated = answers.loc[answers.index.repeat(times)].reset_index(drop=True)
    long = plspredict(estimate_pls(ecsi(), repeated), np.repeat(folds, times))
    mine, theirs = cvpat(weighted, resamples=0), cvpat(long, resamples=0)
    np.testing.assert_allclose(mine[["loss", "loss_against"]], theirs[["loss", "loss_against"]], rtol=1e-6)
    assert mine["p_bootstrap"].isna().all()


def test_a_design_widens_the_interval_and_counts_clusters() -> None:
    answers = mobi()
    weights, design = reference_weights(answers), reference_design(answers)
    found = cvpat(plspredict(estimate_pls(ecsi(), answers, weights=weights, design=design), 5), resamples=50)
    assert (found["df"] == 22).all()
    assert found["p_value"].notna().all()


def test_rows_without_an_answer_are_left_out() -> None:
    answers = mobi()[ecsi().items]
    holed = answers.copy()
    holed.loc[:9, "CUSCO"] = np.nan
    estimate = estimate_pls(ecsi(), holed.fillna(holed.mean()))
    found = cvpat(plspredict(estimate, 5, answers=holed), resamples=50).set_index(["against", "construct"])
    assert found.loc[("mean", "complaint_handling"), "rows"] == 240
    assert found.loc[("mean", "overall"), "rows"] == 250
    assert found.notna().all().all()


@pytest.mark.long
def test_noise_is_found_as_often_as_meant() -> None:
    """Two models that differ by an item of noise: p below .05 in 5 of 100, here at most 8 of 60."""
    beyond = 0
    for run in range(60):
        rng = np.random.default_rng([5, run])
        x = rng.normal(size=80)
        made = pd.DataFrame(
            {"x": x, "z1": rng.normal(size=80), "z2": rng.normal(size=80), "y": x + rng.normal(size=80)}
        )
        both = [
            plspredict(estimate_pls(path_model({"x": ["x"], "z": [z], "y": ["y"]}, [("x", "y"), ("z", "y")]), made), 5)
            for z in ("z1", "z2")
        ]
        beyond += bool((cvpat(*both, resamples=0)["p_value"] < 0.05).all())
    assert beyond <= 8


def test_models_that_cannot_be_compared_are_told() -> None:
    one = held("ecsi", "earliest")
    with pytest.raises(ParameterError, match="not held out on the same respondents and folds"):
        cvpat(one, plspredict(held_model("rival"), 10))
    other = path_model({"a": ["CUSA1"], "b": ["IMAG1"]}, [("a", "b")])
    with pytest.raises(SpecificationError, match="no outcome that is measured by the same items"):
        cvpat(one, plspredict(estimate_pls(other, mobi()), reference_folds("ecsi")))
    with pytest.raises(ParameterError, match="confidence lies between 0 and 1"):
        cvpat(one, confidence=95)
