"""What a check of a model found, as one sentence: on the page of the checks and on every page with one model."""

from collections.abc import Callable
from typing import Any

from crmresearch.caution import Caution
from crmresearch.stories.story import Story


def facts_of(story: Story, verdict: Caution, name: Callable[[str], str]) -> dict[str, Any]:
    """The facts of a verdict with the `name` of constructs: paths with arrows, pairs and lists in words."""

    def one(kind: str, found: Any) -> str:
        if kind == "pairs":
            return story.say("list.pair", first=name(found[0]), second=name(found[1]))
        return " → ".join(map(name, found)) if isinstance(found, tuple) else name(found)

    told = dict(verdict.facts)
    for key, value in verdict.facts.items():
        if key == "focal":
            told[key] = name(value)
        elif isinstance(value, list):
            told[key] = story.some([one(key, each) for each in value])
    return told


def verdict_of(story: Story, verdict: Caution, name: Callable[[str], str]) -> str:
    """The verdict in one sentence."""
    return story.say(f"check.{verdict.code}", **facts_of(story, verdict, name))
