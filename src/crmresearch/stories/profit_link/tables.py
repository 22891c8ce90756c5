"""The reader's tables of what followed from loyalty."""

import numpy as np
import pandas as pd

from crmresearch.stories.profit_link.story import ProfitLinkStory
from crmresearch.strategy.profit_link import LEVELS

DIGITS = {"change": 1, "ci_lower": 1, "planted": 1}


def effects(story: ProfitLinkStory) -> pd.DataFrame:
    """Every effect in per cent with its interval: outcome, control, measure, change, ci_lower, ci_upper, p_value."""
    table = story.link.effects
    ends = {"change": "change", "ci_lower": "change_lower", "ci_upper": "change_upper"}
    shown = table[["outcome", "control", "measure"]].assign(
        **{name: 100 * table[column] for name, column in ends.items()}, p_value=table["p_value"]
    )
    if story.planted:
        known = shown["outcome"].map(story.planted).where(shown["control"] == "none")
        shown["planted"] = 100 * np.expm1(known)
    return story.named(shown, outcome="outcome", control="control", measure="measure")


def value(story: ProfitLinkStory) -> pd.DataFrame:
    """Share of every level of value within each level of satisfaction, in per cent with its interval, and customers."""
    cells = story.link.cells
    order = [level for level in reversed(LEVELS) if level in set(cells["satisfaction"])]
    rows = [
        {
            "satisfaction": story.say(f"level.{level}"),
            "customers": int(part["customers"].sum()),
            **{
                f"value_{row.value}{end}": 100 * number
                for row in part.itertuples()
                for end, number in (("", row.share), ("_range_lower", row.ci_lower), ("_range_upper", row.ci_upper))
            },
        }
        for level in order
        for part in [cells[cells["satisfaction"] == level]]
    ]
    return pd.DataFrame(rows)
