"""Sentences, tables and pictures of a customer report say what the numbers say, on CDNOW."""

from dataclasses import replace

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

from crmresearch.data.cohorts import cohort_retention
from crmresearch.data.customers import customer_table
from crmresearch.data.transactions.transactions import load_transactions
from crmresearch.paths import DATA
from crmresearch.segmentation.contract import Segmenter
from crmresearch.segmentation.fitting import fit_methods
from crmresearch.segmentation.methods.abc_classes import Abc
from crmresearch.segmentation.methods.life_cycle import LifeCycle
from crmresearch.segmentation.methods.quantiles import QuantileSegments
from crmresearch.segmentation.methods.rfm import RfmCells, RfmScore
from crmresearch.segmentation.methods.rfm_classes import RfmEight, RfmFour
from crmresearch.segmentation.scoring.evaluate import evaluate_segmentations
from crmresearch.stories.customer_value import TEXTS, tables
from crmresearch.stories.customer_value import charts as customer_charts
from crmresearch.stories.customer_value.cautions import customer_warnings
from crmresearch.stories.customer_value.story import CustomerStory
from crmresearch.value.customer_value import CONTRACT
from crmresearch.value.forecast import PURCHASE_MODELS, SPEND_MODEL, forecast_customers, value_intervals


@pytest.fixture(scope="module")
def lines() -> pd.DataFrame:
    frame = pd.read_parquet(DATA / "cdnow" / "transactions.parquet")
    return frame.assign(date=pd.to_datetime(frame["date"]))


@pytest.fixture(scope="module")
def story() -> CustomerStory:
    transactions = load_transactions("cdnow")
    table = customer_table(transactions, "1997-09-30", "1998-06-30")
    forecast = forecast_customers(table, 0.1, "bg_nbd", ["mbg_nbd"])
    customers = forecast.beside(table.frame)
    rules = [RfmScore(), RfmEight("mean"), RfmEight("median"), RfmFour("mean"), Abc(), LifeCycle(), RfmCells()]
    methods, left_out = fit_methods([*rules, QuantileSegments("no_such_column")], customers)
    evaluation = evaluate_segmentations(
        customers, methods, forecast.individual, "rfm_eight_mean", 10, 50, 1, learner=False
    )
    return CustomerStory(transactions, table, forecast, methods, left_out, evaluation)


def said_of(story: CustomerStory, method: Segmenter) -> list[str]:
    return tables.segment_sentences(story, method, tables.segment_table(story, method))


def test_every_value_model_has_a_name() -> None:
    assert TEXTS.section("value_model").keys() == {*PURCHASE_MODELS, CONTRACT, SPEND_MODEL}


@pytest.mark.long
def test_the_notes_of_the_codebook_are_told_in_the_language_of_the_story(story: CustomerStory) -> None:
    assert story.quality()[-1].startswith("Lines that agree in every column are two purchases of a day and are kept")
    assert replace(story, language="zh").quality()[-1].startswith("各列完全相同的行视为同一天的两次购买")


def test_scores_are_those_of_the_first_look(story: CustomerStory) -> None:
    """An independent throw-away run on the master file: 10-fold cross-fitted R² of log1p holdout spend, within .02."""
    first_look = {
        "rfm_score": 0.286,
        "rfm_eight_mean": 0.267,
        "rfm_eight_median": 0.223,
        "abc_80_15_5": 0.141,
        "expected_value": 0.298,
        "recent_spend": 0.288,
    }
    scores = story.scores.set_index("method")["r2_log"]
    for method, expected in first_look.items():
        assert scores[method] == pytest.approx(expected, abs=0.02), method


def test_a_page_says_where_a_sample_was_scored(story: CustomerStory) -> None:
    assert story.sampled == []
    part = replace(story, evaluation=replace(story.evaluation, scored=10_000, seed=5))
    assert part.comparison()[: len(part.sampled)] == part.sampled
    assert "10,000 of the 23,570 customers, drawn at random (seed 5)" in part.sampled[0]


def test_the_headline_is_counted_from_the_lines(story: CustomerStory, lines: pd.DataFrame) -> None:
    before = lines[lines.date <= "1997-09-30"].groupby("customer").amount.sum().sort_values(ascending=False)
    share = before.iloc[: round(0.2 * len(before))].sum() / before.sum()
    active = lines[lines.date > "1997-09-30"].customer.nunique() / len(before)
    headline = story.findings()[0]
    assert headline.startswith(f"20% of the {len(before):,} customers brought {share:.0%} of the spend")
    assert f"{active:.0%} bought in the 273 days after it" in headline


