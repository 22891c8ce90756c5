"""A card a segment: its numbers, what it buys and when, who it is, what it needs, what is not known, one action."""

from typing import Any

import pandas as pd

from crmresearch.report.show.cards import Card, Cards, show_cards
from crmresearch.segmentation.methods.life_cycle import LifeCycle
from crmresearch.stories.customer_profiles.story import NAMED, ProfilesStory
from crmresearch.stories.story import interval

GROUPS = {"when": ("when",), "first": ("first",), "who": ("attribute",), "needs": ("need",)}


def cards(story: ProfilesStory) -> Cards:
    """The cards of all segments, in the order of the segmentation, those too small to describe last."""
    return show_cards(
        [_card(story, row) for row in story.portrait.facts.sort_values("few", kind="stable").itertuples()]
    )


def _card(story: ProfilesStory, row: Any) -> Card:
    name = story.segment(row.segment)
    share = story.tell("card.customers", share=row.share)
    numbers: list[tuple[str, str]] = [(story.tell("card.count", count=row.customers), share)]
    if row.few:
        return Card(name, tuple(numbers), missing=(story.say("card.few"), story.tell("card.too_few")), faint=True)
    if pd.notna(row.spend_share):
        numbers.append((story.tell("card.part", part=row.spend_share), story.say("card.spend_share")))
    if pd.notna(row.expected):
        known = "interval" if pd.notna(row.ci_lower) else "value"
        facts = {"expected": row.expected, **interval(row)}
        numbers.append((story.tell(f"card.expected_{known}", **facts), story.tell("card.expected")))
    lacking = story.portrait.missing(row.segment)
    rows = [("buys", _joined(story, _rhythm(story, row)))]
    rows += [] if "items" in lacking else [("items", _items(story, row.segment))]
    for key, groups in GROUPS.items():
        if not story.portrait.features.of(*groups) or (key == "needs" and "answers" in lacking):
            continue
        found = [
            story.difference(one) for one in story.portrait.named_of(row.segment, *groups).head(NAMED).itertuples()
        ]
        if found or key != "first":
            rows.append((key, _joined(story, found) if found else story.say("card.as_others")))
    if pd.notna(row.stage):
        stage = next(segment for segment in LifeCycle().segments if segment.key == row.stage)
        rows.append(("stage", story.say("card.stage", stage=story.text(stage.label), share=row.stage_share)))
    told = tuple((story.say(f"card_row.{key}"), text) for key, text in rows)
    missing = story.listed([story.say(f"missing.{key}") for key in lacking]) if lacking else ""
    action = (story.say("card.action"), story.action(row.segment))
    return Card(name, tuple(numbers), told, action, (story.say("card.missing"), missing))


def _rhythm(story: ProfilesStory, row: Any) -> list[str]:
    """When they last bought, how often, and what they have spent."""
    keys = ["last", "every" if pd.notna(row.gap) else "", "once" if row.once > 0 else "", "spend"]
    facts = {"recency": row.recency, "gap": row.gap, "once": row.once, "spend": row.spend}
    return [story.tell(f"card.{key}", **facts) for key in keys if key]


def _items(story: ProfilesStory, segment: str) -> str:
    """What they spend a larger part on than all customers do, beyond chance."""
    own = story.portrait.bought
    own = own[(own["segment"] == segment) & own["told"].astype(bool) & (own["lift"] > 1)]
    most = own.sort_values("lift", ascending=False, kind="stable").head(NAMED).itertuples()
    found = [story.say("card.item", item=one.item, lift=one.lift) for one in most]
    return story.listed(found) if found else story.say("card.as_others")


def _joined(story: ProfilesStory, words: list[str]) -> str:
    """Words one after the other, apart more clearly than those of a sentence."""
    return story.texts.written("list.comma_apart", story.language).join(words)
