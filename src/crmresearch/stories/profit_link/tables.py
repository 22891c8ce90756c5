"""The reader's tables of what followed from loyalty."""

import numpy as np
import pandas as pd

from crmresearch.stories.profit_link.story import ProfitLinkStory
from crmresearch.stories.side_by_side import side_by_side
from crmresearch.strategy.profit_link import CHANGE, LEVELS

DIGITS = {"change": 1, "ci_lower": 1, "planted": 1}
SHARES = ("share", "ci_lower", "ci_upper")


def effects(story: ProfitLinkStory) -> pd.DataFrame:
    """Every effect in per cent with its interval: outcome, control, measure, change, ci_lower, ci_upper, p_value."""
    table = story.link.effects
    shown = table[["outcome", "control", "measure"]].copy()
    shown[["change", "ci_lower", "ci_upper"]] = 100 * table[list(CHANGE)]
    shown["p_value"] = table["p_value"]
    if story.planted:
        shown["planted"] = 100 * np.expm1(shown["outcome"].map(story.planted).where(shown["control"] == "none"))
    return story.named(shown, outcome="outcome", control="control", measure="measure")


def value(story: ProfitLinkStory) -> pd.DataFrame:
    """Share of every level of value within each level of satisfaction, in per cent with its interval, and customers."""
    cells = story.link.cells.iloc[::-1]  # the most satisfied first
    cells = cells.assign(value="value_" + cells["value"], **{name: 100 * cells[name] for name in SHARES})
    shares = side_by_side(cells, ["satisfaction"], "value", SHARES, [f"value_{level}" for level in LEVELS])
    customers = shares["satisfaction"].map(cells.groupby("satisfaction")["customers"].sum())
    shares.insert(1, "customers", customers)
    return story.named(shares, satisfaction="level")
