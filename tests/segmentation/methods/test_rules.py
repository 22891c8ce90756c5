"""Rule methods on small tables whose segments are known by counting, and on bad input."""

import numpy as np
import pandas as pd
import pytest
from customers import simulated_customers
from scipy.stats import norm

from crmresearch.segmentation.contract import SegmentationError, coverage
from crmresearch.segmentation.methods.abc_classes import Abc, gini, lorenz_curve, top_share
from crmresearch.segmentation.methods.ladder import RelationshipLadder
from crmresearch.segmentation.methods.life_cycle import LifeCycle, LifeCycleAlive
from crmresearch.segmentation.methods.portfolio import PortfolioMatrix, portfolio_matrix, told_apart
from crmresearch.segmentation.methods.quantiles import QuantileSegments
from crmresearch.segmentation.methods.rfm import RfmCells, RfmScore, recency_frequency
from crmresearch.segmentation.methods.rfm_classes import RfmEight, RfmFour
from crmresearch.segmentation.methods.value_matrix import CurrentPotential

LEARNED = [
    RfmScore(),
    RfmCells(groups=2),
    RfmEight(),
    RfmEight("median"),
    RfmFour(),
    Abc(),
    CurrentPotential(),
    CurrentPotential(groups=3),
    QuantileSegments("monetary_total"),
    PortfolioMatrix(),
]
FIXED = [LifeCycleAlive(), RelationshipLadder()]
ALL = [*LEARNED, LifeCycle(), *FIXED]


def table(**columns: list[float]) -> pd.DataFrame:
    frame = pd.DataFrame(columns, dtype=float)
    return frame.set_index(pd.Index([f"c{i}" for i in range(len(frame))], name="customer"))


@pytest.fixture(scope="module")
def customers() -> pd.DataFrame:
    return simulated_customers(600)


def test_rfm_scores_of_five_ordered_customers_are_one_to_five() -> None:
    frame = table(recency=[50, 40, 30, 20, 10], frequency=[1, 2, 3, 4, 5], monetary_total=[5, 10, 20, 40, 80])
    # 13 segments ask for 13 customers: the same five, three times, a hair apart in spend
    crowd = pd.concat([frame.assign(monetary_total=frame["monetary_total"] + i / 100) for i in range(3)])
    crowd.index = pd.Index([f"c{i}" for i in range(15)])
    method = RfmScore().fit(crowd)
    assert method.scores(frame).to_numpy().tolist() == [[i, i, i] for i in range(1, 6)]
    assert method.predict(frame).tolist() == ["score_3", "score_6", "score_9", "score_12", "score_15"]
    assert RfmCells().segments[0].key == "111"
    assert RfmCells().segments[-1].key == "555"


def test_ties_stay_together_and_the_cut_points_are_values_that_occur() -> None:
    frame = table(spend=[1, 1, 1, 1, 1, 1, 2, 3, 4, 5])
    method = QuantileSegments("spend", groups=5).fit(frame)
    assert method.cuts_.tolist() == [1, 1, 1, 3]
    assert method.predict(frame).tolist() == ["q1"] * 6 + ["q4", "q4", "q5", "q5"]


@pytest.mark.parametrize(
    ("r", "f", "m", "english", "chinese"),
    [
        (10, 9, 90, "Important value customers", "重要价值客户"),
        (90, 9, 90, "Important customers to keep", "重要保持客户"),
        (10, 1, 90, "Important customers to develop", "重要发展客户"),
        (90, 1, 90, "Important customers to win back", "重要挽留客户"),
        (10, 9, 10, "General value customers", "一般价值客户"),
        (90, 9, 10, "General customers to keep", "一般保持客户"),
        (10, 1, 10, "General customers to develop", "一般发展客户"),
        (90, 1, 10, "General customers to win back", "一般挽留客户"),
    ],
)
def test_the_eight_classes_have_the_names_of_the_sources(r: int, f: int, m: int, english: str, chinese: str) -> None:
    method = RfmEight("threshold", thresholds={"recency": 50, "frequency": 5, "monetary_total": 50})
    customer = table(recency=[r], frequency=[f], monetary_total=[m])
    key = method.fit(customer).predict(customer).iloc[0]
    label = next(segment.label for segment in method.segments if segment.key == key)
    assert (label["en"], label["zh"]) == (english, chinese)


