"""What the reports found when the index was last built, so that it can say what has changed since.

Of every finished report its headline and its verdict of trust are kept in `reports/.index.json`, those of now and those
of the last build that told something else: building the index once more says the same again.
"""

import json
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any, NamedTuple

from crmresearch import paths

Facts = dict[str, dict[str, Any]]  # by report: title, headline, trust


class Change(NamedTuple):
    """What differs in one report: `kind` is new, headline, trust or gone; `before` or `now` may be None."""

    kind: str
    title: Any
    before: Any
    now: Any


def changes_since_last_build(found: Facts, known: set[str]) -> list[Change]:
    """The changes, and what was `found` kept for the next build; none at the first one.

    A report that is `known` and was not found, because its run failed, is taken to say what it said.
    """
    file = paths.REPORTS / ".index.json"
    kept: dict[str, Facts] = {}
    with suppress(OSError, ValueError, TypeError):
        read = json.loads(file.read_text(encoding="utf-8"))
        kept = {key: facts for key, facts in dict(read).items() if isinstance(facts, dict)}
    last = kept.get("now", found)
    now = {**{name: facts for name, facts in last.items() if name in known}, **found}
    before = kept.get("before", now) if now == last else last
    file.parent.mkdir(parents=True, exist_ok=True)
    with suppress(OSError):  # a full disk: the next build tells nothing, the index stands
        file.write_text(json.dumps({"before": before, "now": now}, ensure_ascii=False, indent=1), encoding="utf-8")
    return list(_changes(before, now))


def _changes(before: Mapping[str, Mapping[str, Any]], now: Mapping[str, Mapping[str, Any]]) -> Iterator[Change]:
    for name, facts in now.items():
        if name not in before:
            yield Change("new", facts["title"], None, facts["headline"])
            continue
        for kind in ("headline", "trust"):
            if before[name].get(kind) != facts[kind]:
                yield Change(kind, facts["title"], before[name].get(kind), facts[kind])
    for name in before:
        if name not in now:
            yield Change("gone", before[name].get("title", name), None, None)
