"""Money as whole ten-thousandths of its unit: sums of them are the same in any order, on any engine."""

import ibis.expr.types as ir

PARTS = 10_000  # of the unit of money


def in_parts(money: ir.Value) -> ir.IntegerValue:
    """Money as a whole number of ten-thousandths; divide the sums by `PARTS`."""
    return (money * PARTS).round().cast("int64")
