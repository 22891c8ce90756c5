"""The evaluator against values computed by hand, other programs, and customers whose best segmentation is known."""

import numpy as np
import pandas as pd
import pytest
from customers import simulated_customers
from sklearn.metrics import brier_score_loss, mean_tweedie_deviance, r2_score, roc_auc_score

from crmresearch.resampling import sampled
from crmresearch.segmentation.contract import SegmentationError
from crmresearch.segmentation.methods.abc_classes import Abc, gini
from crmresearch.segmentation.methods.quantiles import QuantileSegments
from crmresearch.segmentation.methods.rfm import RfmScore
from crmresearch.segmentation.methods.rfm_classes import RfmFour
from crmresearch.segmentation.scoring.crossfit import calibrated, deal_folds, segment_values
from crmresearch.segmentation.scoring.evaluate import evaluate_segmentations
from crmresearch.segmentation.scoring.evaluation import Evaluation
from crmresearch.segmentation.scoring.scores import METRICS, Outcome, Prediction, Samples, gains, score


@pytest.fixture(scope="module")
def customers() -> pd.DataFrame:
    return simulated_customers(1500)


@pytest.fixture(scope="module")
def features(customers: pd.DataFrame) -> pd.DataFrame:
    return customers.drop(columns="true_class")


@pytest.fixture(scope="module")
def evaluation(customers: pd.DataFrame, features: pd.DataFrame) -> Evaluation:
    true = customers["true_class"].astype(str).rename("true")
    chance = np.random.default_rng(0).integers(0, 3, len(customers)).astype(str)
    chance = pd.Series(chance, customers.index, name="chance")
    methods = [true, chance, RfmScore(), RfmFour(), Abc()]
    return evaluate_segmentations(features, methods, {"forecast": "expected_value"}, reference="true", seed=3)


def row(evaluation: Evaluation, method: str) -> pd.Series:
    return evaluation.scores.set_index("method").loc[method]


def test_scores_computed_by_hand() -> None:
    # ten customers predicted in three groups: four at 17.5, two at 15, four at 0
    y = np.array([40.0, 30, 0, 0, 10, 20, 0, 0, 0, 0])
    predicted = np.array([17.5] * 4 + [15.0] * 2 + [0.0] * 4)
    p = np.array([0.5] * 4 + [1.0] * 2 + [0.0] * 4)
    prediction = Prediction(np.log1p(predicted), predicted, p)
    found = score(prediction, Samples(Outcome(y, (y > 0).astype(float)), np.zeros(10, dtype=int), np.ones((1, 10))))
    found = {metric: values[0] for metric, values in found.items()}
    # squares about the mean of 10: 3000 − 1000; about the predictions: 1275 + 50 + 0
    assert found["r2"] == pytest.approx(1 - 1325 / 2000)
    # two of ten customers are the top 20 %: half of the first group, which spent 70 of 100
    assert found["capture"] == pytest.approx(0.35)
    # area under the concentration curve 0.71, of the perfect order 0.85
    assert found["gini"] == pytest.approx((0.71 - 0.5) / (0.85 - 0.5))
    # 4 active × 6 inactive: both at 1.0 beat all 6, both at 0.5 beat 4 and tie with 2
    assert found["auc"] == pytest.approx((2 * 6 + 2 * 5) / 24)
    assert found["brier"] == pytest.approx(4 * 0.25 / 10)


def test_segment_values_computed_by_hand() -> None:
    codes, outcome = np.array([0, 0, 1, 1]), np.array([1.0, 3, 10, 20])
    assert segment_values(codes, outcome, np.array([0, 1, 0, 1])).tolist() == [3, 1, 20, 10]
    # nobody of segment 0 in the other fold: the mean of everybody there
    assert segment_values(np.array([0, 1, 1]), np.array([5.0, 2, 4]), np.array([0, 0, 1])).tolist() == [4, 4, 2]


def test_segments_that_know_the_outcome_score_one_by_hand() -> None:
    table = simulated_customers(8).assign(holdout_spend=[10.0] * 4 + [0.0] * 4, holdout_active=[1] * 4 + [0] * 4)
    oracle = pd.Series(["buys"] * 4 + ["does not"] * 4, table.index, name="oracle")
    found = evaluate_segmentations(table, [oracle], folds=2, resamples=10)
    best, nothing = row(found, "oracle"), row(found, "unsegmented")
    assert [best[metric] for metric in METRICS] == pytest.approx([1, 1, best["deviance"], 1, 0, 1, 0.4])
    # folds balanced in spend: each holds two buyers in four, so the other's mean is its own
    assert [nothing[m] for m in METRICS] == pytest.approx([0, 0, nothing["deviance"], 0.5, 0.25, 0, 0.2])
    assert (best["k"], best["smallest_share"], nothing["k"]) == (2, 0.5, 1)


