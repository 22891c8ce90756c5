"""Cards that describe groups, side by side: a name, numbers, what is known in rows, what is missing, one action."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape


@dataclass(frozen=True)
class Card:
    """One group: its name, numbers (value, what it is), rows (heading, sentences), what is missing, one action.

    `action` and `missing` are a heading and a text, empty for none. `faint` for a group too small to describe.
    """

    name: str
    numbers: tuple[tuple[str, str], ...] = ()
    rows: tuple[tuple[str, str], ...] = ()
    action: tuple[str, str] = ("", "")
    missing: tuple[str, str] = ("", "")
    faint: bool = False

    @property
    def _told(self) -> list[str]:
        pairs = [*self.rows, *(pair for pair in (self.action, self.missing) if pair[1])]
        return [*(f"{what}: {value}" for value, what in self.numbers), *(f"{what}: {text}" for what, text in pairs)]

    def html(self, place: int) -> str:
        """The card as a part of a page; every text is data."""
        numbers = "".join(
            f'<div><span class="value">{escape(value)}</span> <span class="what">{escape(what)}</span></div>'
            for value, what in self.numbers
        )
        rows = "".join(f"<dt>{escape(what)}</dt><dd>{escape(text)}</dd>" for what, text in self.rows)
        parts = [f'<div class="numbers">{numbers}</div>' if numbers else "", f"<dl>{rows}</dl>" if rows else ""]
        for kind, (what, text) in (("action", self.action), ("missing", self.missing)):
            parts.append(f'<p class="{kind}"><strong>{escape(what)}:</strong> {escape(text)}</p>' if text else "")
        return (
            f'<article class="crm-persona{" faint" if self.faint else ""}" aria-labelledby="card-{place}">'
            f'<div class="name" id="card-{place}" role="heading" aria-level="3">{escape(self.name)}</div>'
            f"{''.join(parts)}</article>"
        )


@dataclass(frozen=True, repr=False)
class Cards:
    """Cards side by side, as many as the page is wide for."""

    cards: tuple[Card, ...]

    def __repr__(self) -> str:
        return "\n\n".join("\n".join([card.name, *card._told]) for card in self.cards)

    def _repr_html_(self) -> str:
        return f'<div class="crm-cards">{"".join(card.html(i) for i, card in enumerate(self.cards, 1))}</div>'


def show_cards(cards: Sequence[Card]) -> Cards:
    """The cards in their order."""
    return Cards(tuple(cards))
