"""The 0–100 index: by hand, at its ends, in any unit, with its interval."""

import numpy as np
import pandas as pd
import pytest
from sem_cases import ecsi, mobi, path_model, staged

from crmresearch.resampling import DRAWS_PER_SEED, bootstrap_rows
from crmresearch.sem.index import construct_index, index_of
from crmresearch.sem.pls.bootstrap import bootstrap
from crmresearch.sem.pls.estimate import estimate_pls


def scale(items: list[str], low: float = 1, high: float = 10) -> pd.DataFrame:
    return pd.DataFrame({"min": low, "max": high}, index=items)


def test_index_by_hand() -> None:
    # two items of one construct, 1–10 and 0–4: means 7 and 3 are 66.67 and 75 of 100;
    # w̃ = .6 / (1.8·100/9) = .03 and .5 / (.8·100/4) = .025; index = (.03·66.67 + .025·75) / .055
    found = index_of(
        weights=np.array([[0.6, 0.5]]),
        means=np.array([[7.0, 3.0]]),
        deviations=np.array([[1.8, 0.8]]),
        bounds=np.array([[1.0, 10.0], [0.0, 4.0]]),
        mask=np.ones((2, 1)),
    )
    assert found[0, 0] == pytest.approx((0.03 * 200 / 3 + 0.025 * 75) / 0.055, rel=1e-14)


def test_index_of_the_mobile_phone_survey_is_the_weighted_mean_of_its_rescaled_items() -> None:
    estimate = estimate_pls(ecsi(), mobi())
    frame, refused = construct_index(estimate, scale(ecsi().items))
    assert refused == []
    weights = estimate.weights.set_index("item")["standardized"]
    for construct in ecsi().constructs:
        items = list(construct.items)
        rescaled = (mobi()[items] - 1) / 9 * 100
        unstandardised = weights[items] / rescaled.std()
        share = unstandardised / unstandardised.sum()
        expected = (rescaled @ share).mean()
        found = frame.set_index("construct").loc[construct.key, "estimate"]
        assert found == pytest.approx(expected, rel=1e-12)
        assert rescaled.mean().min() <= found <= rescaled.mean().max()


@pytest.mark.parametrize(("at", "towards"), [(1.0, 0.0), (10.0, 100.0)])
def test_index_reaches_the_ends_of_its_scale(at: float, towards: float) -> None:
    # an index needs variance: all but 10 of 4,000 people at the end of every scale
    answers = pd.DataFrame(at, index=range(4000), columns=ecsi().items)
    answers.iloc[:10] = mobi()[ecsi().items].iloc[:10].to_numpy()
    frame, _ = construct_index(estimate_pls(ecsi(), answers), scale(ecsi().items))
    assert frame["estimate"].between(0, 100).all()
    assert (abs(frame["estimate"] - towards) < 0.26).all()  # 10 of 4,000 people can move a mean by .25


def test_units_of_the_items_do_not_matter_with_their_bounds() -> None:
    estimate = bootstrap(estimate_pls(ecsi(), mobi()), resamples=60, seed=1)
    expected, _ = construct_index(estimate, scale(ecsi().items))
    factors = np.linspace(0.1, 40, len(ecsi().items))
    shifts = np.linspace(-30, 30, len(ecsi().items))
    moved = bootstrap(estimate_pls(ecsi(), mobi()[ecsi().items] * factors + shifts), resamples=60, seed=1)
    bounds = pd.DataFrame({"min": 1 * factors + shifts, "max": 10 * factors + shifts}, index=ecsi().items)
    found, _ = construct_index(moved, bounds)
    columns = ["estimate", "se", "ci_lower", "ci_upper"]
    np.testing.assert_allclose(found[columns], expected[columns], rtol=1e-9)


def test_raw_metric_weighs_by_its_own_weights() -> None:
    estimate = estimate_pls(ecsi(), mobi(), metric="raw")
    frame, _ = construct_index(estimate, scale(ecsi().items))
    weights = estimate.weights.set_index("item")["estimate"]  # in the metric of the answers: no division by sd
    for construct in ecsi().constructs:
        items = list(construct.items)
        share = weights[items] / weights[items].sum()
        expected = (((mobi()[items] - 1) / 9 * 100) @ share).mean()
        assert frame.set_index("construct").loc[construct.key, "estimate"] == pytest.approx(expected, rel=1e-12)


@pytest.mark.long
def test_interval_is_the_quantiles_of_a_plain_loop() -> None:
    resamples, answers = 60, mobi()
    in_their_units = (mobi()[ecsi().items] - 1) / 9 * 100
    estimate = bootstrap(estimate_pls(ecsi(), answers), resamples=resamples, seed=5, confidence=0.9)
    frame, _ = construct_index(estimate, scale(ecsi().items))
    rows = np.concatenate([bootstrap_rows(250, group, 5) for group in range(-(-resamples // DRAWS_PER_SEED))])
    loop, crossed = [], 0
    for drawn in rows[:resamples]:
        single = estimate_pls(ecsi(), answers.iloc[drawn].reset_index(drop=True))
        weights = single.weights.set_index("item")
        drawn_answers = in_their_units.iloc[drawn]
        raw = weights["standardized"] / drawn_answers.std()
        total = raw.groupby(weights["construct"]).sum()
        index = (raw * drawn_answers.mean()).groupby(weights["construct"]).sum() / total
        loop.append(index[ecsi().keys].to_numpy())
        crossed += bool((raw < 0).any())
    assert crossed  # a resample with a weight below 0 counts like any other: leaving it out would cut a tail
    values = np.array(loop)
    low, high = np.quantile(values, [0.05, 0.95], axis=0)
    np.testing.assert_allclose(frame["ci_lower"], low, rtol=1e-10)
    np.testing.assert_allclose(frame["ci_upper"], high, rtol=1e-10)
    np.testing.assert_allclose(frame["se"], values.std(axis=0, ddof=1), rtol=1e-9)


def test_without_a_bootstrap_there_is_no_interval() -> None:
    frame, _ = construct_index(estimate_pls(staged(), mobi()), scale(staged().items))
    assert frame["estimate"].notna().all()
    assert frame[["se", "ci_lower", "ci_upper"]].isna().all(axis=None)


def test_a_negative_weight_refuses_the_index_and_says_which_item() -> None:
    answers = mobi().assign(CUSA3=11 - mobi()["CUSA3"])  # answered the other way round and not turned
    items = {"satisfaction": ["CUSA1", "CUSA2", "CUSA3"], "loyalty": ["CUSL1", "CUSL3"]}
    estimate = bootstrap(estimate_pls(path_model(items, [("satisfaction", "loyalty")]), answers), resamples=50)
    frame, refused = construct_index(estimate, scale(estimate.specification.items))
    by_key = frame.set_index("construct")
    assert by_key.loc["satisfaction", ["estimate", "se", "ci_lower", "ci_upper"]].isna().all()
    assert by_key.loc["loyalty", ["estimate", "se", "ci_lower", "ci_upper"]].notna().all()
    (caution,) = refused
    assert (caution.code, caution.severity) == ("index_refused", "weak")
    assert caution.facts == {"construct": "satisfaction", "items": ["CUSA3"]}
