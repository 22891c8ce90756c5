"""Refits: the same draws for all methods, the same bytes for a seed, prediction once for customers who are alike."""

import numpy as np
import pandas as pd
import pytest
from customers import simulated_customers

from crmresearch.errors import EstimationError
from crmresearch.resampling import bootstrap_rows, resampled_rows
from crmresearch.sampling_design import SamplingDesign
from crmresearch.segmentation.contract import SegmentationError
from crmresearch.segmentation.methods.ladder import RelationshipLadder
from crmresearch.segmentation.methods.life_cycle import LifeCycle, LifeCycleAlive
from crmresearch.segmentation.methods.quantiles import QuantileSegments
from crmresearch.segmentation.methods.rfm_classes import RfmEight
from crmresearch.segmentation.stability.refits import Estimates, refit
from crmresearch.value import CustomerValue
from crmresearch.value.customer_value import COLUMNS

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


def test_customers_drawn_in_clusters_are_redrawn_so(customers: pd.DataFrame) -> None:
    design = SamplingDesign.of(None, np.arange(300) // 6)
    (again,) = refit(METHODS[:1], customers, refits=3, seed=4, design=design)
    assert again.drawn is not None
    clusters = again.drawn.reshape(3, 50, 6)
    assert (clusters.all(axis=2) == clusters.any(axis=2)).all()
    for b, rows in enumerate(resampled_rows(300, 3, 4, design)):
        by_hand = METHODS[0].fit(customers.iloc[rows].reset_index(drop=True)).predict(customers)
        assert np.array_equal(again.segments(b), by_hand.cat.codes)


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


def valued(customers: pd.DataFrame) -> Estimates:
    """Value over a year by BG/NBD and Gamma–Gamma, as a report estimates it."""

    def learn(sample: pd.DataFrame):
        model = CustomerValue.fit(sample)
        return lambda some: model.forecast(365, 0.1, some).rename(columns={"value": "expected_value"})

    return Estimates(("expected_value",), COLUMNS, learn)


def test_a_value_model_is_learned_again_on_each_resample(customers: pd.DataFrame) -> None:
    estimates = valued(customers)
    frame = customers.assign(**estimates.learn(customers)(customers)[["expected_value"]])
    method = QuantileSegments("expected_value", 8)
    again, alone = refit([method, RfmEight()], frame, refits=3, seed=4, estimates=estimates)
    rows = bootstrap_rows(300, 0, 4)
    for b in range(3):
        model = CustomerValue.fit(customers.iloc[rows[b]].reset_index(drop=True))
        everyone = frame.assign(expected_value=model.forecast(365, 0.1, customers)["value"])
        by_hand = method.fit(everyone.iloc[rows[b]].reset_index(drop=True)).predict(everyone)
        assert np.array_equal(again.segments(b), by_hand.cat.codes)
    held = refit([method, RfmEight()], frame, refits=3, seed=4)
    assert not all(np.array_equal(again.segments(b), held[0].segments(b)) for b in range(3))
    assert np.array_equal(alone.codes, held[1].codes)  # who reads no value is refitted as before


def test_the_model_is_learned_once_a_resample_for_all_methods(customers: pd.DataFrame) -> None:
    calls = []

    def learn(sample: pd.DataFrame):
        calls.append(len(sample))
        return lambda some: pd.DataFrame({"expected_value": -some["monetary_total"], "p_alive": 0.5})

    estimates = Estimates(("expected_value", "p_alive"), ("monetary_total",), learn)
    methods = [QuantileSegments("expected_value", k) for k in (2, 3, 4)]
    again = refit(methods, customers, refits=5, seed=1, estimates=estimates)
    assert calls == [300] * 5
    reversed_spend = refit([QuantileSegments("monetary_total", 2)], customers, refits=5, seed=1)[0]
    assert np.mean(again[0].segments(0) != reversed_spend.segments(0)) > 0.95
    refit([RfmEight()], customers, refits=5, estimates=estimates)
    assert len(calls) == 5  # nobody reads what it estimates


def test_customers_who_differ_only_in_what_the_model_reads_are_told_apart(customers: pd.DataFrame) -> None:
    # everybody has one value now, but the model of a resample gives each another one
    frame = customers.assign(p_alive=0.99)
    estimates = Estimates(
        ("p_alive",), ("recency",), lambda _: lambda some: pd.DataFrame({"p_alive": some["recency"] / 300})
    )
    again = refit([LifeCycleAlive()], frame, refits=2, estimates=estimates)[0]
    by_hand = LifeCycleAlive().fit(frame).predict(frame.assign(p_alive=frame["recency"] / 300))
    assert np.array_equal(again.segments(0), by_hand.cat.codes)


def test_others_are_segmented_by_the_model_of_the_learners(customers: pd.DataFrame) -> None:
    def learn(sample: pd.DataFrame):
        middle = sample["monetary_total"].mean()
        return lambda some: pd.DataFrame({"expected_value": (some["monetary_total"] - middle).abs()})

    method, estimates = (
        QuantileSegments("expected_value", 4),
        Estimates(("expected_value",), ("monetary_total",), learn),
    )
    learners, others = customers.iloc[:200], customers.iloc[150:]
    again = refit([method], learners, others, refits=2, seed=3, estimates=estimates)[0]
    for b, rows in enumerate(bootstrap_rows(200, 0, 3)[:2]):
        sample = learners.iloc[rows].reset_index(drop=True)
        of = learn(sample)
        by_hand = method.fit(sample.assign(**of(sample))).predict(others.assign(**of(others)))
        assert np.array_equal(again.segments(b), by_hand.cat.codes)


def test_a_resample_that_cannot_teach_the_model_fails_those_who_need_it(customers: pd.DataFrame) -> None:
    def learn(sample: pd.DataFrame):
        if len(calls) % 2:
            calls.append(0)
            raise EstimationError("Nobody bought again.")
        calls.append(1)
        return lambda some: pd.DataFrame({"expected_value": some["monetary_total"]})

    calls: list[int] = []
    estimates = Estimates(("expected_value",), ("monetary_total",), learn)
    again = refit([QuantileSegments("expected_value", 4), RfmEight()], customers, refits=5, estimates=estimates)
    assert (again[0].failed, again[1].failed) == (2, 0)
    assert again[0].resample.tolist() == [0, 2, 4]


def test_only_rules_of_which_nothing_could_change_are_fixed(customers: pd.DataFrame) -> None:
    methods = [RelationshipLadder(), LifeCycleAlive(), LifeCycle(), RfmEight()]
    held = refit(methods, customers, refits=4)
    assert [again.fixed for again in held] == [True, True, False, False]
    # with its model learned again a rule can change, and where it does not that is a finding
    same = Estimates(("p_alive",), ("recency",), lambda _: lambda some: pd.DataFrame({"p_alive": 0.9}, some.index))
    assert not refit([LifeCycleAlive()], customers.assign(p_alive=0.9), refits=4, estimates=same)[0].fixed


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
