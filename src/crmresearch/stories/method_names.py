"""What readers call a method: its own label, or the name of a single number it is compared with."""

from collections.abc import Sequence

from crmresearch.segmentation.contract import Segmenter
from crmresearch.segmentation.registry import variant
from crmresearch.stories import TEXTS


def method_name(key: str, language: str = "en", methods: Sequence[Segmenter] = ()) -> str:
    """The name of a row of scores: the label of the method with this key, first of those in `methods`, then of those
    registered; else the text `method.<key>`, else the key as words."""
    method = next((method for method in methods if method.name == key), None) or variant(key)
    if method is not None:
        return method.label.get(language, method.label["en"])
    return TEXTS.say(f"method.{key}", language) if f"method.{key}" in TEXTS.catalogue("en") else key.replace("_", " ")
