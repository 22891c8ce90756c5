"""What the front door computes: one list of quantities, of which README's table is made (`python -m` this module)."""

import re
from pathlib import Path
from typing import NamedTuple

import yaml

from crmresearch.references import known

_TABLE = re.compile(r"\|  \| `crm\.` \|.*?\n(?!\|)", re.DOTALL)


class Computed(NamedTuple):
    """One quantity: its name at the front door and group, what it gives, keys of its sources, and what holds it."""

    name: str
    group: str
    gives: str
    sources: list[str]
    checked: str


def computed() -> list[Computed]:
    """Every quantity, group by group."""
    text = Path(__file__).with_suffix(".yaml").read_text(encoding="utf-8")
    return [Computed(**entry) for entry in yaml.safe_load(text)]


def table() -> str:
    """The quantities as a table in Markdown, a line each."""
    rows = [("", "`crm.`", "gives", "source", "checked against, largest difference"), ("---",) * 5]
    group = ""
    for one in computed():
        sources = "; ".join(known()[key].cited(narrative=True) for key in one.sources)
        rows.append(("" if one.group == group else one.group, f"`{one.name}`", one.gives, sources, one.checked))
        group = one.group
    return "".join(f"| {' | '.join(row)} |\n" for row in rows)


def with_table(readme: str) -> str:
    """The text with its table of quantities made anew."""
    return _TABLE.sub(lambda _: table(), readme)


if __name__ == "__main__":
    path = Path("README.md")
    path.write_text(with_table(path.read_text(encoding="utf-8")), encoding="utf-8")