def test_leaving_out_one_customer_at_a_time_has_a_closed_form(features: pd.DataFrame) -> None:
    table = features.iloc[:12]
    found = evaluate_segmentations(table, [], folds=12, resamples=5)
    # y − ŷ = n/(n − 1) (y − ȳ)
    assert row(found, "unsegmented")["r2"] == pytest.approx(1 - (12 / 11) ** 2)
    assert np.isnan(row(found, "unsegmented")["auc"])  # no two customers share a fold


def test_scores_agree_with_scikit_learn() -> None:
    rng = np.random.default_rng(5)
    y = np.where(rng.random(400) < 0.6, 0, rng.gamma(2, 20, 400))
    a, rank = (y > 0).astype(float), rng.integers(0, 30, 400) / 30
    predicted = 1 + 40 * rank
    counts = rng.integers(0, 4, (3, 400)).astype(float)
    samples = Samples(Outcome(y, a), np.zeros(400, dtype=int), counts)
    found = score(Prediction(np.log1p(predicted), predicted, rank), samples)
    for b, w in enumerate(counts):
        assert found["r2"][b] == pytest.approx(r2_score(y, predicted, sample_weight=w), abs=1e-12)
        logs = np.log1p(y), np.log1p(predicted)
        assert found["r2_log"][b] == pytest.approx(r2_score(*logs, sample_weight=w), abs=1e-12)
        assert found["auc"][b] == pytest.approx(roc_auc_score(a, rank, sample_weight=w), abs=1e-12)
        assert found["brier"][b] == pytest.approx(brier_score_loss(a, rank, sample_weight=w), abs=1e-12)
        deviance = mean_tweedie_deviance(y, predicted, power=1.5, sample_weight=w)
        assert found["deviance"][b] == pytest.approx(deviance, rel=1e-12)


def test_counts_are_customers_drawn_that_often() -> None:
    rng = np.random.default_rng(6)
    y, predicted, fold = rng.integers(0, 5, 60) * 10.0, rng.integers(0, 6, 60) * 8.0, rng.integers(0, 3, 60)
    prediction, outcome = Prediction(predicted / 20, predicted, predicted / 50), Outcome(y, (y > 0).astype(float))
    counts = rng.integers(1, 4, 60)
    drawn = np.repeat(np.arange(60), counts)
    by_counts = score(prediction, Samples(outcome, fold, counts[None].astype(float)))
    by_rows = score(
        Prediction(*(values[drawn] for values in vars(prediction).values())),
        Samples(Outcome(*(values[drawn] for values in vars(outcome).values())), fold[drawn], np.ones((1, len(drawn)))),
    )
    for metric in set(METRICS) - {"deviance"}:  # whose floor belongs to the sample itself
        assert by_counts[metric][0] == pytest.approx(by_rows[metric][0])


