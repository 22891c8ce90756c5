"""What must be known before a link of loyalty and profit is believed, as one table of sentences, gravest first."""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from crmresearch.stories.profit_link.story import ProfitLinkStory
from crmresearch.stories.story import Row, caution_table

RELIABLE, MATCHED, FEW = 0.7, 0.8, 100  # Nunnally (1978); share of respondents who are joined; customers


def link_warnings(story: ProfitLinkStory) -> pd.DataFrame:
    """All warnings: subject, code, severity, quantity, message."""
    parts = {"link": _of_link(story), "answers": _of_answers(story), "purchases": _of_purchases(story)}
    return caution_table(story, parts)


def _of_link(story: ProfitLinkStory) -> Iterator[Row]:
    if story.link.customers < FEW:
        yield story.caution("link_caution.few", "weak", count=story.link.customers)
    if story.planted:
        yield story.caution("link_caution.simulated", "note")


def _of_answers(story: ProfitLinkStory) -> Iterator[Row]:
    reliability, loyalty = story.link.reliability, story.facts["loyalty"]
    flagged, left_out = story.careless
    if np.isnan(reliability):
        yield story.caution("link_caution.unknown_reliability", "weak", loyalty=loyalty)
    elif reliability < RELIABLE:
        yield story.caution("link_caution.unreliable", "weak", loyalty=loyalty, reliability=reliability)
    if flagged and not left_out:
        yield story.caution("link_caution.careless", "weak", count=flagged, respondents=story.complete.rows_used)


def _of_purchases(story: ProfitLinkStory) -> Iterator[Row]:
    linked, both = story.both.linked, story.both
    share = len(linked.customers) / linked.respondents
    if share < MATCHED:
        yield story.caution("link_caution.unmatched", "weak", share=share, respondents=linked.respondents)
    if both.days_after < both.days:
        yield story.caution("link_caution.short_after", "weak", known=both.days_after, days=both.days)
    if both.known_before < both.days:
        yield story.caution("link_caution.short_before", "weak", known=both.known_before, days=both.days)
    if negative := int((both.after["profit"] < 0).sum()):
        yield story.caution("link_caution.negative", "note", count=negative)
    for outcome in ("purchases", "profit"):
        if story.link.effect(outcome) is None:
            yield story.caution("link_caution.constant", "weak", outcome=story.say(f"outcome_of.{outcome}"))
    if not story.outlook.value:
        yield story.caution("link_caution.no_forecast", "weak", reason=story.outlook.failure)
