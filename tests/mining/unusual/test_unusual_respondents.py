"""Unusual respondents: attentive ones are listed no more often than stated, planted careless ones are found."""

import dataclasses

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binom

from crmresearch.data.survey.careless import trimmed_distances
from crmresearch.data.survey.survey import Survey, load_survey
from crmresearch.errors import EstimationError, ParameterError
from crmresearch.mining.unusual.unusual_respondents import UnusualRespondents, unusual_respondents
from crmresearch.simulation.population import population
from crmresearch.simulation.simulate import draw
from crmresearch.simulation.truth import load_truth

PLACE = "staged_simulated"


@pytest.fixture(scope="module")
def ecsi() -> Survey:
    return load_survey("ecsi_mobile")


def answered(survey: Survey, seed: int, n: int, middle: float) -> Survey:
    """The survey with answers of attentive respondents: one factor a construct, on 1 to 10 around `middle`."""
    rng = np.random.default_rng(seed)
    general, items = rng.normal(size=n), {}
    for names in survey.codebook.constructs.values():
        factor = 0.7 * general + 0.714 * rng.normal(size=n)
        for name in names:
            latent = 0.8 * factor + 0.6 * rng.normal(size=n)
            items[name] = np.clip(np.rint(middle + 2 * latent), 1, 10)
    frame = pd.DataFrame(items)[list(survey.items.columns)]
    return dataclasses.replace(survey, items=frame, groups=pd.DataFrame(index=frame.index), ids=None)


@pytest.mark.parametrize("middle", [5.5, 8.5])  # even, and bunched at the top
def test_attentive_respondents_are_listed_no_more_often_than_stated(ecsi: Survey, middle: float) -> None:
    found = [unusual_respondents(answered(ecsi, seed, 300, middle), 0.01, seed) for seed in range(4)]
    listed = sum(len(one.listed) for one in found)
    assert binom.ppf(0.001, 1200, 0.01) <= listed <= binom.ppf(0.999, 1200, 0.01)


def test_the_distribution_of_chi_square_is_no_limit_for_skewed_answers(ecsi: Survey) -> None:
    survey = answered(ecsi, 1, 2000, 8.5)
    found = unusual_respondents(survey, 0.001, 1)
    nominal = (found.respondents["p_nominal"] <= 0.001).mean()
    assert nominal > 0.005  # more than five times what it states
    assert found.clean_nominal == pytest.approx(nominal, rel=0.4)
    assert len(found.listed) <= binom.ppf(0.999, 2000, 0.001)


@pytest.fixture(scope="module")
def staged() -> tuple[UnusualRespondents, pd.Series]:
    survey = load_survey(PLACE)
    truth = load_truth(PLACE)
    planted = draw(population(truth), truth.respondents, truth.seed).careless.set_axis(survey.items.index)
    return unusual_respondents(survey), planted


def test_planted_careless_respondents_are_found(staged: tuple[UnusualRespondents, pd.Series]) -> None:
    found, planted = staged
    listed = found.respondents["listed"]
    careless = planted != "attentive"
    assert careless.sum() == 88
    assert listed[careless].mean() > 0.97
    assert listed[~careless].sum() <= binom.ppf(0.999, int((~careless).sum()), 0.001)
    assert (found.respondents.loc[planted == "straight", "sign"] == "run").mean() > 0.9


def test_without_those_listed_means_are_those_of_the_others(staged: tuple[UnusualRespondents, pd.Series]) -> None:
    found, _ = staged
    survey = load_survey(PLACE)
    row = found.means.set_index("construct").loc["brand"]
    brand = 100 * (survey.items[list(survey.codebook.constructs["brand"])] - 1) / 9
    kept = brand.drop(index=found.listed.index)
    assert row["mean"] == pytest.approx(brand.mean(axis=1).mean())
    assert row["mean_without"] == pytest.approx(kept.mean(axis=1).mean())
    assert row["correlation_without"] == pytest.approx(kept.corr().to_numpy()[np.tril_indices(3, -1)].mean())


def test_gaps_constants_and_other_scales_do_not_disturb(ecsi: Survey) -> None:
    items = ecsi.items.copy()
    items.iloc[:40, :6] = np.nan
    items.iloc[5] = np.nan
    items["CUSCO"] = 7.0
    found = unusual_respondents(dataclasses.replace(ecsi, items=items), 0.01)
    assert "CUSCO" not in found.items
    assert {caution.code for caution in found.cautions} == {"constant_items", "nothing_answered"}
    assert len(found.respondents) == 249
    assert found.respondents["p_value"].between(0, 1).all()


def test_the_same_seed_lists_the_same(ecsi: Survey) -> None:
    one, two = (unusual_respondents(ecsi, 0.05, seed=3).respondents for _ in range(2))
    pd.testing.assert_frame_equal(one, two)
    assert trimmed_distances(ecsi.items.to_numpy(), np.zeros(250, dtype=bool))[0].shape == (250,)


def test_too_few_respondents_and_impossible_rates_are_refused(ecsi: Survey) -> None:
    few = dataclasses.replace(ecsi, items=ecsi.items.head(20))
    with pytest.raises(EstimationError, match="20 respondents are too few"):
        unusual_respondents(few)
    with pytest.raises(ParameterError, match="rate of false alarms"):
        unusual_respondents(ecsi, alpha=0)


def test_what_is_told_of_those_listed_is_counted(staged: tuple[UnusualRespondents, pd.Series]) -> None:
    found, n = staged[0], len(staged[0].respondents)
    assert binom.cdf(found.most, n, found.alpha) >= 0.95 > binom.cdf(found.most - 1, n, found.alpha)
    assert found.verdict == ("beyond" if len(found.listed) > found.most else "chance")
    assert sum(found.by_sign.values()) == len(found.listed)
    assert found.most_changed["change"].abs().item() == found.means["change"].abs().max()
    why = found.why
    assert list(why.index) == list(found.listed.index)
    row = why.iloc[0]
    assert row["value"] == found.listed.iloc[0][row["sign"]]
    assert row["median"] == found.respondents[row["sign"]].median()
    assert row["as_rare"] == pytest.approx(n * found.listed["p_value"].iloc[0])
    nobody = dataclasses.replace(found, respondents=found.respondents.assign(listed=False))
    assert (nobody.verdict, nobody.by_sign, len(nobody.most_changed), len(nobody.why)) == ("none", {}, 0, 0)