def test_the_perfect_order_has_gini_one_and_its_area_is_the_gini_coefficient(customers: pd.DataFrame) -> None:
    y = customers["holdout_spend"].to_numpy()
    one = Samples(Outcome(y, (y > 0).astype(float)), np.zeros(len(y), dtype=int), np.ones((1, len(y))))
    assert score(Prediction(y, y, y), one)["gini"][0] == pytest.approx(1)
    assert score(Prediction(-y, -y, -y), one)["gini"][0] == pytest.approx(-1)
    top = np.sort(y)[::-1][: len(y) // 5].sum() / y.sum()
    assert score(Prediction(y, y, y), one)["capture"][0] == pytest.approx(top)
    assert gini(pd.Series(y)) > 0


@pytest.mark.long
def test_gains_by_hand_and_their_capture_is_the_score(evaluation: Evaluation) -> None:
    # one fold, groups of 2, 1 and 1 customers holding 6, 3 and 1: half of the customers hold the first group's spend
    spend, predicted = np.array([5.0, 1, 3, 1]), np.array([9.0, 9, 5, 2])
    fold = np.zeros(4, dtype=int)
    assert gains(predicted, spend, fold, [0.25, 0.5, 0.75, 1.0]) == pytest.approx([0.3, 0.6, 0.9, 1.0])
    at_top = evaluation.gains[evaluation.gains.share == 0.2].set_index("method")["captured"]
    captured = evaluation.scores.set_index("method")["capture"]
    assert at_top.to_numpy() == pytest.approx(captured.loc[at_top.index].to_numpy())
    assert evaluation.gains.groupby("method")["captured"].apply(lambda c: c.is_monotonic_increasing).all()
    assert evaluation.gains[evaluation.gains.share == 1]["captured"].to_numpy() == pytest.approx(1)


@pytest.mark.long
def test_any_method_can_be_the_reference_afterwards(evaluation: Evaluation) -> None:
    pd.testing.assert_frame_equal(evaluation.against("true"), evaluation.differences)
    there = evaluation.differences.set_index(["method", "metric"]).loc[("chance", "r2_log")]
    back = evaluation.against("chance").set_index(["method", "metric"]).loc[("true", "r2_log")]
    assert (back.difference, back.lower, back.upper) == pytest.approx((-there.difference, -there.upper, -there.lower))


def test_folds_are_equal_in_size_and_spend() -> None:
    spend = np.random.default_rng(1).gamma(0.3, 50, 1003)
    fold = deal_folds(spend, 10, np.random.default_rng(2))
    assert set(np.bincount(fold)) <= {100, 101}
    free = np.random.default_rng(3).permutation(fold)
    spread = [(np.bincount(f, spend) / np.bincount(f)).std() for f in (fold, free)]
    assert spread[0] < spread[1] / 2


def test_a_calibrated_number_counts_by_its_order_only(customers: pd.DataFrame) -> None:
    x, y = customers["recency"].to_numpy(), customers["holdout_spend"].to_numpy()
    fold = deal_folds(y, 5, np.random.default_rng(0))
    assert calibrated(x, y, fold) == pytest.approx(calibrated(np.exp(-x / 100), y, fold))


def test_what_a_calibrated_number_is_worth_is_learned_from_other_customers(customers: pd.DataFrame) -> None:
    x, y = customers["recency"].to_numpy(), customers["holdout_spend"].to_numpy()
    fold = deal_folds(y, 5, np.random.default_rng(0))
    own = fold == 2
    changed = np.where(own, y[::-1] + 50, y)
    before, after = calibrated(x, y, fold), calibrated(x, changed, fold)
    assert np.array_equal(before[own], after[own])
    assert not np.array_equal(before[~own], after[~own])
    # of two folds, each gets the step function of the other
    halves = np.arange(8) % 2
    score, outcome = np.array([1.0, 1, 2, 2, 3, 3, 4, 4]), np.array([0.0, 1, 2, 3, 4, 5, 6, 7])
    assert calibrated(score, outcome, halves).tolist() == [1, 0, 3, 2, 5, 4, 7, 6]


def test_recent_spend_is_that_of_the_longest_window(features: pd.DataFrame) -> None:
    windows = {"long": "spend_last_182", "short": "spend_last_91"}
    table = features.iloc[:400]
    for ordered in (table, table[table.columns[::-1]]):
        found = evaluate_segmentations(ordered, [], windows, folds=5, resamples=5, learner=False)
        recent, long, short = (row(found, name)[list(METRICS)].to_list() for name in ("recent_spend", *windows))
        assert recent == long
        assert recent != short


@pytest.mark.long
def test_the_true_classes_beat_every_other_method(evaluation: Evaluation) -> None:
    assert evaluation.scores.set_index("method")["r2_log"].idxmax() == "true"
    against = evaluation.differences[evaluation.differences["metric"] == "r2_log"]
    assert (against["upper"] < 0).all()
    for metric in ("deviance", "brier"):  # lower is better
        assert (evaluation.differences.loc[evaluation.differences["metric"] == metric, "lower"] > 0).all()


def test_segments_by_chance_are_worth_nothing(evaluation: Evaluation) -> None:
    chance = row(evaluation, "chance")
    for metric, nothing in (("r2_log", 0), ("r2", 0), ("auc", 0.5), ("gini", 0), ("capture", 0.2)):
        assert chance[f"{metric}_lower"] - 0.01 < nothing < chance[f"{metric}_upper"] + 0.01


def test_worthless_segments_are_not_pushed_below_chance(features: pd.DataFrame) -> None:
    rng = np.random.default_rng(7)
    y = features["holdout_spend"].to_numpy()
    outcome, one = Outcome(y, (y > 0).astype(float)), np.ones((1, len(y)))
    aucs, ginis = [], []
    for _ in range(60):
        fold, codes = deal_folds(y, 10, rng), rng.integers(0, 5, len(y))
        values = [segment_values(codes, target, fold) for target in (np.log1p(y), y, outcome.active)]
        found = score(Prediction(*values), Samples(outcome, fold, one))
        aucs.append(found["auc"][0])
        ginis.append(found["gini"][0])
    assert abs(np.mean(aucs) - 0.5) < 3 * np.std(aucs) / np.sqrt(60)
    assert abs(np.mean(ginis)) < 3 * np.std(ginis) / np.sqrt(60)


def test_the_naive_rows_are_always_there(evaluation: Evaluation) -> None:
    kinds = evaluation.scores.set_index("method")["kind"].to_dict()
    assert (
        kinds
        | {
            "past_spend": "naive",
            "recent_spend": "naive",
            "recency": "naive",
            "gradient_boosting": "learner",
            "forecast": "forecast",
            "unsegmented": "none",
        }
        == kinds
    )
    assert row(evaluation, "unsegmented")["auc"] == 0.5
    expected = ["method", "kind", "k", "coverage", "smallest_share"]
    expected += [metric + bound for metric in METRICS for bound in ("", "_lower", "_upper")]
    assert list(evaluation.scores.columns) == expected
    four = row(evaluation, "rfm_four_mean")
    assert four["coverage"] == pytest.approx((evaluation.segments["rfm_four_mean"] != "other").mean())


def test_paired_differences_use_the_same_resamples(features: pd.DataFrame) -> None:
    """A method and its copy under another name never differ; a near-copy differs far less than its interval is wide."""
    classes = RfmScore().fit(features).predict(features).astype(str)
    near = classes.where(np.arange(len(classes)) % 50 > 0, classes.shift(1, fill_value=classes.iloc[-1]))
    methods = [classes.rename("one"), classes.rename("copy"), near.rename("near")]
    found = evaluate_segmentations(features, methods, reference="one", seed=3, learner=False)
    rows = found.differences[found.differences["metric"] == "r2_log"].set_index("method")
    assert (rows.loc["copy", ["difference", "lower", "upper"]] == 0).all()
    scores = found.scores.set_index("method")
    assert rows["difference"]["near"] == pytest.approx(scores["r2_log"]["near"] - scores["r2_log"]["one"])
    apart = rows["upper"]["near"] - rows["lower"]["near"]
    assert apart < 0.5 * (scores["r2_log_upper"]["one"] - scores["r2_log_lower"]["one"])
    assert "one" not in set(rows.index)


def test_the_same_seed_gives_the_same_evaluation(features: pd.DataFrame) -> None:
    one, two = (evaluate_segmentations(features.iloc[:200], [Abc()], folds=2, resamples=20, seed=4) for _ in range(2))
    pd.testing.assert_frame_equal(one.scores, two.scores)
    pd.testing.assert_frame_equal(one.differences, two.differences)


def test_a_fitted_method_keeps_its_cut_points_and_an_unfitted_one_is_left_alone(features: pd.DataFrame) -> None:
    fitted, fresh = Abc().fit(features.iloc[:100]), RfmScore()
    before = fitted.cuts_.copy()
    found = evaluate_segmentations(features.iloc[100:300], [fitted, fresh], folds=5, resamples=5, learner=False)
    assert (fitted.cuts_ == before).all()
    assert not hasattr(fresh, "cuts_")
    mine = found.segments["abc_80_15_5"].tolist()
    assert mine == fitted.predict(features.iloc[100:300]).tolist()


def test_of_very_many_customers_a_part_is_scored_and_everybody_is_in_a_segment(features: pd.DataFrame) -> None:
    """The scores are those of the drawn customers alone; segments and their sizes are of all."""
    fitted = [Abc().fit(features), RfmFour().fit(features)]
    found = evaluate_segmentations(features, fitted, resamples=20, seed=4, learner=False, scored_customers=400)
    table = features if features.index.is_monotonic_increasing else features.sort_index()
    alone = evaluate_segmentations(
        table.iloc[sampled(1500, 400, 4)], fitted, resamples=20, seed=4, learner=False, scored_customers=400
    )
    scored = [metric + bound for metric in METRICS for bound in ("", "_lower", "_upper")]
    pd.testing.assert_frame_equal(found.scores[scored], alone.scores[scored])
    assert (found.scored, len(found.segments)) == (400, 1500)
    four = fitted[1].predict(features)
    assert found.segments["rfm_four_mean"].loc[features.index].tolist() == four.tolist()
    assert row(found, "rfm_four_mean")["smallest_share"] == four.value_counts().min() / 1500


def test_no_method_sees_the_holdout(features: pd.DataFrame) -> None:
    with pytest.raises(SegmentationError, match="needs holdout_spend, which the customer table does not have"):
        evaluate_segmentations(features, [QuantileSegments("holdout_spend")])


def test_small_and_empty_segments_are_warnings(features: pd.DataFrame) -> None:
    few = pd.Series(["few"] * 20 + ["many"] * 1480, features.index, name="uneven", dtype="category")
    few = few.cat.add_categories("nobody")
    found = evaluate_segmentations(features, [few], folds=3, resamples=5, learner=False).warnings
    assert found[["code", "segment", "customers"]].to_numpy().tolist() == [
        ["small_segment", "few", 20],
        ["empty_segment", "nobody", 0],
    ]


@pytest.mark.parametrize(
    ("changes", "codes", "undefined"),
    [
        ({"holdout_spend": 12.0, "holdout_active": 1}, {"constant_spend", "constant_activity"}, {"r2", "auc"}),
        (
            {"holdout_spend": 0.0, "holdout_active": 0},
            {"constant_spend", "constant_activity"},
            {"r2", "gini", "capture"},
        ),
    ],
)
def test_an_outcome_without_variation_is_said_and_not_scored(
    features: pd.DataFrame, changes: dict, codes: set, undefined: set
) -> None:
    found = evaluate_segmentations(features.iloc[:300].assign(**changes), [Abc()], folds=5, resamples=5)
    assert codes <= set(found.warnings["code"])
    assert all(np.isnan(row(found, "abc_80_15_5")[metric]) for metric in undefined)


def test_negative_holdout_spend_counts_as_nothing_and_is_said(features: pd.DataFrame) -> None:
    table = features.iloc[:300].copy()
    table.iloc[0, table.columns.get_loc("holdout_spend")] = -5.0
    zero = table.assign(holdout_spend=table["holdout_spend"].clip(lower=0))
    found, same = (evaluate_segmentations(t, [Abc()], folds=2, resamples=5) for t in (table, zero))
    pd.testing.assert_frame_equal(found.scores, same.scores)
    assert found.warnings.query("code == 'negative_spend'")["customers"].tolist() == [1]


def test_customers_who_all_bought_once_are_evaluated(features: pd.DataFrame) -> None:
    once = features.iloc[:300].assign(frequency=1, repeat=0, gap_mean=np.nan, gap_sd=np.nan, repeat_mean=np.nan)
    found = evaluate_segmentations(once, [RfmScore()], folds=2, resamples=5)
    assert np.isfinite(found.scores["r2_log"]).all()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"table": lambda t: t.iloc[:1]}, "10 folds of 1 customers are not possible"),
        ({"table": lambda t: t.iloc[:0]}, "without customers"),
        ({"table": lambda t: t.drop(columns="holdout_active")}, "needs holdout_active, which"),
        ({"table": lambda t: t.assign(holdout_spend=np.nan)}, "needs a number in holdout_spend for every customer"),
        ({"table": lambda t: t.assign(holdout_active=2)}, "must be 0 or 1"),
        ({"table": lambda t: t.drop(columns="recency")}, "needs recency, which"),
        ({"reference": "magic"}, "'magic' is none of the methods"),
        ({"resamples": 0}, "at least 1 resample"),
        ({"methods": [Abc(), Abc()]}, "Two methods are called abc_80_15_5"),
        ({"methods": [pd.Series(["a"], ["nobody"], name="m")]}, "one row for every customer"),
        ({"methods": [pd.Series(["a"] * 1500)]}, "needs a name"),
        ({"forecasts": {"clv": "clv"}}, "The forecast clv needs clv, which"),
        (
            {"forecasts": {"clv": pd.Series({"c00000": 1.0})}},
            "needs a number in clv for every customer; 1499 have none",
        ),
    ],
)
def test_bad_input_is_refused_in_one_sentence(features: pd.DataFrame, change: dict, message: str) -> None:
    table = change.pop("table", lambda t: t)(features)
    with pytest.raises(SegmentationError, match=message):
        evaluate_segmentations(table, change.pop("methods", []), **change)


@pytest.mark.long
def test_the_order_of_the_customers_changes_nothing(features: pd.DataFrame) -> None:
    some = features.iloc[:400]
    shuffled = some.sample(frac=1, random_state=3)
    found, again = (
        evaluate_segmentations(t, [RfmScore(), Abc()], folds=3, seed=3, resamples=20) for t in (some, shuffled)
    )
    pd.testing.assert_frame_equal(found.scores, again.scores)
    pd.testing.assert_frame_equal(found.differences, again.differences)
