"""What readers call a method: its name in words, with the number of segments where a method can have any."""

import re

from crmresearch.segmentation.registry import title_of
from crmresearch.stories import TEXTS


def method_name(key: str, language: str = "en") -> str:
    """The name of a method's key: `method.<key>`, else `method.<stem>_k` with its number, else the title the method
    gives itself, else the key as words."""
    if f"method.{key}" in TEXTS.catalogue("en"):
        return TEXTS.say(f"method.{key}", language)
    sized = re.fullmatch(r"(.+)_(\d+)", key)
    if sized and f"method.{sized[1]}_k" in TEXTS.catalogue("en"):
        return TEXTS.say(f"method.{sized[1]}_k", language, k=sized[2])
    title = title_of(key)
    return title.get(language, title["en"]) if title else key.replace("_", " ")
