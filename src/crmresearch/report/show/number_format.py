"""How a number is printed: rounded, never a negative zero, p-values as journals print them."""

import math
from numbers import Integral, Real
from typing import Any

import pandas as pd

MISSING = "–"


def format_number(value: float, digits: int) -> str:
    """`value` with `digits` decimals, commas between thousands, an ASCII minus; `–` when missing; -0.000 is 0.000."""
    if math.isnan(value):
        return MISSING
    if math.isinf(value):
        return "∞" if value > 0 else "-∞"
    text = f"{value:,.{digits}f}"
    return text.removeprefix("-") if float(text.replace(",", "")) == 0 else text


def format_p_value(value: float, at_least: bool = False) -> str:
    """A probability to three decimals without the leading zero; `< .001` and `> .999` at the ends.

    `at_least`: the resamples it comes from cannot show less, so that it is an upper bound: `≤ .002`.
    """
    if math.isnan(value):
        return MISSING
    if not 0 <= value <= 1:
        raise ValueError(f"a p-value lies between 0 and 1, not {value}")
    if value < 0.001:
        return "< .001"
    if value > 0.999:
        return "> .999"
    told = f"{value:.3f}".removeprefix("0")
    return f"≤ {told}" if at_least else told


class Probability(float):
    """A number that tables print as a p-value, among others that are none."""


def told_p_value(value: float, at_least: bool = False) -> str:
    """A probability as a sentence has it after its p: `= .042`, `< .001`, `≤ .002`.

    >>> f"p {told_p_value(0.042)}, p {told_p_value(0.00042)}"
    'p = .042, p < .001'
    """
    told = format_p_value(value, at_least)
    return told if told.startswith(("<", ">", "≤")) else f"= {told}"


def told_share(share: float) -> str:
    """A share in percent with one decimal, 0.0 % and 100.0 % only for none and for all.

    >>> [told_share(share) for share in (0.0, 0.0001, 0.125, 0.9999, 1.0)]
    ['0.0%', '<0.1%', '12.5%', '>99.9%', '100.0%']
    """
    told = f"{share:.1%}"
    if told == "0.0%" and share > 0:
        return "<0.1%"
    return ">99.9%" if told == "100.0%" and share < 1 else told


def told_cases(value: float) -> str:
    """A number of cases in words of two digits, however small."""
    return f"{value:.2g}" if value >= 0.001 else "<\u20600.001"


def told_expected(value: float) -> str:
    """A number of cases that chance makes, with one decimal; two digits of what that would make none.

    >>> [told_expected(value) for value in (12.34, 0.05, 0.03, 0.0)]
    ['12.3', '0.1', '0.03', '0.0']
    """
    return f"{value:,.1f}" if value >= 0.05 or not value else told_cases(value)


def format_interval(lower: float, upper: float, digits: int) -> str:
    """`[lower, upper]`, or `–` when either end is missing."""
    if math.isnan(lower) or math.isnan(upper):
        return MISSING
    return f"[{format_number(lower, digits)}, {format_number(upper, digits)}]"


def is_missing(value: Any) -> bool:
    """True for None, NaN, NaT and pd.NA; False for text and containers."""
    return value is None or (pd.api.types.is_scalar(value) and bool(pd.isna(value)))


def is_number(value: Any) -> bool:
    """True for Python and numpy numbers, but not for truth values."""
    return isinstance(value, Real) and not isinstance(value, bool)


def is_whole(value: Any) -> bool:
    """True for a finite number without a fractional part."""
    return isinstance(value, Integral) or (math.isfinite(float(value)) and float(value).is_integer())
