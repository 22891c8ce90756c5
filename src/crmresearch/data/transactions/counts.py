"""Every rule's lines counted: those it leaves out, copies, returns, and times the clock skipped or showed twice."""

from collections.abc import Sequence
from datetime import date
from typing import Any

import ibis
import ibis.expr.datatypes as dt
import ibis.expr.types as ir
import pandas as pd

from crmresearch.data.survey.codebook import as_text
from crmresearch.data.transactions.codebook import TransactionsCodebook
from crmresearch.data.transactions.times import EARLIEST
from crmresearch.data.wording import counted
from crmresearch.texts import Sentence

FEW_HASHES = 1_000_000  # so many, 8 bytes each, may pass through this process
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


def label(rule: str, codebook: TransactionsCodebook) -> Sentence:
    """What readers call a rule."""
    if rule == "early" and codebook.first_day:
        return counted("rule.early_day", day=codebook.first_day)
    if rule == "left_out":
        named = "; ".join(f"{name}: {', '.join(map(as_text, of))}" for name, of in codebook.leave_out.items())
        return counted("rule.left_out", named=named)
    return counted(f"rule.{rule}", year=EARLIEST.year)


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


def counts_frame(rows: Sequence[tuple[str, int, str]]) -> pd.DataFrame:
    """Columns rule, rows, treatment; sentences stay sentences, which can be told in another language."""
    frame = pd.DataFrame(rows, columns=["rule", "rows", "treatment"], dtype=object)
    return frame.astype({"rows": "int64"})


def counts_table(
    codebook: TransactionsCodebook, total: int, copies: int, found: dict[str, dict[str, Any]], last: date
) -> pd.DataFrame:
    """Columns rule, rows, treatment, from what `count_copies` and `tally` found."""
    rules, rows = codebook.rules, found["rows"]
    known = ["left_out"] if codebook.leave_out else []
    known += ["further"] if codebook.amount_per == "order" else []
    known += ["customer", "time", *(["early"] if rows.get("early") else []), "future", "amount"]
    known += ["currency"] if codebook.columns.currency is not None else []
    treated = {rule: counted("treatment.dropped") for rule in known}
    if "further" in treated:
        treated["further"] = counted("treatment.once")
    treated["future"] = counted("treatment.dropped_later", last=last)
    table = [
        (label("lines", codebook), total, ""),
        (
            label("copy", codebook),
            copies,
            counted("treatment.kept" if rules.duplicates == "keep" else "treatment.dropped"),
        ),
        *((label(rule, codebook), rows.get(rule, 0), treatment) for rule, treatment in treated.items()),
        (label("return", codebook), rows.get("return", 0), counted("treatment.dropped"))
        if rules.returns == "drop"
        else (label("return", codebook), found["returns"].get("", 0), counted("treatment.netted")),
        (label("zero", codebook), found["zero"].get("", 0), counted("treatment.purchase")),
    ]
    if "skipped" in found:
        skipped, repeated = (found[clock].get("", 0) for clock in ("skipped", "repeated"))
        table += [
            (label("skipped", codebook), skipped, counted("treatment.moved_on")),
            (label("repeated", codebook), repeated, counted("treatment.first_of_two")),
        ]
    table.append((label("used", codebook), rows.get("", 0), ""))
    return counts_frame(table)
