"""The rivals against formulas, the truth of simulated customers, and few customers with many features."""

import numpy as np
import pandas as pd
import pytest

from crmresearch.mining.newcomers.foretell import BOOSTED, FIRST_SPEND, LINEAR, MEAN, Lesson, foretell
from crmresearch.segmentation.contract import Floats
from crmresearch.segmentation.scoring.scores import Outcome, Prediction

NONE = pd.DataFrame()


def two_part(rng: np.random.Generator, n: int, noise: int = 0) -> tuple[Lesson, Outcome, Floats]:
    """Customers of whom a first feature tells whether and how much they spend, and what is to be expected of each."""
    X = rng.normal(size=(n, 1 + noise))
    chance, mean = 1 / (1 + np.exp(-X[:, 0])), 50 * np.exp(0.5 * X[:, 0])
    spends = rng.random(n) < chance
    spend = np.where(spends, rng.gamma(3, mean / 3), 0.0)
    lesson = Lesson(X, np.exp(X[:, 0]), pd.DataFrame(index=range(n)))
    return lesson, Outcome(spend, spends.astype(float)), chance * mean


def told(name: str, known: Lesson, outcome: Outcome, others: Lesson) -> Prediction:
    return foretell(name, known, outcome, NONE, others, 60, 1)


def test_the_mean_is_that_of_those_known() -> None:
    known, outcome, _ = two_part(np.random.default_rng(1), 50)
    found = told(MEAN, known, outcome, known.some(np.arange(3)))
    assert found.spend.tolist() == [outcome.spend.mean()] * 3
    assert found.log_spend.tolist() == [np.log1p(outcome.spend).mean()] * 3
    assert found.active.tolist() == [outcome.active.mean()] * 3


def test_spend_so_far_is_read_as_a_rising_step_function() -> None:
    known = Lesson(np.zeros((4, 1)), np.array([1.0, 2, 3, 4]), pd.DataFrame(index=range(4)))
    outcome = Outcome(np.array([10.0, 5, 30, 30]), np.array([1.0, 1, 1, 1]))
    others = Lesson(np.zeros((3, 1)), np.array([0.0, 3, 9]), pd.DataFrame(index=range(3)))
    assert told(FIRST_SPEND, known, outcome, others).spend.tolist() == [7.5, 30, 30]  # 10 and 5 are pooled


@pytest.mark.parametrize("name", [LINEAR, BOOSTED])
def test_learners_recover_what_is_to_be_expected(name: str) -> None:
    rng = np.random.default_rng(2)
    known, outcome, _ = two_part(rng, 4000)
    others, _, truth = two_part(rng, 1000)
    found = told(name, known, outcome, others)
    assert np.corrcoef(found.spend, truth)[0, 1] > 0.95
    assert found.spend.mean() == pytest.approx(truth.mean(), rel=0.06)
    assert ((found.active >= 0) & (found.active <= 1)).all()


def test_few_customers_and_many_features_do_not_run_wild() -> None:
    rng = np.random.default_rng(3)
    for _ in range(10):
        known, outcome, _ = two_part(rng, 120, noise=25)
        others, _, truth = two_part(rng, 100, noise=25)
        found = told(LINEAR, known, outcome, others)
        assert 0.5 < found.spend.mean() / truth.mean() < 2
        assert found.spend.max() <= outcome.spend.max()


@pytest.mark.parametrize("name", [LINEAR, BOOSTED])
def test_where_nobody_or_nothing_differs_the_mean_is_left(name: str) -> None:
    known = Lesson(np.ones((60, 2)), np.ones(60), pd.DataFrame(index=range(60)))
    nobody = told(name, known, Outcome(np.zeros(60), np.zeros(60)), known)
    assert nobody.spend.max() == nobody.active.max() == 0
    alike = told(name, known, Outcome(np.full(60, 5.0), np.ones(60)), known)
    assert alike.spend == pytest.approx(5)