def test_mean_and_median_part_skewed_customers_differently() -> None:
    n = np.arange(1.0, 11)
    frame = table(recency=list(n), frequency=list(n), monetary_total=[1, 2, 3, 4, 5, 6, 7, 8, 9, 1000])
    by_mean, by_median = (RfmEight(cut).fit(frame) for cut in ("mean", "median"))
    assert by_mean.cuts_ == {"recency": 5.5, "frequency": 5.5, "monetary_total": 104.5}
    important = [method.predict(frame).str.startswith("important").sum() for method in (by_mean, by_median)]
    assert important == [1, 5]
    four = RfmFour().fit(frame)
    assert four.coverage_ == coverage(four.predict(frame), four) == 0.1
    assert four.predict(frame).value_counts()["other"] == 9


def test_abc_ends_a_class_with_the_customer_who_reaches_its_share() -> None:
    frame = table(monetary_total=[50, 30, 10, 5, 3, 2])
    assert Abc().fit(frame).cuts_.tolist() == [5, 30]
    assert Abc().fit(frame).predict(frame).tolist() == ["A", "A", "B", "B", "C", "C"]
    assert Abc(shares=(50, 50)).fit(frame).predict(frame).tolist() == ["A", *["B"] * 5]
    returns = pd.concat([frame, table(monetary_total=[-40]).set_axis(["r"])])
    assert Abc().fit(returns).predict(returns).tolist() == ["A", "A", "B", "B", "C", "C", "C"]


def test_lorenz_curve_and_gini_by_hand() -> None:
    curve = lorenz_curve(pd.Series([3.0, 1.0, 0.0, 0.0]))
    assert curve["customers"].tolist() == [0, 0.25, 0.5, 0.75, 1]
    assert curve["value"].tolist() == [0, 0, 0, 0.25, 1]
    assert gini(pd.Series([3.0, 1.0, 0.0, 0.0])) == pytest.approx(1 - 2 * 0.25 * (0.125 + 0.625))
    assert gini(pd.Series([7.0] * 5)) == pytest.approx(0)
    assert gini(pd.Series([0.0] * 9 + [5.0])) == pytest.approx(0.9)
    with pytest.raises(SegmentationError, match="no value is above 0"):
        lorenz_curve(pd.Series([0.0, -1.0]))


def test_what_the_largest_customers_have_by_hand() -> None:
    values = pd.Series([1.0, 6.0, -9.0, 3.0, 0.0])
    assert top_share(values, 0.2) == pytest.approx(0.6)
    assert top_share(values, 0.4) == pytest.approx(0.9)
    assert top_share(values, 0.01) == pytest.approx(0.6)  # one customer at least
    with pytest.raises(SegmentationError, match="no value is above 0"):
        top_share(pd.Series([0.0, -1.0]), 0.2)


def test_cells_of_recency_and_frequency_hold_every_customer_with_the_mean_of_what_they_spent() -> None:
    scores = pd.DataFrame({"r": [1, 1, 2, 1], "f": [1, 2, 2, 1], "m": [1, 2, 2, 2]})
    cells = recency_frequency(scores, pd.Series([4.0, 5.0, 6.0, 8.0]))
    assert list(cells.columns) == ["recency_score", "frequency_score", "customers", "spend_after"]
    assert cells.to_numpy().tolist() == [[1, 1, 2, 6], [1, 2, 1, 5], [2, 2, 1, 6]]