@pytest.mark.parametrize(
    ("lower", "upper", "outcome"), [(0.001, 0.002, "wins"), (-0.001, 0.002, "ties"), (-0.002, -0.001, "loses")]
)
def test_a_number_is_told_against_the_segments_to_use(
    story: CustomerStory, monkeypatch: pytest.MonkeyPatch, lower: float, upper: float, outcome: str
) -> None:
    lead = pd.Series({"method": "recency", "difference": (lower + upper) / 2, "lower": lower, "upper": upper})
    monkeypatch.setattr(CustomerStory, "_single_against", lambda *_: lead)
    assert f"customers.number_{outcome}" in [told.key for told in story.findings()]  # type: ignore[attr-defined]
    follows = [told.key for told in story.follows()]  # type: ignore[attr-defined]
    assert (f"customers.follows_{outcome}" in follows) == (outcome != "loses")


def test_segments_hold_every_customer_once(story: CustomerStory) -> None:
    for method in story.methods:
        table = tables.segment_table(story, method)
        assert table.customers.sum() == len(story.table.frame)
        assert table.share.sum() == pytest.approx(1)
        spend = (table.customers * table.spend_after.fillna(0)).sum()
        assert spend == pytest.approx(story.table.frame["holdout_spend"].sum())
    eight = tables.segment_table(story, story.methods[1])
    assert (eight.strategy != "–").all()


def test_calibration_adds_up_to_the_forecast(story: CustomerStory) -> None:
    table = story.forecast.calibration(story.table.frame)
    expected = story.forecast.frame["expected_purchases"].sum()  # type: ignore[index]
    assert (table.customers * table.expected).sum() == pytest.approx(expected)
    assert (table.customers * table.actual).sum() == pytest.approx(story.table.frame["holdout_purchases"].sum())


def test_retention_is_counted_from_the_lines(story: CustomerStory, lines: pd.DataFrame) -> None:
    month = lines.date.dt.year * 12 + lines.date.dt.month
    first = month.groupby(lines.customer).transform("min")
    january = lines[first == 1997 * 12 + 1]
    later = january[month[january.index] == 1997 * 12 + 6].customer.nunique()
    cohorts = cohort_retention(story.transactions).set_index(["cohort", "months"])
    assert cohorts.customers["1997-01", 5] == later
    assert cohorts.share["1997-01", 5] == pytest.approx(later / january.customer.nunique())
    assert (cohorts.xs(0, level="months")["share"] == 1).all()


def test_every_sentence_is_filled_in_and_every_column_has_a_heading(story: CustomerStory) -> None:
    told = [*story.findings(), *story.follows(), *story.quality(), *story.concentration(), *story.limits()]
    told += [
        *customer_warnings(story).query("severity != 'none'").message,
        *story.comparison(),
        *story.method_notes(),
        *story.best_cell(),
    ]
    told += [*story.retention(cohort_retention(story.transactions)), *story.models(), repr(story.terms())]
    told += [sentence for method in story.methods for sentence in said_of(story, method)]
    assert all(sentence and "{" not in sentence and "nan" not in sentence for sentence in told)
    named = set(story.headings)
    for view in (
        tables.segment_table(story, story.methods[0]),
        story.forecast.calibration(story.table.frame),
        story.named(story.forecast.parameters, model=story.model_name),
        tables.purchase_models(story),
        tables.scores_view(story),
        tables.differences_view(story),
    ):
        assert {c for c in view.columns if not c.endswith(("_lower", "_upper"))} <= named


def test_pictures(story: CustomerStory) -> None:
    lorenz = customer_charts.plot_lorenz(story).axes[0]
    x, y = lorenz.lines[0].get_data()
    assert (np.diff(x) > 0).all()
    assert (np.asarray(y) <= np.asarray(x) + 1e-12).all()
    scores = customer_charts.plot_scores(story).axes[0]
    assert len(scores.get_yticklabels()) == len(story.scores)
    calibration = customer_charts.plot_calibration(story).axes[0]
    assert list(calibration.lines[0].get_ydata()) == list(story.forecast.calibration(story.table.frame).actual)
    grid = customer_charts.plot_recency_frequency(story)
    counted = [
        int(t.get_text().split("\n")[1].strip("()").replace(",", "")) for t in grid.axes[0].texts if t.get_text()
    ]
    assert sum(counted) == len(story.table.frame)
    customer_charts.plot_retention(story, cohort_retention(story.transactions))
    plt.close("all")


