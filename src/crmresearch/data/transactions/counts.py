"""Every rule's lines counted: those it leaves out, copies, returns, and times the clock skipped or showed twice."""

from datetime import date
from typing import Any

import ibis
import ibis.expr.datatypes as dt
import ibis.expr.types as ir
import pandas as pd

from crmresearch.data.transactions.codebook import TransactionsCodebook
from crmresearch.data.transactions.times import EARLIEST

FEW_HASHES = 1_000_000  # so many, 8 bytes each, may pass through this process
LABELS = {
    "copy": "exact copy of another line",
    "customer": "no customer id",
    "time": "time missing or not readable",
    "early": f"time before {EARLIEST.year}",
    "future": "time in the future",
    "amount": "amount missing or not a number",
    "currency": "in another currency, or in none that is named",
    "return": "return (negative amount)",
    "zero": "amount of zero",
    "skipped": "local time the clock skipped",
    "repeated": "local time the clock showed twice",
}
NETTED = "netted against spend from the first purchase on, no purchase"
_ = ibis._


@ibis.udf.scalar.builtin(name="hash")  # type: ignore[untyped-decorator]
def _hash(line) -> dt.int64:  # type: ignore[no-untyped-def]
    """The engine's own hash, without sign on DuckDB: `Value.hash` goes through text there."""


def hashed_lines(lines: ir.Table) -> tuple[ir.Table, str]:
    """The lines with a hash of their columns, and the name of that column."""
    name = f"{max(lines.columns, key=len)}_hash"
    line = _hash(ibis.struct({column: lines[column] for column in lines.columns}))
    return lines.mutate((line >> 1).name(name)), name  # 63 bits fit where ibis expects a sign


def count_copies(lines: ir.Table) -> int:
    """Number of lines that repeat another one in every column.

    Grouping whole lines takes more time and memory than grouping their hashes. Lines whose hash another one has are
    compared column by column: the number is exact.
    """
    hashed, name = hashed_lines(lines)
    shared = hashed.group_by(name).having(_.count() > 1).agg()
    few = shared.limit(FEW_HASHES + 1).execute()
    if few.empty:
        return 0
    if len(few) <= FEW_HASHES:  # known, they are not searched for a second time: half the time
        shared = ibis.memtable(few)
    alike = hashed.semi_join(shared, name).group_by(*lines.columns).agg(**{name: _.count() - 1})
    return int(alike[name].sum().fill_null(0).execute())


def label(rule: str, codebook: TransactionsCodebook) -> str:
    """What a rule is called in the counts."""
    return f"time before {codebook.first_day}" if rule == "early" and codebook.first_day else LABELS[rule]


def tally(typed: ir.Table) -> dict[str, dict[str, Any]]:
    """One pass: per rule ("" = kept) the rows, returns, amounts of zero, first and last time, changes of the clock."""
    clocks = ("skipped", "repeated") if "clock" in typed.columns else ()
    kept = typed.rule.isnull()  # other times may be beyond what a data frame can hold
    counted = typed.group_by(rule=typed.rule.fill_null("")).agg(
        rows=_.count(),
        returns=(_.amount < 0).sum(),
        zero=(_.amount == 0).sum(),
        first=typed.time.min(where=kept),
        last=typed.time.max(where=kept),
        **{clock: (_.clock == clock).sum() for clock in clocks},
    )
    frame = counted.execute().set_index("rule")
    whole = frame[["rows", "returns", "zero", *clocks]].fillna(0).astype("int64")
    return {**whole.to_dict(), **frame[["first", "last"]].to_dict()}


def counts_table(
    codebook: TransactionsCodebook, total: int, copies: int, found: dict[str, dict[str, Any]], last: date
) -> pd.DataFrame:
    """Columns rule, rows, treatment, from what `count_copies` and `tally` found."""
    rules, rows = codebook.rules, found["rows"]
    dropped = {rule: (rows.get(rule, 0), "dropped") for rule in ("customer", "time", "early", "future", "amount")}
    if codebook.columns.currency is not None:
        dropped["currency"] = (rows.get("currency", 0), "dropped")
    if not rows.get("early"):
        del dropped["early"]
    dropped["future"] = (rows.get("future", 0), f"dropped: later than {last}")
    table = [
        ("lines in the file", total, ""),
        (LABELS["copy"], copies, "kept" if rules.duplicates == "keep" else "dropped"),
        *((label(rule, codebook), *row) for rule, row in dropped.items()),
        (LABELS["return"], rows.get("return", 0), "dropped")
        if rules.returns == "drop"
        else (LABELS["return"], found["returns"].get("", 0), NETTED),
        (LABELS["zero"], found["zero"].get("", 0), "kept, a purchase"),
    ]
    if "skipped" in found:
        skipped, repeated = (found[clock].get("", 0) for clock in ("skipped", "repeated"))
        table += [
            (LABELS["skipped"], skipped, "kept, moved on by what was skipped"),
            (LABELS["repeated"], repeated, "kept, read as the first of the two"),
        ]
    table.append(("lines used", rows.get("", 0), ""))
    return pd.DataFrame(table, columns=["rule", "rows", "treatment"])