def test_life_cycle_by_own_rhythm() -> None:
    frame = table(
        recency=[5, 200, 20, 41, 40, 30],
        frequency=[1, 1, 2, 6, 6, 3],
        gap_mean=[np.nan, np.nan, 30, 20, 20, 20],
        gap_sd=[np.nan, np.nan, np.nan, 10, 10, 10],
    )
    method = LifeCycle().fit(frame)
    assert (method.typical_gap_, method.typical_variation_) == (20, 0.5)
    assert method.predict(frame).tolist() == ["acquire", "recover", "develop", "recover", "retain", "develop"]
    # a one-time buyer never seen is judged by the learned rhythm: 20 + 2 × 0.5 × 20 days
    new = table(recency=[40, 41], frequency=[1, 1], gap_mean=[np.nan] * 2, gap_sd=[np.nan] * 2)
    assert method.predict(new).tolist() == ["acquire", "recover"]


def test_life_cycle_by_probability_of_being_alive() -> None:
    frame = table(frequency=[1, 2, 9, 9], p_alive=[0.9, 0.9, 0.5, 0.49])
    assert LifeCycleAlive().fit(frame).predict(frame).tolist() == ["acquire", "develop", "retain", "recover"]
    with pytest.raises(SegmentationError, match="must hold probabilities"):
        LifeCycleAlive().fit(frame.assign(p_alive=[0, 0, 0, 1.2]))


def test_relationship_ladder() -> None:
    frame = table(frequency=[0, 1, 3, 4, 8, 20], recency=[np.nan, 10, 10, 182, 182, 183])
    expected = ["prospect", "first_time", "repeat", "client", "advocate_like", "repeat"]
    assert RelationshipLadder().fit(frame).predict(frame).tolist() == expected
    with pytest.raises(SegmentationError, match="Customer c0 has bought, but recency is missing"):
        RelationshipLadder().fit(table(frequency=[2], recency=[np.nan]))


def test_portfolio_of_items_by_hand() -> None:
    matrix = portfolio_matrix(
        pd.Series({"a": 60.0, "b": 50.0, "c": 10.0, "d": 0.0}), pd.Series({"a": 30.0, "b": 45.0, "c": 0.0, "d": 5.0})
    )
    assert matrix["quadrant"].tolist() == ["star", "cash_cow", "question_mark", "dog"]
    assert matrix["relative_share"].tolist() == pytest.approx([2, 5 / 3, 1 / 3, 0])
    assert matrix["growth"].tolist() == pytest.approx([1, 1 / 9, np.inf, -1])  # b grows, the whole by a half
    assert matrix["share"].sum() == pytest.approx(1)


def test_growth_from_more_returns_than_sales_is_not_defined() -> None:
    matrix = portfolio_matrix(
        pd.Series({"a": 60.0, "b": 50.0, "c": 10.0, "d": 0.0}), pd.Series({"a": -0.125, "b": 45.0, "c": 0.0, "d": 5.0})
    )
    assert matrix["quadrant"].isna().tolist() == [True, False, False, False]
    assert np.isnan(matrix.loc["a", "growth"])  # 60 / -0.125 - 1 = -481 is no growth
    frame = table(spend_last_91=[60, 50, 10, 0], spend_last_182=[30, 95, 10, 5])  # the first returned 30 before
    as_nothing = table(spend_last_91=[60, 50, 10, 0], spend_last_182=[60, 95, 10, 5])
    method = PortfolioMatrix().fit(frame)
    assert method.predict(frame)["c0"] == method.predict(as_nothing)["c0"] == "star"


def test_portfolio_of_customers() -> None:
    frame = table(
        spend_last_91=[60, 50, 10, 0],
        spend_last_182=[90, 95, 10, 5],
    )
    assert PortfolioMatrix().fit(frame).predict(frame).tolist() == ["star", "cash_cow", "question_mark", "dog"]


