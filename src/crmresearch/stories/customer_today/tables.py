"""The reader's tables of what is expected of customers today."""

import numpy as np
import pandas as pd

from crmresearch.segmentation.contract import Segmenter
from crmresearch.segmentation.customer_profiles import campaign_list
from crmresearch.stories.customer_today.story import NAMED, TodayStory
from crmresearch.value.contract_outlook import by_renewals


def horizon_headings(story: TodayStory) -> dict[str, str]:
    """Headings of what is expected in each horizon."""
    headings = {
        f"expected_{what}_{months}": story.say(f"horizon.{what}_{story.money}", months=months)
        for months in story.outlook.days
        for what in ("purchases", "value")
    }
    survival = {f"survival_{months}": story.say("horizon.survival", months=months) for months in story.outlook.days}
    return {**headings, **survival}


def customer_list(story: TodayStory) -> pd.DataFrame:
    """`campaign_list` with what is expected in every horizon, the next purchase, who is late, and one advice."""
    digits = {"monetary_total": 2, "recency": 0, "alive": 4, "renewals": 0, "renewal_chance": 4}
    digits |= {f"survival_{months}": 4 for months in story.outlook.days}
    digits |= {f"expected_{what}_{m}": d for m in story.outlook.days for what, d in (("purchases", 3), ("value", 2))}
    digits |= {"residual_payments": 3, "residual_value": 2}
    customers = story.customers.join(story.outlook.alive)
    tags = story.tags.of_customers if story.tags else None
    table = story.advised(campaign_list(customers, story.methods, tags=tags, digits=digits), NAMED)
    late = story.overdue["overdue_days"].round(1).reindex(story.customers.index)
    half = story.customers.index.isin(story.half).astype(int)
    table = table.assign(next_day=story.outlook.next_day().to_numpy(), overdue_days=late.to_numpy(), half=half)
    return story.costed(table.rename(columns={"alive": "p_alive"}))


def sums(story: TodayStory, *groupings: str) -> pd.DataFrame:
    """Each sum with its interval, which no line breaks, by quantity and the keys of the groups."""
    chosen = story.totals[story.totals["grouping"].isin(groupings)]
    ends = [
        f"\u00a0({t.ci_lower:,.0f}–\u2060{t.ci_upper:,.0f})" if pd.notna(t.ci_lower) else ""
        for t in chosen.itertuples()
    ]
    cells = [f"{estimate:,.0f}{end}" for estimate, end in zip(chosen["estimate"], ends, strict=True)]
    table = chosen.assign(cell=cells).pivot(index="quantity", columns="group", values="cell")
    return table.loc[chosen["quantity"].unique(), chosen["group"].unique()].rename_axis(columns=None)


def expected(story: TodayStory) -> pd.DataFrame:
    """What is expected of all, of those who bought again, of whom P(alive) is told if identified, and of the others."""
    table = sums(story, "all", "repeat")
    if story.outlook.contract is None:
        table.loc["p_alive", table.columns != "again"] = np.nan
    if not story.outlook.alive_identified:
        table = table.drop(index="p_alive")
    names = {**story.headings, **horizon_headings(story)}
    return story.named(table.reset_index(), quantity=names.__getitem__)


def contracts(story: TodayStory) -> pd.DataFrame:
    """`by_renewals` of customers under contract; empty where they are not."""
    return by_renewals(story.customers) if story.outlook.contract else pd.DataFrame()


def segment_table(story: TodayStory, method: Segmenter) -> pd.DataFrame:
    """Each segment: customers, spend, days since the last purchase (median), what is expected, what to do."""
    known = story.customers.groupby(story.groupings[method.name], observed=False)
    table = pd.DataFrame({"customers": known.size(), "spend": known["monetary_total"].sum()})
    table = table.assign(last_days=known["recency"].median()).rename_axis("segment")
    if len(story.totals):
        name = f"expected_value_{story.facts['months']}"
        table = table.assign(**{name: sums(story, method.name).loc[name].reindex(table.index)})
    if method.name == NAMED:
        table["strategy"] = [story.text(method.advice[segment.key]) for segment in method.segments]
    return story.named(table[table["customers"] > 0].reset_index(), segment=story.labels(method.name).__getitem__)


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
