"""All of new customers at once: prospects, second purchase, retention, each or the reason why it is missing."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from crmresearch.caution import Caution
from crmresearch.data.transactions.transactions import Transactions
from crmresearch.errors import DataError
from crmresearch.mining.newcomers.conversion import Conversion, conversion
from crmresearch.mining.newcomers.prospects import Prospects, prospects
from crmresearch.mining.newcomers.retention import Retention, retention
from crmresearch.mining.newcomers.trial_scores import Tested

T = TypeVar("T")


@dataclass(frozen=True)
class NewCustomers:
    """The three parts, None for one that the data do not allow; `failures` says why, by its name."""

    prospects: Prospects | None
    conversion: Conversion | None
    retention: Retention | None
    failures: Mapping[str, str]

    @property
    def trials(self) -> tuple[Tested, ...]:
        """The trials of the forecast, none where there are none."""
        return self.prospects.trials if self.prospects else ()

    @property
    def facts(self) -> dict[str, Any]:
        """Numbers in use: days of the forecast, those of the first trial, `Conversion.facts`, silence."""
        known = {"days": self.prospects.days} if self.prospects else {}
        known |= self.trials[0].trial.facts if self.trials else {}
        known |= self.conversion.facts if self.conversion else {}
        return known | ({"silence": self.retention.silence} if self.retention else {})

    @property
    def cautions(self) -> dict[str, list[Caution]]:
        """What must be known of each part that is there, what the customer table says of its money aside."""
        money = self.prospects.first.table.cautions if self.prospects else ()
        return {
            "prospects": [one for one in self.prospects.cautions if one not in money] if self.prospects else [],
            "conversion": [],
            "retention": [*self.retention.cautions] if self.retention else [],
        }


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
