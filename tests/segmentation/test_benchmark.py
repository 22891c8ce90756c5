"""The benchmark's one table: what each number is, and what it must be when nothing changed between the windows."""

import numpy as np
import pandas as pd
import pytest
from customers import simulated_customers
from sklearn.metrics import davies_bouldin_score

from crmresearch.segmentation.benchmark import Benchmark, _fitted, benchmark
from crmresearch.segmentation.methods.clusters import KMeans
from crmresearch.segmentation.methods.life_cycle import LifeCycle
from crmresearch.segmentation.methods.quantiles import QuantileSegments
from crmresearch.segmentation.methods.rfm_classes import RfmEight
from crmresearch.segmentation.methods.tree import OutcomeTree
from crmresearch.segmentation.registry import every_method
from crmresearch.segmentation.scoring.evaluate import evaluate_segmentations
from crmresearch.segmentation.stability.refits import Estimates

SMALL = {"folds": 2, "resamples": 50, "refits": 4, "seed": 3}


def customers(seed: int) -> pd.DataFrame:
    return simulated_customers(500, seed).drop(columns="true_class")


@pytest.fixture(scope="module")
def found() -> Benchmark:
    methods = [RfmEight("mean"), QuantileSegments("expected_value", 4), KMeans(4), OutcomeTree(4), LifeCycle()]
    return benchmark(customers(1), customers(2), methods, {"forecast": "expected_value"}, **SMALL)  # type: ignore[arg-type]


def test_one_row_a_method_with_the_scores_of_the_evaluator(found: Benchmark) -> None:
    table = found.table.set_index("method")
    assert list(table.query("kind == 'segmentation'").index) == [method.name for method in found.methods]
    assert {"forecast", "past_spend", "recent_spend", "recency", "gradient_boosting", "unsegmented"} <= set(table.index)
    assert not table.index.str.contains(":").any()
    scores = found.evaluation.scores.set_index("method")
    assert table["r2"].to_numpy() == pytest.approx(scores["r2_log"].loc[table.index].to_numpy())
    assert table.loc["rfm_eight_mean", ["difference", "difference_lower"]].isna().all()
    stability = found.stability.solutions.set_index("method")
    assert table["ari"]["k_means_4"] == stability["ari"]["k_means_4"]
    assert table.loc["past_spend", ["ari", "psi", "rule_length"]].isna().all()


def test_segments_of_a_method_are_what_it_predicts(found: Benchmark) -> None:
    for method in found.methods:
        predicted = method.predict(customers(1))
        assert found.segments(method.name).astype(str).tolist() == predicted.astype(str).tolist()


def test_clusters_are_seen_from_inside_in_their_own_space(found: Benchmark) -> None:
    table = found.inside(customers(1))
    assert table[["family", "method", "k"]].to_numpy().tolist() == [["KMeans", "k_means_4", 4]]
    means = next(method for method in found.methods if isinstance(method, KMeans))
    X = means.space_.transform(customers(1))
    expected = davies_bouldin_score(X, found.segments("k_means_4").loc[customers(1).index])
    assert table["davies_bouldin"].iloc[0] == pytest.approx(expected)


def test_where_nothing_changed_frozen_segments_are_todays() -> None:
    now = customers(1)
    found = benchmark(now, now, [RfmEight("mean"), KMeans(4)], **SMALL)  # type: ignore[arg-type]
    table = found.table.query("kind == 'segmentation'")
    assert table["r2_frozen"].to_numpy() == pytest.approx(table["r2"].to_numpy())
    assert table["ari_frozen"].to_numpy() == pytest.approx(1)
    assert (table["share_moved"] == 0).all()
    assert (table["psi"] == 0).all()


def test_cut_points_learned_earlier_are_frozen_by_hand() -> None:
    now, earlier = customers(1), customers(2)
    earlier["monetary_total"] = np.arange(500.0)  # halves are cut above 249
    now["monetary_total"] = np.arange(500.0) + 100  # of today's, above 349
    found = benchmark(now, earlier, [RfmEight("mean"), QuantileSegments("monetary_total", 2)], **SMALL)  # type: ignore[arg-type]
    name = "monetary_total_quantiles_2"
    assert found.before[name].value_counts().to_dict() == {"q1": 250, "q2": 250}
    assert found.after[name].value_counts().to_dict() == {"q1": 150, "q2": 350}
    assert found.segments(name).value_counts().to_dict() == {"q1": 250, "q2": 250}
    row = found.table.set_index("method").loc[name]
    assert row["share_moved"] == 0.2
    assert row["psi"] == pytest.approx(0.2 * np.log(0.7 / 0.5) - 0.2 * np.log(0.3 / 0.5))
    # the frozen segments score as segments given from outside do
    methods = [RfmEight("mean").fit(now), found.after[name]]
    given = evaluate_segmentations(now, methods, None, "rfm_eight_mean", 2, 50, 3, learner=False)
    assert row["r2_frozen"] == pytest.approx(given.scores.set_index("method")["r2_log"][name])