def _sales(rng: np.random.Generator, customers: int, grown: float = 1.0) -> pd.DataFrame:
    """Purchases of five items at constant rates by customers who differ, in two windows; item a times `grown`."""
    rates = rng.gamma(0.5, 2, customers)[:, None] * np.array([3.0, 2, 1, 0.5, 0.2])
    now, before = (rng.poisson(rates) * rng.gamma(4, 5, rates.shape) for _ in range(2))
    now[:, 0] *= grown
    frame = pd.DataFrame({"customer": np.repeat(np.arange(customers), 5), "item": list("abcde") * customers})
    return frame.assign(current=now.ravel(), previous=before.ravel())


def test_in_a_world_that_stands_still_nothing_grows_beyond_chance() -> None:
    """5 % of 40 worlds is 2; more than 6 would come once in 300 tests."""
    rng = np.random.default_rng(1)
    found = [told_apart(_sales(rng, 200))["quadrant"].notna().any() for _ in range(40)]
    assert sum(found) <= 6
    grown = told_apart(_sales(rng, 400, grown=1.6)).loc["a"]
    assert grown["quadrant"] == "star"
    assert 0 < grown["lower"] < grown["against_whole"] < grown["upper"]


def test_growth_against_the_whole_varies_as_in_a_bootstrap_of_customers() -> None:
    rng = np.random.default_rng(2)
    sales = _sales(rng, 400)
    told = told_apart(sales)
    wide = sales.pivot(index="customer", columns="item", values=["current", "previous"])
    rows = rng.integers(0, 400, (1000, 400))
    now, before = (wide[window].to_numpy()[rows].sum(axis=1) for window in ("current", "previous"))
    against = now / before - now.sum(axis=1, keepdims=True) / before.sum(axis=1, keepdims=True)
    error = (told["upper"] - told["lower"]) / 2 / norm.ppf(1 - 0.05 / 2 / 5)
    assert error.to_numpy() == pytest.approx(against.std(axis=0), rel=0.12)


@pytest.mark.parametrize(("first", "refused"), [(120, True), (172, True), (173, False)])
def test_growth_from_before_the_data_is_refused(first: float, refused: bool) -> None:
    """The window before is days 182 to 92; of its 91 days at least 82 (90 %) must lie after the first purchase."""
    frame = table(spend_last_91=[9, 1, 5, 2], spend_last_182=[10, 9, 6, 4], tenure=[first - 1, 30, 5, 9])
    if refused:
        with pytest.raises(SegmentationError, match=f"the first purchase of all is only {first} days old"):
            PortfolioMatrix().fit(frame)
    else:
        assert PortfolioMatrix().fit(frame).learned_from_ == 4


def test_current_against_potential_value() -> None:
    frame = table(monetary_total=[1, 2, 3, 40], expected_value=[5, 40, 6, 7])
    assert CurrentPotential().fit(frame).predict(frame).tolist() == ["low_low", "low_high", "high_low", "high_high"]
    assert CurrentPotential(cut="mean").fit(frame).predict(frame).tolist() == [
        "low_low",
        "low_high",
        "low_low",
        "high_low",
    ]
    assert [segment.key for segment in CurrentPotential(groups=3).segments][:4] == ["c1p1", "c1p2", "c1p3", "c2p1"]


@pytest.mark.parametrize("method", ALL, ids=lambda method: method.name)
def test_frozen_cut_points_apply_unchanged_to_customers_never_seen(method, customers: pd.DataFrame) -> None:
    known, new = customers.iloc[:400], customers.iloc[400:].rename(index=lambda key: "new " + key)
    method.fit(known)
    together = method.predict(pd.concat([known, new]))
    one_by_one = [method.predict(new.iloc[[i]]).iloc[0] for i in range(20)]
    assert together.iloc[400:420].tolist() == one_by_one
    assert together.index[400] == new.index[0]
    assert list(together.cat.categories) == [segment.key for segment in method.segments]


@pytest.mark.parametrize("method", ALL, ids=lambda method: method.name)
def test_every_method_names_its_segments_and_itself_in_both_languages(method) -> None:
    texts = [method.definition, *(segment.label for segment in method.segments)]
    assert all(text["en"].strip() and text["zh"].strip() for text in texts)
    keys = [segment.key for segment in method.segments]
    assert len(set(keys)) == len(keys)


