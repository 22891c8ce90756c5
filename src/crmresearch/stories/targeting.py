"""What targeting by a segmentation leaves at a margin and a cost of a contact, in sentences."""

import pandas as pd

from crmresearch.data.margins import Margins
from crmresearch.stories import TEXTS
from crmresearch.stories.margins import at_margins
from crmresearch.stories.story import interval, verdict

DIGITS = {"captured": 2, "contacted": 2, "profit": 0, "targeted": 0, "everybody": 0, "gained": 0, "ci_lower": 0}
HARDLY = 0.05  # of what contacting everybody leaves: less gained than that is told as hardly worth it


def targeting_sentences(
    row: pd.Series, margins: Margins, cost: float, currency: str, name: str, language: str
) -> list[str]:
    """Whether contacting the segments that pay leaves more than contacting everybody, and what that is not.

    `row`: that of the segmentation to use in a `targeting` table; `name`: what readers call it.
    """
    if cost == 0:
        return [TEXTS.say("targeting.free", language)]
    facts = {
        "margins": at_margins(margins, language),
        "cost": cost,
        "currency": currency,
        "method": name,
        "contacted": row["contacted"],
    }
    facts |= {"profit": row["targeted"], "everybody": row["everybody"], "gained": row["gained"]}
    outcome: str = verdict(row["ci_lower"], row["ci_upper"])
    if row["contacted"] > 0 and row["targeted"] <= 0:
        outcome = "negative"
    elif row["contacted"] in (0, 1):
        outcome = "all" if row["contacted"] else "nobody"
    elif outcome == "wins" and 0 < row["gained"] < HARDLY * row["everybody"]:
        outcome, facts["share"] = "hardly", row["gained"] / row["everybody"]
    return [TEXTS.say(f"targeting.{outcome}", language, **facts, **interval(row)), uplift(language)]


def uplift(language: str) -> str:
    """That what the best-ranked customers spend is not what a contact earns."""
    return TEXTS.say("targeting.uplift", language)
