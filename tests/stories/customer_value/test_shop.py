"""What a shop's own columns tell, counted again from the lines of an invented one, and through the whole notebook."""

from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from channel_shop import CUTOFF, HOLDOUT_END, write_channel_shop
from notebook_cells import run_cells

from crmresearch.stories.customer_value import shop, tables
from crmresearch.stories.customer_value.story import EIGHT, CustomerStory

pytestmark = pytest.mark.long

MARGIN, COST = 0.35, 12.5


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("channel_shop")


@pytest.fixture(scope="module")
def lines(folder: Path) -> pd.DataFrame:
    return write_channel_shop(folder)


@pytest.fixture(scope="module")
def names(folder: Path, lines: pd.DataFrame) -> dict[str, Any]:
    few = {"folds": 3, "resamples": 50, "value_resamples": 50, "margin": MARGIN, "contact_cost": COST}
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        return run_cells(
            "customer_value", {"dataset": str(folder), "cutoff": CUTOFF, "holdout_end": HOLDOUT_END, **few}
        )


@pytest.fixture(scope="module")
def story(names: dict[str, Any]) -> CustomerStory:
    return names["story"]


@pytest.fixture(scope="module")
def bought(lines: pd.DataFrame, story: CustomerStory) -> pd.DataFrame:
    known = lines["time"] < pd.Timestamp(CUTOFF) + pd.Timedelta(days=1)
    lines = lines[known & (lines["amount"] >= 0)]
    return lines.assign(segment=lines["customer"].map(story.fitted(EIGHT).predict(story.customers).astype(str)))


def test_purchases_are_orders_and_the_page_says_so(story: CustomerStory, bought: pd.DataFrame) -> None:
    assert story.table.frame["frequency"].to_dict() == bought.groupby("customer")["order"].nunique().to_dict()
    assert "A purchase is an order" in " ".join(story.quality())
    once = (story.table.frame["frequency"] == 1).mean()
    assert story.concentration()[-1] == f"{once:.0%} of the customers have ordered once only."


def test_shares_of_channels_in_segments_are_those_of_the_lines(story: CustomerStory, bought: pd.DataFrame) -> None:
    table = shop.channel_segments(story, shop.bought(story, "channel")).set_index("channel")
    sums = bought.pivot_table(index="channel", columns="segment", values="amount", aggfunc="sum", fill_value=0)
    shares = (sums / sums.sum()).rename(columns=story.labels(EIGHT)).loc[table.index]
    assert table["all_customers"].to_numpy() == pytest.approx((sums.sum(axis=1) / sums.to_numpy().sum())[table.index])
    for segment in shares:
        assert table[segment].to_numpy() == pytest.approx(shares[segment].to_numpy()), segment


def test_several_channels_are_told_with_what_they_do_not_say(story: CustomerStory, bought: pd.DataFrame) -> None:
    used = bought.drop_duplicates(["customer", "channel"]).groupby("customer").size() > 1
    spend = bought.groupby("customer")["amount"].sum()
    told = shop.channel_sentences(story, shop.bought(story, "channel"))
    assert told[1].facts["customers"] == pytest.approx(used.mean())
    assert told[1].facts["share"] == pytest.approx(spend[used].sum() / spend.sum())
    assert told[2].key == "customers.channel_chances"


def test_what_was_planted_is_named_and_nothing_else(story: CustomerStory) -> None:
    """Keen customers put half of their lines into tea 00 of kind 00; all else is bought alike."""
    for role, planted in (("category", "kind 00"), ("product", "tea 00")):
        found = shop.compared(story, shop.bought(story, role))
        assert set(found["item"][found["told"]]) == {planted}
        more = shop.lift_sentences(story, found, role)[0]
        assert more.key == "customers.lift_more"
        assert f"{planted} in " in more
        top = shop.top_items(story, found)
        assert (top.groupby("segment").size() <= shop.TOP_ITEMS).all()
        assert top["lift"].isna().equals(top["ci_lower"].isna())


def test_long_tables_end_with_all_others(story: CustomerStory) -> None:
    portfolio = tables.category_portfolio(story)
    assert len(portfolio) == 25
    shown = shop.shortest(story, portfolio)
    assert shown["category"].iloc[-1] == "all others (5)"
    assert shown["share"].sum() == pytest.approx(portfolio["share"].sum())
    pd.testing.assert_frame_equal(shop.shortest(story, portfolio[:20]), portfolio[:20])


def test_values_count_the_margin_and_targeting_the_cost(story: CustomerStory, names: dict[str, Any]) -> None:
    frame = story.forecast.frame
    whole = story.forecast.value.forecast(story.forecast.days, story.forecast.rate)  # type: ignore[union-attr]
    assert frame["value"].to_numpy() == pytest.approx(MARGIN * whole["value"].to_numpy(), rel=1e-12)  # type: ignore[index]
    rows = names["intervals"].set_index(["group", "quantity"])["estimate"]
    assert rows["all", "value"] == pytest.approx(MARGIN * whole["value"].mean())
    assert rows["all", "expected_spend"] == pytest.approx(whole["expected_spend"].mean())
    spend = story.table.frame["holdout_spend"].clip(lower=0).sum()
    everybody = MARGIN * spend - COST * len(story.table.frame)
    assert story.targets["everybody"].to_numpy() == pytest.approx(everybody)
    assert "At a margin of 35% and a cost of 12.5 EUR a contact" in story.targeting_text()[0]
    assert "A value is what that spend leaves at a margin of 35%." in story.models()
