"""What the shipped methods say of themselves and of their segments, by language: the texts of `en.yaml` beside it."""

from functools import cache
from pathlib import Path
from typing import Any

from crmresearch.segmentation.contract import Segment, Text
from crmresearch.texts import Texts

TEXTS = Texts(Path(__file__).parent)


def told(key: str, **facts: Any) -> Text:
    """The text of this key in every language that has it; a fact that is a text by language is told in each."""
    return TEXTS.in_languages(key, **facts)


@cache  # a refit asks for its segments again
def named_segment(key: str, name: str = "", other: bool = False, **facts: int | str) -> Segment:
    """The segment of this key, called by the text `segment.<name>`, by default that of its key."""
    return Segment(key, told(f"segment.{name or key}", **facts), other)
