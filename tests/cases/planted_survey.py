"""A survey that nobody was asked, with planted answers, as files of a data set."""

from collections.abc import Mapping, Sequence
from typing import Any


def planted_codebook(constructs: Mapping[str, Sequence[str]], groups: Mapping[str, Any]) -> dict[str, Any]:
    """The codebook of items on 1 to 10, by their constructs, and of groups."""
    return {
        **dict.fromkeys(("key", "source", "citation", "licence", "how_to_get"), "planted"),
        "title": {"en": "A planted survey"},
        "about": {"en": "Nobody was asked."},
        "file": "planted.csv",
        "committed": False,
        "missing_codes": [],
        "items": {name: {"text": {"en": name}, "min": 1, "max": 10} for of in constructs.values() for name in of},
        "constructs": {key: list(of) for key, of in constructs.items()},
        "groups": dict(groups),
    }
