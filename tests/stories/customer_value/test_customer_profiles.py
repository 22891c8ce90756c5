"""Who the segments are and what they buy, against shares counted from the lines of a made-up shop."""

import dataclasses
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from crmresearch.data.customers import customer_table
from crmresearch.data.transactions.transactions import load_transactions
from crmresearch.segmentation.fitting import fit_methods
from crmresearch.segmentation.methods.abc_classes import Abc
from crmresearch.segmentation.scoring.evaluate import evaluate_segmentations
from crmresearch.stories.customer_value.story import CustomerStory
from crmresearch.stories.customer_value.tables import (
    buying,
    buying_headings,
    buying_sentences,
    demographic_sentences,
    demographics,
)
from crmresearch.value.forecast import forecast_customers

ABC = "abc_80_15_5"
CUTOFF = "2020-08-31"
CODEBOOK = """\
kind: transactions
key: shop
title: {en: Shop}
about: {en: Made up.}
file: lines.csv
committed: false
how_to_get: Ask the test.
source: made up
citation: none
licence: none
columns: {customer: customer, time: day, amount: amount, category: category, discount: off}
attributes: {town: {en: Town}}
last_day: "2020-12-31"
currency: EUR
rules: {returns: net, duplicates: keep}
"""


def shop() -> pd.DataFrame:
    """240 customers: those of Ulm spend ten times as much, buy tea, and get a fifth off; returns and gifts of 0."""
    rng = np.random.default_rng(3)
    rows = []
    for i in range(240):
        rich = i % 4 == 0
        for day in np.sort(rng.integers(1, 366, 1 + rng.poisson(4))):
            amount = round(float(rng.gamma(4, 5) * (10 if rich else 1)), 2) * (-0.2 if rng.random() < 0.1 else 1)
            category = rng.choice(["tea", "cups"], p=[0.9, 0.1] if rich else [0.3, 0.7])
            off = round(0.25 * abs(amount), 2) if rich else 0.0
            when = (pd.Timestamp("2019-12-31") + pd.Timedelta(days=int(day))).date()
            rows.append((f"c{i:03d}", when, round(amount, 2), category, off, "Ulm" if rich else "Bonn"))
    return pd.DataFrame(rows, columns=["customer", "day", "amount", "category", "off", "town"])


def told(folder: Path, methods: list) -> CustomerStory:
    (folder / "codebook.yaml").write_text(CODEBOOK, encoding="utf-8")
    shop().to_csv(folder / "lines.csv", index=False)
    transactions = load_transactions(str(folder))
    attributes = transactions.codebook.demographics
    table = customer_table(
        transactions, CUTOFF, "2020-12-31", categories=transactions.categories(), attributes=attributes
    )
    forecast = forecast_customers(table, 0.1, "bg_nbd", [])
    customers = forecast.beside(table.frame)
    fitted, left_out = fit_methods(methods, customers)
    evaluation = evaluate_segmentations(customers, fitted, folds=3, resamples=50, learner=False)
    return CustomerStory(transactions, table, forecast, fitted, left_out, evaluation)


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> CustomerStory:
    return told(tmp_path_factory.mktemp("shop"), [Abc()])


def test_what_segments_buy_is_the_mean_of_the_shares_counted_from_the_lines(story: CustomerStory) -> None:
    bought = shop().query("day <= @pd.Timestamp(@CUTOFF).date() and amount >= 0")
    sums = bought.pivot_table(index="customer", columns="category", values="amount", aggfunc="sum", fill_value=0)
    known = story.table.frame.index
    shares = sums.div(sums.sum(axis=1), axis=0).reindex(known)
    totals = bought.groupby("customer")[["amount", "off"]].sum().reindex(known)
    shares["discount_share"] = totals["off"] / totals.sum(axis=1)
    segments = story.methods[0].predict(story.customers)
    expected = pd.concat([shares.mean().to_frame().T, shares.groupby(segments, observed=True).mean()])
    table = buying(story, ABC)
    assert list(table["customers"]) == [len(known), *segments.value_counts(sort=False)]
    for column in ("tea", "cups", "discount_share"):
        assert table[column].to_numpy() == pytest.approx(expected[column].to_numpy(), abs=1e-12), column


def test_the_widest_gap_is_told_and_not_of_a_small_segment(story: CustomerStory) -> None:
    table = buying(story, ABC)
    shares = table.set_index("segment")[["tea", "cups", "discount_share"]]
    large = table["segment"][table["customers"] >= 30].iloc[1:]
    gaps = (shares - shares.iloc[0]).loc[large].abs()
    segment, column = gaps.stack().idxmax()  # noqa: PD013
    assert f"{column} is {shares[column][segment]:.0%} of what {segment} buy" in buying_sentences(story, table, ABC)[1]


def test_a_category_may_be_called_as_a_column_of_ours(story: CustomerStory) -> None:
    table = buying(story, ABC)
    names = {"share_tea": "share_customers", "share_cups": "share_*cups* _u_"}
    called = dataclasses.replace(story, table=dataclasses.replace(
        story.table, frame=story.table.frame.rename(columns=names)))  # fmt: skip
    other = buying(called, ABC)
    assert list(other["customers"]) == list(table["customers"])
    assert other["share_customers"].tolist() == table["tea"].tolist()
    headings = buying_headings(other)
    assert headings == {"share_customers": "customers", "*cups* _u_": "*cups* _u_"}
    shown = called.show_table("buying", other, headings=headings)
    assert {column.heading for column in shown.columns[2:4]} == {"customers", "*cups* _u_"}
    assert buying_sentences(called, other, ABC)[1].facts["category"] in headings.values()


def test_demographics_are_counted_in_every_segment(story: CustomerStory) -> None:
    segments = story.methods[0].predict(story.customers)
    towns = shop().groupby("customer")["town"].first().reindex(segments.index)
    counted = pd.crosstab(towns, segments, normalize="columns")
    table = demographics(story, ABC).set_index("level")
    labels = {segment.key: segment.label["en"] for segment in story.methods[0].segments}
    for key in counted:
        assert table[labels[key]]["Ulm"] == pytest.approx(counted[key]["Ulm"])
    assert table["all_customers"]["Ulm"] == pytest.approx((towns == "Ulm").mean())
    assert any("Ulm (Town)" in s or "Bonn (Town)" in s for s in demographic_sentences(story, table.reset_index(), ABC))


def test_a_method_left_out_is_not_taken_for_data_that_say_nothing(story: CustomerStory) -> None:
    for table, sentences in (
        (buying(story, "ward_4"), buying_sentences),
        (demographics(story, "ward_4"), demographic_sentences),
    ):
        assert table.empty
        assert "could not be learned" in sentences(story, table, "ward_4")[0]
