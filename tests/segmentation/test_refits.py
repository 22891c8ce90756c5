"""Refits: the same draws for all methods, the same bytes for a seed, prediction once for customers who are alike."""

import numpy as np
import pandas as pd
import pytest
from customers import simulated_customers

from crmresearch.resamples import bootstrap_rows
from crmresearch.segmentation.contract import SegmentationError
from crmresearch.segmentation.quantiles import QuantileSegments
from crmresearch.segmentation.refits import refit
from crmresearch.segmentation.rfm_classes import RfmEight

METHODS = [RfmEight(), RfmEight("median"), QuantileSegments("frequency", 3)]


@pytest.fixture(scope="module")
def customers() -> pd.DataFrame:
    return simulated_customers(300)


def test_every_refit_is_what_the_method_learns_from_the_rows_of_the_seed(customers: pd.DataFrame) -> None:
    rows = bootstrap_rows(300, 0, 4)
    for method, again in zip(METHODS, refit(METHODS, customers, refits=3, seed=4), strict=True):
        assert again.method == method.name
        assert again.base.equals(method.fit(customers).predict(customers))
        for b in range(3):
            sample = customers.iloc[rows[b]].reset_index(drop=True)
            by_hand = method.fit(sample).predict(customers)
            assert np.array_equal(again.segments(b), by_hand.cat.codes)
            assert again.drawn is not None
            assert set(np.flatnonzero(again.drawn[b])) == set(rows[b])


def test_a_method_refits_alike_alone_and_in_company(customers: pd.DataFrame) -> None:
    together = refit(METHODS, customers, refits=4, seed=1)[2]
    alone = refit(METHODS[2:], customers, refits=4, seed=1)[0]
    other = refit(METHODS[:1], customers, refits=4, seed=2)[0]
    assert np.array_equal(together.codes, alone.codes)
    assert not np.array_equal(refit(METHODS[:1], customers, refits=4, seed=1)[0].codes, other.codes)


def test_customers_who_are_alike_are_predicted_once(customers: pd.DataFrame) -> None:
    again = refit([QuantileSegments("frequency", 3)], customers, refits=2)[0]
    assert again.codes.shape == (2, customers["frequency"].nunique())


def test_others_than_the_learners_can_be_segmented(customers: pd.DataFrame) -> None:
    again = refit([RfmEight()], customers.iloc[:200], customers.iloc[150:], refits=2)[0]
    assert again.base.index.equals(customers.index[150:])
    assert len(again.segments(0)) == 150
    assert again.drawn is None


def test_a_resample_from_which_nothing_can_be_learned_is_counted(customers: pd.DataFrame) -> None:
    few = customers.iloc[:13]
    assert few["monetary_total"].nunique() == 13
    again = refit([QuantileSegments("monetary_total", 9)], few, refits=30)[0]
    distinct = [len(np.unique(rows)) for rows in bootstrap_rows(13, 0, 0)[:30]]
    assert again.failed == sum(number < 9 for number in distinct) > 0
    assert again.resample.tolist() == [b for b, number in enumerate(distinct) if number >= 9]


def test_refits_are_refused_where_they_say_nothing(customers: pd.DataFrame) -> None:
    with pytest.raises(SegmentationError, match="at least 2 refits"):
        refit(METHODS, customers, refits=1)
    with pytest.raises(SegmentationError, match="one name"):
        refit([RfmEight(), RfmEight()], customers)
    with pytest.raises(SegmentationError, match="customers"):
        refit([QuantileSegments("monetary_total", 9)], customers.iloc[:5])
