"""The committed purchases of simulated customers: the bytes that their truth makes, and the effects it plants."""

import numpy as np
import pandas as pd
import pytest

from crmresearch.data.catalog import read_any_codebook
from crmresearch.data.survey.survey import load_survey
from crmresearch.errors import ParameterError, TruthError
from crmresearch.paths import DATA
from crmresearch.simulation.purchases import (
    YEAR,
    PurchaseTruth,
    load_purchase_truth,
    planted,
    purchases_file,
    purchases_of,
    true_scores,
)

LINKED = DATA / "linked_simulated"


@pytest.fixture(scope="module")
def truth() -> PurchaseTruth:
    return load_purchase_truth(LINKED)


def test_the_committed_bytes_are_made_of_the_truth() -> None:
    assert purchases_file(LINKED) == (LINKED / read_any_codebook(LINKED).file).read_bytes()


def test_customers_are_the_respondents_with_their_true_scores(truth: PurchaseTruth) -> None:
    found = planted("staged_simulated", "linked_simulated")
    assert found is not None
    survey = load_survey("staged_simulated")
    assert survey.ids is not None
    assert found.scores.index.tolist() == survey.ids.tolist()
    loyal = survey.items[[f"LOYINT{i}" for i in (1, 2, 3, 4)]].mean(axis=1)
    assert np.corrcoef(found.scores, loyal.fillna(loyal.mean()))[0, 1] > 0.7
    assert found.scores.std() == pytest.approx(1, abs=0.07)  # of the population, not of these respondents
    with pytest.raises(ParameterError, match="bought, not those of ecsi_mobile"):
        planted("ecsi_mobile", "linked_simulated")


def test_purchases_and_profit_grow_as_planted_and_customers_leave_as_said(truth: PurchaseTruth) -> None:
    """Of 40,000 customers one SD below and one above the mean: ratios of means, and who is still there."""
    n = 40_000
    scores = pd.Series(np.repeat([-1.0, 1.0], n))
    bought = purchases_of(truth, scores)
    later = bought[bought["date"] > str(truth.survey_day)]
    for column, how, effect in (("order", "count", "purchases"), ("amount", "sum", "profit")):
        of = later.groupby("customer")[column].agg(how).reindex(scores.index, fill_value=0).to_numpy(dtype=float)
        low, high = of[:n], of[n:]
        error = np.sqrt(sum(one.var() / n / one.mean() ** 2 for one in (low, high)))
        assert abs(np.log(high.mean() / low.mean()) - 2 * truth.effects()[effect]) < 3.5 * error
    joined = (truth.joining_days / 2) / YEAR
    years = np.linspace((truth.survey_day - truth.first_day).days / YEAR - joined, 2 - joined, 200)
    staying = np.mean((truth.leaving.beta / (truth.leaving.beta + years)) ** truth.leaving.s)
    rate = truth.rate.r / truth.rate.alpha * np.cosh(truth.rate.effect)
    assert len(later) / (2 * n) == pytest.approx(rate * staying, rel=0.02)
    spend = bought["amount"].mean() / (truth.spend.p * truth.spend.gamma / (truth.spend.q - 1))
    assert 1 < spend < 1.15  # the loyal buy more often and spend more


def test_one_seed_is_one_table_and_every_customer_buys_when_joining(truth: PurchaseTruth) -> None:
    scores = true_scores(truth)
    bought = purchases_of(truth, scores)
    first = bought.groupby("customer")["date"].min()
    assert len(first) == len(scores)
    assert first.max() <= "2024-03-30"
    assert bought["date"].max() <= "2025-12-31"
    assert (bought["amount"] > 0).all()
    other = purchases_of(truth.model_copy(update={"seed": 1}), scores)
    assert len(other) != len(bought)


def test_what_a_truth_lacks_is_told(truth: PurchaseTruth) -> None:
    with pytest.raises(TruthError, match=r"no purchases\.yaml"):
        load_purchase_truth(DATA / "cdnow")
    with pytest.raises(TruthError, match="'joy' is not among"):
        true_scores(truth.model_copy(update={"follows": "joy"}))
