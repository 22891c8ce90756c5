"""A card a segment: its numbers, what it buys and when, who it is, what it needs, what is not known, one action."""

from typing import Any

from crmresearch.report.show.cards import Card, Cards, show_cards
from crmresearch.segmentation.methods.life_cycle import LifeCycle
from crmresearch.stories.customer_profiles.story import NAMED, ProfilesStory

STAGES = {stage.key: stage.label for stage in LifeCycle().segments}


def cards(story: ProfilesStory) -> Cards:
    """The cards of all segments, in the order of the segmentation, those too small to describe last."""
    return show_cards([_card(story, key) for key in (*story.portrait.described, *story.portrait.few)])


def _card(story: ProfilesStory, key: str) -> Card:
    one, name = story.portrait.persona(key), story.segment(key)
    numbers = tuple((story.say(f"card.{key}", one.row), story.say(f"card_what.{key}", one.row)) for key in one.numbers)
    if one.row["few"]:
        return Card(name, numbers, missing=(story.say("card.few"), story.say("card.too_few")), faint=True)
    apart = story.texts.written("list.comma_apart", story.language).join
    rows = {"buys": apart([story.say(f"card.{habit}", one.row) for habit in one.habits])}
    for kind, found in one.told.items():
        tell, join = (_item, story.listed) if kind == "items" else (ProfilesStory.difference, apart)
        told = [tell(story, row) for row in found.head(NAMED).itertuples()]
        rows[kind] = join(told) if told else story.say("card.as_others")
    if one.row.notna()["stage"]:
        rows["stage"] = story.say("card.stage", one.row, stage=story.text(STAGES[one.row["stage"]]))
    missing = story.sentences("missing.", *one.missing)
    last = (story.say("card.missing"), story.listed(missing) if missing else "")
    action = (story.say("card.action"), story.text(story.portrait.actions.get(key, {"en": ""})))
    return Card(
        name, numbers, tuple((story.say(f"card_row.{kind}"), text) for kind, text in rows.items()), action, last
    )


def _item(story: ProfilesStory, row: Any) -> str:
    return story.say("card.item", row)
