"""What a reader must know before believing a result: one noun for every engine, gravest first."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Literal

Severity = Literal["inadmissible", "unidentified", "weak", "note"]
RANK: dict[Severity, int] = {"inadmissible": 0, "unidentified": 1, "weak": 2, "note": 3}
SMALL_NUMBER = 30  # customers; a group of fewer is too small to speak about


@dataclass(frozen=True)
class Caution:
    """One caution: a code, how grave it is, the quantity it is about and the facts its sentence names."""

    code: str
    severity: Severity
    quantity: str
    facts: dict[str, Any] = field(default_factory=dict)


def gravest_first(cautions: Iterable[Caution]) -> tuple[Caution, ...]:
    """The cautions in order of severity, those of one severity in the order they came."""
    return tuple(sorted(cautions, key=lambda caution: RANK[caution.severity]))