def test_intervals_are_of_everyone_and_of_every_segment_in_its_order(story: CustomerStory) -> None:
    groups = story.methods[4].predict(story.customers)  # A, B, C
    spent = story.table.frame["holdout_spend"]
    intervals, drawn = value_intervals(story.forecast, groups, 50, 1, spent)
    assert list(intervals["group"].unique()) == ["all", "A", "B", "C"]
    values = intervals[intervals["quantity"] == "value"].set_index("group")
    assert values.estimate["all"] == pytest.approx(story.forecast.frame["value"].mean())  # type: ignore[index]
    weighted = (values.estimate * values.customers)[["A", "B", "C"]].sum() / values.customers["all"]
    assert weighted == pytest.approx(values.estimate["all"])
    assert ((values.ci_lower < values.estimate) & (values.estimate < values.ci_upper)).all()
    told = story.worth(intervals, drawn, 50)
    assert f"{values.estimate['all']:,.2f} USD" in told[0]
    made = intervals[intervals["quantity"] == "spend_expected"].set_index("group")
    assert made.actual["all"] == pytest.approx(spent.mean())
    assert made.actual["C"] == pytest.approx(spent[groups == "C"].mean())
    view = tables.intervals_view(story, intervals)
    assert view["spend_after"].iloc[0] == f"{spent.mean():,.2f}"
    assert not value_intervals(story.forecast, groups, 50, 1)[0]["actual"].notna().any()
    above = made.ci_upper + np.where(made.index == "A", 1, 0) + np.where(made.index == "C", 90, 0)
    for actual, key, facts in (
        (made.ci_lower, "spend_foreseen", {"inside": 3, "segments": 3}),
        (above, "spend_missed", {"inside": 1, "segments": 3, "worst": "C", "actual": above["C"]}),
    ):
        known = intervals.assign(actual=intervals["group"].map(actual).where(intervals["quantity"] == "spend_expected"))
        _, _, sentence, *wrong = story.worth(known, drawn, 50)
        assert sentence.key == f"customers.{key}"
        assert len(wrong) == (facts["inside"] == 1)  # one of three is too few for intervals of 95 %
        assert facts.items() <= sentence.facts.items()


def test_purchase_models_are_told_apart_by_their_likelihood(story: CustomerStory) -> None:
    models = story.forecast.models.set_index("model")
    assert (models.aic == 2 * models.parameters - 2 * models.log_likelihood).all()
    assert models.actual["bg_nbd"] == story.table.frame["holdout_purchases"].sum()
    better = models.aic.idxmin()
    assert f"{story.model_name(better)} fits" in " ".join(story.models())


def test_expected_stands_beside_actual_and_classes_are_defined_by_high_and_low(story: CustomerStory) -> None:
    eight = story.fitted("rfm_eight_mean")
    table = tables.segment_table(story, eight)
    assert list(table.columns[:4]) == ["segment", "recency", "frequency", "monetary_total"]
    assert list(table.columns).index("spend_after") == list(table.columns).index("spend_expected") + 1
    spend = story.forecast.frame["expected_purchases"] * story.forecast.frame["expected_spend"]
    assert table["spend_expected"][0] == pytest.approx(
        spend[eight.predict(story.customers) == "important_value"].mean()
    )
    assert len(table[["recency", "frequency", "monetary_total"]].drop_duplicates()) == 8


def test_one_method_advises(story: CustomerStory) -> None:
    advised = [m.name for m in story.methods if m.name != "rfm_cells" and "strategy" in tables.segment_table(story, m)]
    assert advised == [story.lead]
    assert [told.key for told in story.advice()][-1] == "customers.follows_others"


def test_a_method_left_out_is_a_warning_with_its_reason(story: CustomerStory) -> None:
    left = customer_warnings(story).query("code == 'method_left_out'")
    assert len(left) == 1
    assert "needs no_such_column" in left["message"].iloc[0]


def test_four_classes_say_whom_they_describe(story: CustomerStory) -> None:
    table = tables.segment_table(story, story.methods[3])
    told = " ".join(said_of(story, story.methods[3]))
    assert f"describe {1 - table.share.iloc[-1]:.0%} of the customers" in told
