"""The tables of what is unusual: which columns a reader sees, with names instead of keys."""

import pandas as pd

from crmresearch.report.show.number_format import told_cases
from crmresearch.stories.unusual_purchases.story import UnusualStory, of_list

SHOWN = ["reason", "cause", "as_rare"]


def unusual(story: UnusualStory, name: str) -> pd.DataFrame:
    """The list of orders, customers or days for readers; `of_list` has every number."""
    table = of_list(story, name)
    return table.assign(as_rare=[told_cases(number) for number in table["as_rare"]])[SHOWN]


def full_list(story: UnusualStory) -> pd.DataFrame:
    """Everything listed in one file: list, customer, order, day, reason, cause, p_value, as_rare; the rarest first."""
    parts = []
    for name in ("orders", "customers", "days"):
        rows = of_list(story, name).assign(list=name)
        parts.append(rows.reindex(columns=["list", "customer", "order", "day", *SHOWN, "p_value"]))
    parts = [part.astype("object") for part in parts if len(part)]
    columns = ["list", "customer", "order", "day", *SHOWN, "p_value"]
    together = pd.concat(parts) if parts else pd.DataFrame(columns=columns)
    days = [day.date().isoformat() if pd.notna(day) else "" for day in together["day"]]
    return together.assign(day=days).sort_values("p_value", kind="stable", ignore_index=True)


def summary(story: UnusualStory) -> pd.DataFrame:
    """Of each list: judged, listed, by chance, most by chance, share of the money."""
    table = story.found.summary[["list", "judged", "listed", "expected", "most", "share"]]
    return story.named(table, list=story.kind)


def without(story: UnusualStory) -> pd.DataFrame:
    """What was paid with and without those listed."""
    return story.named(
        story.found.without, left_out=lambda name: story.say(f"left_out.{name}", unit=story.facts["unit"])
    )
