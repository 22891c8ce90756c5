"""The lines left out of a file, and for every rule the one to look at: its line and the cell that must be mended."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import ibis
import ibis.expr.types as ir
import pandas as pd

from crmresearch.data.transactions.codebook import TransactionsCodebook
from crmresearch.data.transactions.counts import label
from crmresearch.data.transactions.files import is_one_text, numbered_rows
from crmresearch.data.transactions.lines import typed_lines
from crmresearch.data.transactions.times import LocalTimes

_SHOWN = {"copy": ("time", "amount"), "customer": ("customer",), "amount": ("amount", "quantity")}
_SHOWN |= {"currency": ("currency",), "further": ("order", "amount")}
_SHOWN |= {"return": _SHOWN["amount"]}
_BLANKS = " \t\n\r\v\f"  # what engines strip
_ = ibis._

Cells = tuple[str | None, ...]


def lines_left_out(
    opened: ir.Table, lines: ir.Table, codebook: TransactionsCodebook, local: LocalTimes, last: date
) -> ir.Table:
    """Every line left out: `rule`, then `customer`, `time`, `amount` (and `quantity`, where that is multiplied).

    As the file writes them: text without outer blanks, null where empty. `opened` is the file as it is, `lines` the
    one `local` is of, which is without copies where they are dropped.
    """
    roles = _roles(codebook)
    copies = []
    if lines is not opened:
        name = f"{max(opened.columns, key=len)}_number"
        number = ibis.row_number().over(group_by=opened.columns, order_by=opened.columns[0])
        again = opened.mutate(number.name(name)).filter(_[name] > 0)
        written = {role: _written(again[column]) for role, column in roles.items()}
        copies = [again.select(rule=ibis.literal("copy"), **written)]
    named = {f"written_{role}": _written(lines[column]) for role, column in roles.items()}
    typed = typed_lines(lines, codebook, local, last, named)
    found = typed.filter(_.rule.notnull()).select("rule", **{role: _[f"written_{role}"] for role in roles})
    return ibis.union(found, *copies) if copies else found


def examples(left_out: ir.Table, codebook: TransactionsCodebook, path: Path) -> dict[str, str]:
    """Rule → one of the lines it left out, such as "line 7: when is 'yesterday'": the smallest value in the alphabet.

    Lines of a table have no numbers and no order: only in a text file is the first line with these cells looked for.
    """
    roles = _roles(codebook)
    cells: dict[str, Cells] = {}
    for rule in sorted(left_out.select("rule").distinct().execute()["rule"]):
        order = [*_shown(rule, codebook), *(role for role in roles if role not in _shown(rule, codebook))]
        lines = left_out.filter(_.rule == rule).order_by(*order).limit(1).execute()
        cells[rule] = tuple(None if lines[role].isna()[0] else str(lines[role][0]) for role in roles)
    numbers = _line_numbers(cells, codebook, path) if is_one_text(codebook, path) else {}
    told = {}
    for rule, line in cells.items():
        of_role = dict(zip(roles, line, strict=True))
        words = [f"{roles[role]} is {_quoted(of_role[role])}" for role in _shown(rule, codebook)]
        if rule in numbers:
            where = f"line {numbers[rule]}: "
        else:
            where = "" if rule == "customer" else f"customer {_quoted(of_role['customer'])}: "
        told[rule] = where + ", ".join(words)
    return told


def every_line(left_out: ir.Table, codebook: TransactionsCodebook, path: Path) -> Iterator[str]:
    """Every line left out and its rule, in the order of a text file with its number, else in that of the cells."""
    roles = _roles(codebook)
    found = left_out.select("rule", *roles).order_by("rule", *roles).execute()
    cells = ((rule, line) for rule, *line in found.itertuples(index=False, name=None))
    rows = [(rule, tuple(None if pd.isna(cell) else str(cell) for cell in line)) for rule, line in cells]
    if not is_one_text(codebook, path):
        yield from (f"{_words(line, roles)} ({label(rule, codebook)})" for rule, line in rows)
        return
    wanted, before = {line: rule for rule, line in rows if rule != "copy"}, set()
    copies = any(rule == "copy" for rule, _ in rows)
    for number, row, line in _numbered(codebook, path):
        rule = "copy" if copies and tuple(row) in before else wanted.get(line)
        if copies:
            before.add(tuple(row))
        if rule:
            yield f"line {number}: {_words(line, roles)} ({label(rule, codebook)})"


def _words(line: Cells, roles: dict[str, str]) -> str:
    return ", ".join(f"{column} is {_quoted(cell)}" for column, cell in zip(roles.values(), line, strict=True))


def _roles(codebook: TransactionsCodebook) -> dict[str, str]:
    """Role → column, of the columns that decide which rule leaves a line out."""
    names = codebook.columns.named()
    deciding = ["customer", "time", "amount", *(["quantity"] if codebook.amount_per == "unit" else [])]
    deciding += [role for role in ("currency", "refund") if role in names]
    deciding += ["order"] if codebook.amount_per == "order" else []
    roles = {role: names[role] for role in deciding}
    return roles | {f"left_out_{i}": name for i, name in enumerate(codebook.leave_out) if name not in roles.values()}


def _shown(rule: str, codebook: TransactionsCodebook) -> list[str]:
    roles = _roles(codebook)
    if rule == "left_out":
        return [role for role, name in roles.items() if name in codebook.leave_out]
    return [role for role in _SHOWN.get(rule, ("time",)) if role in roles]


def _written(column: ir.Value) -> ir.StringValue:
    return column.cast("string").strip().nullif("")


def _quoted(cell: str | None) -> str:
    return "empty" if cell is None else repr(cell)


def _line_numbers(cells: dict[str, Cells], codebook: TransactionsCodebook, path: Path) -> dict[str, int]:
    """Rule → number of the first line with these cells. A copy has none: its first line is the one that was kept."""
    wanted = {line: rule for rule, line in cells.items() if rule != "copy"}
    numbers: dict[str, int] = {}
    for number, _row, line in _numbered(codebook, path):
        if rule := wanted.pop(line, None):
            numbers[rule] = number
        if not wanted:
            break
    return numbers


def _numbered(codebook: TransactionsCodebook, path: Path) -> Iterator[tuple[int, list[str], Cells]]:
    """Number, cells, and the cells that decide, of every line of a text file that has any."""
    rows = numbered_rows(codebook, path)
    header = [name.strip() for name in next(rows)[1]]
    places = [header.index(column) for column in _roles(codebook).values()]
    for number, row in rows:
        yield number, row, tuple(row[place].strip(_BLANKS) or None for place in places)
