"""What a shop's own columns tell: spend by channel, and what each segment buys more of than all customers do."""

import pandas as pd
from matplotlib.figure import Figure

from crmresearch.data.spend_by import MOST, Role, mixes, pooled, several, shares_by, spend_by, totals
from crmresearch.palette import ACCENT, PALE
from crmresearch.segmentation.lift import lifts
from crmresearch.stories import charts
from crmresearch.stories.customer_value.story import EIGHT, CustomerStory

TOP_ITEMS = 3  # of each segment, by spend
DIGITS = {"spend": 0, "lift": 2, "ci_lower": 2, "ci_upper": 2}
NAMED = 4  # differences that a sentence names
LIFT = ["item", "customers", "spend", "share", "share_all", "lift", "ci_lower", "ci_upper"]


def bought(story: CustomerStory, role: Role) -> pd.DataFrame:
    """`spend_by` of the customers of the table; empty where the data have no such column, or no line has a value."""
    if getattr(story.transactions.codebook.columns, role) is None:
        return pd.DataFrame(columns=["customer", "item", "purchases", "spend"])
    spend = spend_by(story.transactions, role, story.table.cutoff)
    return spend[spend["customer"].isin(story.table.frame.index)].reset_index(drop=True)


def _others(story: CustomerStory, count: int) -> str:
    return story.say("customers.all_others", count=count)


def _capped(story: CustomerStory, spend: pd.DataFrame) -> tuple[pd.DataFrame, str]:
    """The spend with all but the largest items as one, and what that one is called."""
    others = _others(story, spend["item"].nunique() - MOST)
    return pooled(spend, others), others


def channels(story: CustomerStory, spend: pd.DataFrame) -> pd.DataFrame:
    """`totals` of the channels: channel, customers, purchases, spend, share."""
    return totals(*_capped(story, spend)).rename(columns={"item": "channel"})


def channel_mixes(story: CustomerStory, spend: pd.DataFrame) -> pd.DataFrame:
    """`mixes` of channels: the customers by the channels they bought in."""
    beyond = spend.groupby("customer")["item"].agg(frozenset).nunique() - MOST
    return mixes(spend, _others(story, beyond)).rename(columns={"item": "channel"})


def channel_segments(story: CustomerStory, spend: pd.DataFrame) -> pd.DataFrame:
    """`shares_by` of channels in the spend of all and of each segment; empty where there are no segments."""
    if story.fitted(EIGHT) is None:
        return pd.DataFrame()
    kept, order = _capped(story, spend)[0], list(channels(story, spend)["channel"])
    return shares_by(kept, story.segments(EIGHT), order).rename(columns={**story.labels(EIGHT), "item": "channel"})


def channel_sentences(story: CustomerStory, spend: pd.DataFrame) -> list[str]:
    """How much came by the largest channel, who bought in several channels, and which segments differ by channel."""
    facts, without = several(spend), len(story.table.frame) - spend["customer"].nunique()
    first, none, some = channels(story, spend).iloc[0], facts["customers"] == 0, 0 < facts["customers"] < 1
    told = [story.say("customers.channel_largest", first, channels=spend["item"].nunique())]
    told += story.sentences("customers.channel_", without > 0 and "without", customers=without)
    used = some and "several", some and "chances", none and "single"
    return told + story.sentences("customers.channel_", *used, **facts)


def plot_channels(story: CustomerStory, table: pd.DataFrame) -> Figure:
    """Share of spend and of purchases of each channel."""
    figure, axes, heights = charts.row_chart(
        list(table["channel"]), story.say("chart.share"), top=0.9, row=0.42, kind="row_bars"
    )
    purchases = table["purchases"] / table["purchases"].sum()
    for values, colour, key, shift in (
        (table["share"], ACCENT, "share_spend", -0.18),
        (purchases, PALE, "share_purchases", 0.18),
    ):
        axes.barh(heights + shift, values, height=0.34, color=colour, label=story.say(f"chart.{key}"))
    axes.set_xlim(left=0)
    charts.legend_above(axes)
    return figure


def compared(story: CustomerStory, spend: pd.DataFrame) -> pd.DataFrame:
    """`lifts` of the items in the segments of the classes; empty where these were left out."""
    if story.fitted(EIGHT) is None or spend.empty:
        return pd.DataFrame(columns=["segment", *LIFT, "p", "told"])
    return lifts(spend, story.segments(EIGHT))


def top_items(story: CustomerStory, found: pd.DataFrame, most: int = TOP_ITEMS) -> pd.DataFrame:
    """The items on which each segment spends most, with their lift where it has an interval; segments by name."""
    top = found.groupby("segment", sort=False).head(most)
    top = top.assign(lift=top["lift"].where(top["ci_lower"].notna()))
    return story.named(top, "segment", *LIFT, segment=story.labels(EIGHT).__getitem__)


def lift_sentences(story: CustomerStory, found: pd.DataFrame, role: Role) -> list[str]:
    """What segments spend a larger or smaller part on than all customers do, beyond chance; else that nothing is."""
    what = story.say(f"word.{role}")
    if found.empty:
        return [story.say("customers.no_profile", method=story.method_name(EIGHT))]
    tested = found["p"].notna()
    if not tested.any():
        return [story.say("customers.lift_few", what=what)]
    shown = found.groupby("segment", sort=False).head(MOST if role == "channel" else TOP_ITEMS)
    differ, labels = shown[shown["told"]].sort_values("lift", ascending=False, kind="stable"), story.labels(EIGHT)
    told, facts = [], {"tests": int(tested.sum()), "what": what}
    for key, rows in (("more", differ[differ["lift"] > 1]), ("less", differ[differ["lift"] < 1].iloc[::-1])):
        named = rows.head(NAMED).assign(segment=rows["segment"].map(labels)).itertuples()
        items = story.listed([story.say("customers.lift", row) for row in named])
        if len(rows):
            told.append(story.say(f"customers.lift_{key}", items=items, count=len(rows), **facts))
    return told or [story.say("customers.lift_none", **facts)]


def shortest(story: CustomerStory, portfolio: pd.DataFrame, most: int = MOST) -> pd.DataFrame:
    """The first rows of `category_portfolio`, and the shares of all others summed in a last one."""
    if len(portfolio) <= most:
        return portfolio
    rest = portfolio[most:]
    row = pd.DataFrame({"category": [_others(story, len(rest))], "share": [rest["share"].sum()]})
    return pd.concat([portfolio[:most], row], ignore_index=True)