def test_a_tree_learns_from_the_earlier_outcome_only() -> None:
    now, earlier = customers(1), customers(2)
    methods = [OutcomeTree(4), RfmEight("mean")]
    first = benchmark(now, earlier, methods, **SMALL).segments("tree_4")  # type: ignore[arg-type]
    other = now.assign(holdout_spend=now["holdout_spend"].to_numpy()[::-1])
    assert benchmark(other, earlier, methods, **SMALL).segments("tree_4").equals(first)  # type: ignore[arg-type]


def test_the_rule_of_two_quantiles_has_two_branches() -> None:
    # halves by past spend are one cut on a column the rule may use
    found = benchmark(customers(1), customers(2), [RfmEight("mean"), QuantileSegments("monetary_total", 2)], **SMALL)  # type: ignore[arg-type]
    assert found.table.set_index("method")["rule_length"]["monetary_total_quantiles_2"] == 2


def test_a_method_that_cannot_learn_is_left_out_with_its_reason() -> None:
    once = customers(1).assign(frequency=1, repeat=0, gap_mean=np.nan, gap_sd=np.nan)
    methods = [RfmEight("mean"), LifeCycle(), QuantileSegments("monetary_total", 4)]
    found = benchmark(once, customers(2), methods, **SMALL)  # type: ignore[arg-type]
    assert "life_cycle_rhythm" in set(found.left_out["method"])
    assert found.left_out["reason"].str.contains("two days or more").any()
    assert "life_cycle_rhythm" not in set(found.table["method"])


@pytest.mark.long
def test_a_number_does_not_depend_on_which_other_methods_take_part(found: Benchmark) -> None:
    alone = benchmark(customers(1), customers(2), [RfmEight("mean"), KMeans(4)], **SMALL)  # type: ignore[arg-type]
    others = ["kind", "family", "difference_lower", "difference_upper"]  # an interval is for all methods at once
    both = [one.table.set_index("method").loc["k_means_4"].drop(others) for one in (alone, found)]
    assert both[0].to_numpy(float) == pytest.approx(both[1].to_numpy(float), nan_ok=True)


def test_a_method_is_applied_once_for_its_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    applied: list[int] = []
    predict = RfmEight.predict

    def counted(self: RfmEight, features: pd.DataFrame) -> pd.Series:
        applied.append(len(features))
        return predict(self, features)

    monkeypatch.setattr(RfmEight, "predict", counted)
    learned, _, seconds = _fitted([RfmEight("mean")], customers(1), customers(2))
    assert applied == [500]
    assert seconds["method"].tolist() == [learned[0].name]


@pytest.mark.long
def test_a_value_model_learned_again_makes_its_segments_less_stable(found: Benchmark) -> None:
    noise = np.random.default_rng(5).normal(size=(2, 500))

    def learn(sample: pd.DataFrame):  # a model whose estimates lean with the sample it saw
        lean = noise[0] * (sample["monetary_total"].mean() - customers(1)["monetary_total"].mean())
        return lambda some: pd.DataFrame({"expected_value": some["monetary_total"] + lean})

    estimates = Estimates(("expected_value",), ("monetary_total",), learn)
    again = benchmark(
        customers(1),
        customers(2),
        list(found.methods),
        {"forecast": "expected_value"},
        estimates=estimates,
        **SMALL,  # type: ignore[arg-type]
    )
    before, after = (one.table.set_index("method")["ari"] for one in (found, again))
    assert after["expected_value_quantiles_4"] < before["expected_value_quantiles_4"]
    assert after.drop("expected_value_quantiles_4").equals(before.drop("expected_value_quantiles_4"))


def test_the_roster_names_every_method_once_and_knows_its_family() -> None:
    methods = every_method((4, 8))
    names = [method.name for method in methods]
    assert len(set(names)) == len(names) > 25
    assert {method.family for method in methods} >= {"rfm", "value", "stage", "clusters", "tree"}
    without = {method.name for method in every_method((4, 8), value=False)}
    assert set(names) - without == {
        *("life_cycle_alive", "current_potential_2x2_median", "current_potential_3x3"),
        *("expected_value_quantiles_4", "expected_value_quantiles_8"),
    }