@pytest.mark.parametrize("method", ALL, ids=lambda method: method.name)
def test_bad_tables_are_refused_in_one_sentence(method, customers: pd.DataFrame) -> None:
    column = method.needs[0]
    lost = customers.astype({column: float}).copy()
    lost.iloc[3, lost.columns.get_loc(column)] = np.inf
    for frame, message in (
        (customers.drop(columns=column), f"needs {column}, which the customer table does not have"),
        (customers.iloc[:0], "without customers"),
        (lost, "1 have none, the first is customer c00003"),
        (pd.concat([customers, customers.iloc[[0]]]), "Customer c00000 is listed twice"),
        (customers.assign(**{column: "many"}), f"needs numbers in {column}; it holds 'many'"),
    ):
        with pytest.raises(SegmentationError, match=message) as problem:
            method.fit(frame)
        assert str(problem.value).count("\n") == 0


@pytest.mark.parametrize("method", LEARNED, ids=lambda method: method.name)
def test_more_segments_than_distinct_customers_are_refused(method, customers: pd.DataFrame) -> None:
    with pytest.raises(SegmentationError, match="but only 1 of the 1 customers differ"):
        method.fit(customers.iloc[[0]])
    alike = pd.concat([customers.iloc[[0]]] * 50).set_axis([f"a{i}" for i in range(50)])
    with pytest.raises(SegmentationError, match="but only 1 of the 50 customers differ"):
        method.fit(alike)


@pytest.mark.parametrize("method", FIXED, ids=lambda method: method.name)
def test_rules_without_learning_serve_a_single_customer(method, customers: pd.DataFrame) -> None:
    assert len(method.fit(customers.iloc[[0]]).predict(customers.iloc[[0]])) == 1


def test_predict_before_fit_is_refused(customers: pd.DataFrame) -> None:
    with pytest.raises(SegmentationError, match="call fit first"):
        RfmScore().predict(customers)


def test_customers_who_all_bought_once(customers: pd.DataFrame) -> None:
    once = customers.assign(frequency=1, gap_mean=np.nan, gap_sd=np.nan)
    assert RelationshipLadder().fit(once).predict(once).unique().tolist() == ["first_time"]
    assert (RfmScore().fit(once).scores(once)["f"] == 1).all()
    with pytest.raises(SegmentationError, match="nobody here did, so there is no rhythm"):
        LifeCycle().fit(once)


def test_constant_spend(customers: pd.DataFrame) -> None:
    constant = customers.assign(monetary_total=10.0)
    assert RfmFour("median").fit(constant).coverage_ == 0  # nobody spends more than the median
    for method in (Abc(), QuantileSegments("monetary_total")):
        with pytest.raises(SegmentationError, match="only 1 of the 600 customers differ in monetary_total"):
            method.fit(constant)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Abc(shares=(80, 15)), "80/15 are not"),
        (lambda: RfmScore(groups=1), "2 to 9"),
        (lambda: RfmEight("mode"), "'mode' is none of them"),
        (lambda: RfmEight("threshold", thresholds={"recency": 5}), "one threshold each for recency, frequency"),
        (lambda: RfmEight(thresholds={"recency": 5}), "write cut='threshold'"),
        (lambda: QuantileSegments("clv", groups=1), "at least 2"),
        (lambda: CurrentPotential(potential="monetary_total"), "the same column"),
        (lambda: CurrentPotential(cut="mode"), "is neither"),
        (lambda: LifeCycle(patience=-1), "0 or more"),
        (lambda: LifeCycleAlive(alive=1), "between 0 and 1"),
        (lambda: RelationshipLadder(client=9), "9 and 8 were given"),
        (lambda: PortfolioMatrix(windows=(182, 91)), "a short and a longer window"),
    ],
)
def test_impossible_parameters_are_refused(make, message: str) -> None:
    with pytest.raises(SegmentationError, match=message):
        make()
