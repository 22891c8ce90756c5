"""Missing answers: one explicit policy, and a count of every row and cell it touched."""

from dataclasses import dataclass
from typing import Literal, get_args

import pandas as pd

from crmresearch.data.survey.weights import means_and_deviations
from crmresearch.errors import EstimationError, ParameterError

Policy = Literal["listwise", "mean"]


@dataclass(frozen=True)
class Complete:
    """Answers without a gap and what it took to get them.

    `items`: no NaN, the row labels of the input. `counts`: one row per item with `item`, `missing_cells` and
    `share` (of the rows that came in). `rows_dropped` is 0 under `mean`, `cells_replaced` 0 under `listwise`.
    """

    items: pd.DataFrame
    policy: Policy
    counts: pd.DataFrame
    rows_in: int
    rows_used: int
    rows_dropped: int
    cells_replaced: int

    @property
    def counted(self) -> dict[str, int]:
        """Rows that came in (of) and are used, items, and cells without an answer."""
        cells = int(self.counts["missing_cells"].sum())
        return {"of": self.rows_in, "used": self.rows_used, "items": len(self.counts), "cells": cells}

    @property
    def dealt_with(self) -> str:
        """What was done about gaps: the policy, or none_missing where there was none."""
        return self.policy if self.counts["missing_cells"].any() else "none_missing"


def handle_missing(items: pd.DataFrame, policy: Policy, weights: pd.Series | None = None) -> Complete:
    """The items made complete: `listwise` drops rows with a gap, `mean` puts the item's mean into each gap.

    Mean replacement keeps every respondent but shrinks variances and correlations; the PLS textbooks use it
    where less than 5 % of an item is missing (Hair, Hult, Ringle & Sarstedt 2022, ch. 2).

    `weights` are those of the rows, if any: a mean put in is weighted.

    Raises ParameterError for an unknown policy and EstimationError when an item has no answer, fewer than two
    rows remain, or an item has no variance left.
    """
    if policy not in get_args(Policy):
        raise ParameterError(f"The missing-data policy {policy!r} is not known; use listwise or mean.")
    gaps = items.isna()
    cells = gaps.sum()
    if silent := [name for name in items.columns if cells[name] == len(items)]:
        raise EstimationError(
            f"No answer at all to {', '.join(silent)} among {_respondents(len(items))}; leave the item out."
        )
    complete = items.dropna() if policy == "listwise" else items.fillna(means_and_deviations(items, weights)["mean"])
    if len(complete) < 2:
        raise EstimationError(
            f"Only {len(complete)} of {_respondents(len(items))} answered all {items.shape[1]} items, "
            "too few for any estimate; leave out the items with most gaps, or use the policy mean."
        )
    observed = complete.mask(gaps.loc[complete.index])  # a mean put in is no second value, however it rounds
    if constant := list(items.columns[(observed.min() == observed.max()).to_numpy()]):
        raise EstimationError(
            f"{', '.join(constant)} has one value only in the {_respondents(len(complete))} left after the "
            f"policy {policy}; an item without variance measures nothing, leave it out."
        )
    dropped = len(items) - len(complete)
    counts = pd.DataFrame(
        {
            "item": items.columns.astype(str),
            "missing_cells": cells.to_numpy(dtype="int64"),
            "share": gaps.mean().to_numpy(dtype="float64"),
        }
    )
    return Complete(
        items=complete.astype("float64"),
        policy=policy,
        counts=counts,
        rows_in=len(items),
        rows_used=len(complete),
        rows_dropped=dropped,
        cells_replaced=int(cells.sum()) if policy == "mean" else 0,
    )


def _respondents(number: int) -> str:
    return f"{number:,} respondent" + ("" if number == 1 else "s")
