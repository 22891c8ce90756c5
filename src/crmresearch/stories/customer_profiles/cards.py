"""A card a segment: its numbers, what it buys and when, who it is, what it needs, what is not known, one action."""

from crmresearch.report.show.cards import Card, Cards, show_cards
from crmresearch.stories.customer_profiles.story import NAMED, ProfilesStory


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
        if kind == "items":
            told = story.listed([story.say("card.item", row) for row in found.itertuples()])
        else:
            told = apart(story.differences("profiles.difference", found.head(NAMED)))
        rows[kind] = told if len(found) else story.say("card.as_others")
    if one.stage:
        rows["stage"] = story.say("card.stage", one.row, stage=story.text(one.stage))
    missing = [story.say(f"missing.{kind}") for kind in one.missing]
    last = (story.say("card.missing"), story.listed(missing) if missing else "")
    action = (story.say("card.action"), story.text(story.portrait.actions.get(key, {"en": ""})))
    headed = tuple((story.say(f"card_row.{kind}"), text) for kind, text in rows.items())
    return Card(name, numbers, headed, action, last)
