"""All of new customers at once: prospects, second purchase, retention, each or the reason why it is missing."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from crmresearch.data.transactions.transactions import Transactions
from crmresearch.errors import DataError
from crmresearch.mining.conversion import Conversion, conversion
from crmresearch.mining.prospects import Prospects, prospects
from crmresearch.mining.retention import Retention, retention

T = TypeVar("T")


@dataclass(frozen=True)
class NewCustomers:
    """The three parts, None for one that the data do not allow; `failures` says why, by its name."""

    prospects: Prospects | None
    conversion: Conversion | None
    retention: Retention | None
    failures: Mapping[str, str]


def new_customers(
    transactions: Transactions,
    days: int,
    horizon: int,
    *,
    quiet_days: int = 0,
    silence: int = 0,
    most: float = 0.5,
    margin: "float | Mapping[str, float]" = 1.0,
    resamples: int = 200,
    seed: int = 0,
) -> NewCustomers:
    """`prospects`, `conversion` and `retention` of the same newcomers. Raises ParameterError as they do."""
    failures: dict[str, str] = {}

    def attempt(name: str, found: Callable[[], T]) -> T | None:
        try:
            return found()
        except DataError as error:
            failures[name] = " ".join(error.problems)
            return None

    how: dict[str, Any] = {"quiet_days": quiet_days, "margin": margin, "resamples": resamples, "seed": seed}
    return NewCustomers(
        attempt("prospects", lambda: prospects(transactions, days, horizon, **how)),
        attempt("conversion", lambda: conversion(transactions, quiet_days=quiet_days, most=most)),
        attempt("retention", lambda: retention(transactions, silence=silence, quiet_days=quiet_days)),
        failures,
    )
