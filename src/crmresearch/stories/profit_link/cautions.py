"""What must be known before a link of loyalty and profit is believed, as one table of sentences, gravest first."""

import numpy as np
import pandas as pd

from crmresearch.stories.profit_link.story import ProfitLinkStory
from crmresearch.stories.story import caution_table
from crmresearch.strategy.profit_link import OUTCOMES

RELIABLE, MATCHED, FEW = 0.7, 0.8, 100  # Nunnally (1978); share of respondents who are joined; customers
NOTES = {"simulated", "negative"}


def link_warnings(story: ProfitLinkStory) -> pd.DataFrame:
    """All warnings: subject, code, severity, quantity, message."""
    link, both, facts = story.link, story.both, story.facts
    flagged, left_out = story.careless
    found: dict[str, dict[str, bool]] = {
        "link": {"few": link.customers < FEW, "simulated": bool(story.planted)},
        "answers": {
            "unknown_reliability": bool(np.isnan(link.reliability)),
            "unreliable": link.reliability < RELIABLE,
            "careless": flagged > 0 and not left_out,
        },
        "purchases": {
            "unmatched": facts["share"] < MATCHED,
            "short_after": both.days_after < both.days,
            "short_before": both.known_before < both.days,
            "negative": facts["negative"] > 0,
            "no_forecast": not story.outlook.value,
        },
    }
    rows = {
        subject: [
            story.caution(f"link_caution.{code}", "note" if code in NOTES else "weak")
            for code, holds in codes.items()
            if holds
        ]
        for subject, codes in found.items()
    }
    same = [story.say(f"outcome_of.{outcome}") for outcome in OUTCOMES if link.effect(outcome) is None]
    rows["purchases"] += [story.caution("link_caution.constant", "weak", outcome=outcome) for outcome in same]
    return caution_table(story, rows)
