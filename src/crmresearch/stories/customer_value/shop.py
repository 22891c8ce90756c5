"""What a shop's own columns tell: spend by channel, and what each segment buys more of than all customers do."""

import pandas as pd
from matplotlib.figure import Figure

from crmresearch.data.spend_by import MOST, Role, mixes, pooled, spend_by, totals
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
    """Share of each channel in the spend of all customers and of each segment; empty where there are no segments."""
    if story.fitted(EIGHT) is None:
        return pd.DataFrame()
    kept, others = _capped(story, spend)
    labels = story.labels(EIGHT)
    segment = kept["customer"].map(story.segments(EIGHT).astype(str)).map(labels)
    sums = kept.pivot_table(index="item", columns=segment, values="spend", aggfunc="sum", fill_value=0)
    order = list(totals(kept, others)["item"])
    sums = sums.reindex(order)[[label for label in labels.values() if label in sums]]
    shares = sums.div(sums.sum()).rename_axis(columns=None)
    shares.insert(0, "all_customers", sums.sum(axis=1) / sums.to_numpy().sum())
    return shares.rename_axis("channel").reset_index()


def channel_sentences(story: CustomerStory, spend: pd.DataFrame) -> list[str]:
    """How much came by the largest channel, who bought in several channels, and which segments differ by channel."""
    table, used = channels(story, spend), spend.groupby("customer").agg(items=("item", "size"), spend=("spend", "sum"))
    several = used["items"] > 1
    facts = {"channels": spend["item"].nunique(), "share": table["share"].iloc[0], "channel": table["channel"].iloc[0]}
    told = [story.say("customers.channel_largest", **facts)]
    if (without := len(story.table.frame) - len(used)) > 0:
        told.append(story.say("customers.channel_without", customers=without))
    if several.any() and not several.all():
        facts = {"customers": several.mean(), "share": used["spend"][several].sum() / used["spend"].sum()}
        facts |= {"mean": used["spend"][several].mean(), "one": used["spend"][~several].mean()}
        told += [story.say("customers.channel_several", **facts), story.say("customers.channel_chances")]
    elif not several.any():
        told.append(story.say("customers.channel_single"))
    return told


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
    return story.named(top[["segment", *LIFT]], segment=story.labels(EIGHT).__getitem__)


def lift_sentences(story: CustomerStory, found: pd.DataFrame, role: Role) -> list[str]:
    """What segments spend a larger or smaller part on than all customers do, beyond chance; else that nothing is."""
    what = story.say(f"word.{role}")
    if found.empty:
        return [story.say("customers.no_profile", method=story.method_name(EIGHT))]
    tested = found["p"].notna()
    if not tested.any():
        return [story.say("customers.lift_few", what=what)]
    shown = found.groupby("segment", sort=False).head(MOST if role == "channel" else TOP_ITEMS)
    differ = shown[shown["told"]].sort_values("lift", ascending=False, kind="stable")
    facts = {"tests": int(tested.sum()), "what": what}
    told = []
    for key, rows in (("more", differ[differ["lift"] > 1]), ("less", differ[differ["lift"] < 1].iloc[::-1])):
        if len(rows):
            names = [_lift_named(story, row) for row in rows.head(NAMED).itertuples()]
            told.append(story.say(f"customers.lift_{key}", items=story.listed(names), count=len(rows), **facts))
    return told or [story.say("customers.lift_none", **facts)]


def _lift_named(story: CustomerStory, row: object) -> str:
    names = ("item", "lift", "ci_lower", "ci_upper")
    item, lift, lower, upper = (getattr(row, name) for name in names)
    segment = story.labels(EIGHT)[getattr(row, "segment")]  # noqa: B009
    return story.say("customers.lift", item=item, segment=segment, lift=lift, lower=lower, upper=upper)


def shortest(story: CustomerStory, portfolio: pd.DataFrame, most: int = MOST) -> pd.DataFrame:
    """The first rows of `category_portfolio`, and the shares of all others summed in a last one."""
    if len(portfolio) <= most:
        return portfolio
    rest = portfolio[most:]
    row = pd.DataFrame({"category": [_others(story, len(rest))], "share": [rest["share"].sum()]})
    return pd.concat([portfolio[:most], row], ignore_index=True)
