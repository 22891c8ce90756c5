"""The reader's tables of what is expected of customers today."""

import pandas as pd

from crmresearch.segmentation.contract import Segmenter
from crmresearch.segmentation.customer_profiles import campaign_list
from crmresearch.stories.campaign import advised
from crmresearch.stories.customer_today.story import NAMED, TodayStory


def horizon_headings(story: TodayStory) -> dict[str, str]:
    """Headings of what is expected in each horizon."""
    return {
        f"expected_{what}_{months}": story.say(f"horizon.{what}_{story.money}", months=months)
        for months in story.outlook.days
        for what in ("purchases", "value")
    }


def customer_list(story: TodayStory) -> pd.DataFrame:
    """`campaign_list` with what is expected in every horizon, the next purchase, who is late, and one advice."""
    digits = {"monetary_total": 2, "recency": 0} | ({"p_alive": 4} if story.outlook.alive_identified else {})
    digits |= {f"expected_{what}_{m}": d for m in story.outlook.days for what, d in (("purchases", 3), ("value", 2))}
    table = advised(story, campaign_list(story.customers, story.methods, digits), story.fitted(NAMED))
    late = story.overdue["overdue_days"].round(1).reindex(story.customers.index)
    half = story.customers.index.isin(story.half).astype(int)
    return table.assign(next_day=story.outlook.next_day().to_numpy(), overdue_days=late.to_numpy(), half=half)


def expected(story: TodayStory, grouping: str) -> pd.DataFrame:
    """Each sum of a grouping with its interval, everybody first; P(alive) where it is identified."""
    chosen = story.totals[story.totals["grouping"].isin(["all", grouping])]
    cells = [f"{t.estimate:,.0f}\u00a0({t.ci_lower:,.0f}–{t.ci_upper:,.0f})" for t in chosen.itertuples()]
    table = chosen.assign(cell=cells).pivot_table("cell", ["group", "customers"], "quantity", "first", sort=False)
    table = table.drop(columns=[] if story.outlook.alive_identified else "p_alive", errors="ignore")
    table = table.rename_axis(columns=None).reset_index(names=["segment", "customers"])
    return story.named(table, segment=story.labels(grouping).__getitem__)


def segment_table(story: TodayStory, method: Segmenter) -> pd.DataFrame:
    """Each segment: customers, spend, days since the last purchase (median), what is expected, what to do."""
    known = story.customers.groupby(story.groupings[method.name], observed=False)
    table = pd.DataFrame({"customers": known.size(), "spend": known["monetary_total"].sum()})
    table = table.assign(last_days=known["recency"].median()).rename_axis("segment").reset_index()
    table = story.named(table, segment=story.labels(method.name).__getitem__)
    if len(story.totals):
        sums = expected(story, method.name).iloc[1:].filter(regex="segment|expected_value")
        table = table.merge(sums, on="segment", how="left")
    advice = [story.text(method.advice.get(segment.key, {"en": "–"})) for segment in method.segments]
    return table.assign(strategy=advice) if method.name == NAMED else table


def next_table(story: TodayStory) -> pd.DataFrame:
    """Customers and their expected value by the days until they have bought again as likely as not."""
    table = story.outlook.by_next_day().rename(columns={"expected_value": f"expected_value_{story.facts['months']}"})
    ends = zip(table["low"], table["high"], strict=True)
    named = [story.say("group.days" if pd.notna(high) else "group.later", low=low, high=high) for low, high in ends]
    return table.drop(columns=["low", "high"]).assign(next=named).set_index("next").reset_index()


def overdue_table(story: TodayStory) -> pd.DataFrame:
    """The customers who are late: own rhythm, silence, P(alive) and what is expected of them."""
    alive = ["p_alive"] if story.outlook.alive_identified else []
    shown = ["customer", "frequency", "gap_mean", "recency", "overdue_days", *alive]
    frame = story.overdue.rename_axis("customer").reset_index()
    return frame[[*shown, *frame.columns.intersection([f"expected_value_{story.facts['months']}"])]]
