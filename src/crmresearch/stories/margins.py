"""What margins are in use, in words."""

from crmresearch.data.margins import Margins
from crmresearch.stories import TEXTS

MOST = 6  # categories named with their margin


def at_margins(margins: Margins, language: str) -> str:
    """The margins within a sentence: a margin of 30%, or that they go by category."""
    return TEXTS.say(f"margin.{'several' if margins.named else 'one'}", language, margin=margins.share)


def margins_named(margins: Margins, language: str) -> list[str]:
    """Which margins there are, where they go by category, and what they come to; nothing for one number."""
    if not margins.named:
        return []
    shown = list(margins.named.items())[:MOST]
    named = [TEXTS.say("margin.category", language, category=name, margin=one) for name, one in shown]
    if len(margins.named) > len(shown):
        named.append(TEXTS.say("list.more", language, count=len(margins.named) - len(shown)))
    if margins.default is not None:
        named.append(TEXTS.say("margin.others", language, margin=margins.default))
    return [TEXTS.say("margin.by_category", language, named=TEXTS.listed(named, language), margin=margins.share)]
