"""Names of columns the project makes: an attribute that has one of them would be taken for it, or take its place."""

import re

LINE_COLUMNS = (
    "customer", "time", "day", "amount", "order", "product", "category", "channel", "discount", "quantity", "rule",
    "clock", "another_currency",
)  # fmt: skip
FEATURES = (
    "frequency", "repeat", "recency", "tenure", "t_last", "monetary_total", "monetary_mean", "repeat_mean", "gap_mean",
    "gap_sd",
)  # fmt: skip
OUTCOMES = ("holdout_spend", "holdout_purchases", "holdout_active")
FORECASTS = ("p_alive", "expected_purchases", "expected_value")
_WINDOW = r"(?:spend|purchases)_last_(\d+)"
_NUMBERED = rf"{_WINDOW}|written_\w+|share_.*|discount_share"
# engines take names that differ in case for one
_RESERVED = re.compile("|".join([*LINE_COLUMNS, *FEATURES, *OUTCOMES, *FORECASTS, _NUMBERED]), re.IGNORECASE)


def is_reserved(name: str) -> bool:
    """Whether the project makes a column of this name, in lines or in tables of customers."""
    return _RESERVED.fullmatch(name) is not None


def window_days(name: str) -> int | None:
    """The days before the cut-off that a column such as spend_last_91 is about, None for other columns."""
    found = re.fullmatch(_WINDOW, name)
    return int(found[1]) if found else None
