"""One segmentation over successive cut-offs: who moved, what drifted, whether segments learned anew foresee more."""

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd

from crmresearch.data.customers import customer_table
from crmresearch.data.reserved_columns import FORECASTS, window_days
from crmresearch.data.rule_file import OWN_RULES
from crmresearch.data.transactions.transactions import Transactions
from crmresearch.errors import ParameterError
from crmresearch.segmentation.contract import SegmentationError, Segmenter, needed_columns
from crmresearch.segmentation.customer_methods import own_segments
from crmresearch.segmentation.monitoring.drift import (
    drift_verdict,
    feature_stability,
    population_stability,
    share_moved,
    transition_matrix,
)
from crmresearch.segmentation.monitoring.moves import COLUMNS, DIRECTIONS, directions, moves
from crmresearch.segmentation.registry import every_method, variant
from crmresearch.segmentation.scoring.evaluate import HOLDOUT, evaluate_segmentations, too_small

FROZEN, REFITTED, NAIVE = "frozen", "refitted", ("past_spend", "recent_spend", "recency")
PAIRED = ("difference", "lower", "upper")
NAIVE_PAIRED = tuple(f"naive_{key}" for key in PAIRED)


@dataclass(frozen=True)
class Monitoring:
    """What became of one segmentation, whose cut points were frozen at the first cut-off.

    `windows`, a row a cut-off: cutoff, customers, new (not there at the cut-off before), psi (of the segments, against
    the first), verdict, psi_previous, psi_known (customers of the first cut-off only), share_moved and up, level, down
    (since the cut-off before), moved_first, then the step that follows: r2_frozen and r2_refitted (R² of log spend,
    cross-fitted), difference (frozen − refitted) with lower and upper (paired bootstrap), r2_naive (the best of past
    spend, recent spend, recency), naive_difference (naive − frozen) with naive_lower and naive_upper, relabelled (share
    whose key differs if learned anew), small (segments that fell below the size limit since the first cut-off, joined
    by +), reason (loss, size, size_only, none) and refit (reason is loss or size). NaN where there is nothing before,
    or nothing to learn.
    `shares`: cutoff, segmentation (frozen, refitted), segment, customers, share. `transitions`: from_cutoff,
    to_cutoff, before, after, customers, share (of before). `features`: cutoff, feature, psi against the first,
    verdict. `moves`: cutoff, then the columns of `moves.moves`: mean spend in the step before the move
    (spend_before), in that of the move (spend_between) and after it (spend_after), spend_of_others (after it, of those
    in the same segments who had not moved), difference (after − of others) with lower and upper.
    `ranks`: segment, customers, spend in the step after the first cut-off, rank (1 most; an empty segment ranks at
    the mean of all): up and down are by this order. `assigned`: customers × cut-offs, frozen segment, missing before
    the first purchase.
    """

    method: Segmenter
    step: int
    margin: float
    windows: pd.DataFrame
    shares: pd.DataFrame
    transitions: pd.DataFrame
    features: pd.DataFrame
    moves: pd.DataFrame
    ranks: pd.DataFrame
    assigned: pd.DataFrame

    @property
    def cutoffs(self) -> list[date]:
        """The cut-offs, first to last."""
        return list(self.windows["cutoff"])

    @property
    def first(self) -> date:
        """The first cut-off, where the segments were frozen."""
        return self.cutoffs[0]

    @property
    def known(self) -> int:
        """Customers of the first cut-off."""
        return int(self.windows["customers"].iloc[0])

    @property
    def now(self) -> Any:
        """The row of the last cut-off."""
        return self.windows.iloc[-1]

    @property
    def tested(self) -> Any:
        """The row of the last cut-off after the first whose following step is in the data, None without one."""
        later = self.windows.iloc[1:].dropna(subset=["r2_frozen"])
        return later.iloc[-1] if len(later) else None


def monitored_method(key: str, seed: int, rules: str = "") -> Segmenter:
    """The registered method with this key, or `own_rules`, the segments of the file `rules`; not yet fitted.

    Raises ParameterError for a key that is not there and for a method that learns from what comes after a cut-off or
    reads forecasts, which monitoring does not make; SegmentationError for mistakes in the file of rules.
    """
    if key == OWN_RULES and not rules:
        raise ParameterError(f"`method: {OWN_RULES}` follows the segments of a file; name that file as `rules`.")
    if rules and key != OWN_RULES:
        raise ParameterError(f"`rules` is read by `method: {OWN_RULES}` only; write that, or leave `rules` empty.")
    method = own_segments(rules) if rules else variant(key, seed)
    known = [other.name for other in every_method((4, 8), seed) if not _why_not(other)]
    if why := "there is no such method" if method is None else _why_not(method):
        raise ParameterError(f"{key!r} cannot be monitored: {why}; use one of {', '.join(known)}, {OWN_RULES}.")
    assert method is not None
    return method


def _why_not(method: Segmenter) -> str:
    """Why a method cannot be followed, empty where it can."""
    if method.outcome:
        return f"it learns from {method.outcome}, which is not known at a cut-off"
    forecasts = [column for column in method.needs if column in FORECASTS]
    return f"it reads {forecasts[0]}, a forecast, which is not made at every cut-off" if forecasts else ""


def customer_windows(
    transactions: Transactions, first: str, step: int, windows: int, needs: Sequence[str] = ()
) -> dict[date, pd.DataFrame]:
    """The customer table at every cut-off, `step` days apart, with the step after it as its holdout.

    The last one is without a holdout where what is known of the purchases ends before its step does. Recent spend and
    purchases are of one step and of two. Of the columns that a method `needs`, other days, attributes and shares of
    categories are there too, so far as the transactions have them. Raises ParameterError for fewer than two cut-offs, a
    step below one day, and cut-offs that the transactions do not reach.
    """
    if windows < 2 or step < 1:
        raise ParameterError(f"Monitoring needs 2 cut-offs or more, 1 day apart or more; not {windows} and {step}.")
    try:
        days = [date.fromisoformat(first) + timedelta(days=step * i) for i in range(windows)]
    except (ValueError, OverflowError):
        raise ParameterError(f"`first_cutoff` must be a date such as 1997-06-30; it is {first!r}.") from None
    if days[-1] > transactions.known_until:
        raise ParameterError(
            f"Cut-off {windows} of {windows} would be on {days[-1]}, but the purchases are known until "
            f"{transactions.known_until}; use fewer windows, a shorter step or an earlier first cut-off"
            f"{_earlier(transactions, step * (windows - 1))}."
        )
    recent = list(dict.fromkeys([step, 2 * step, *filter(None, map(window_days, needs))]))
    shares = [name for name in (transactions.categories() if _has_shares(needs) else ()) if f"share_{name}" in needs]
    attributes = [name for name in transactions.codebook.demographics if name in needs]
    tables = {}
    for day in days:
        end = day + timedelta(days=step)
        until = end if end <= transactions.known_until else None
        known = customer_table(transactions, day, until, recent, categories=shares, attributes=attributes)
        tables[day] = known.frame
    return tables


def _has_shares(needs: Sequence[str]) -> bool:
    return any(name.startswith("share_") for name in needs)


def _earlier(transactions: Transactions, days: int) -> str:
    """The latest first cut-off whose last window still lies within what is known, where there is one."""
    latest = transactions.known_until - timedelta(days=days)
    return f", {latest} at the latest" if latest > transactions.first_day else ""


def monitor(
    customers: Mapping[date, pd.DataFrame],
    method: Segmenter,
    folds: int = 10,
    resamples: int = 200,
    margin: float = 0.01,
    seed: int = 0,
) -> Monitoring:
    """The `method` learned at the first cut-off and frozen, followed over the others, beside the method learned anew.

    `customers`: customer tables, a row a customer, by cut-off at equal steps, with `spend_last_<step>` and, but for the
    last, the holdout of the step that follows. Refit is called for where the frozen segments' R² of the following step
    is below that of the segments learned anew by more than `margin` beyond the paired 95 % interval (upper < −margin;
    reason loss), or where a segment that had 30 customers and 1 % of them at the first cut-off has no longer (size).
    Where segments learned anew are established to foresee less (lower > 0), a small segment is dropped or merged
    instead (size_only), as it is of a method that learns nothing: there is nothing learned anew to compare with. R² is
    cross-fitted in `folds`, its interval resamples customers `resamples` times, both drawn with `seed`.

    Drift of shares is the population stability index, read by the usual limits .1 and .25 (Siddiqi, 2006, Credit Risk
    Scorecards).

    Raises SegmentationError for fewer than two or unequal steps, missing columns, and a method that cannot learn at
    the first cut-off.

    >>> from datetime import date, timedelta
    >>> import crmresearch as crm
    >>> from crmresearch.segmentation.methods.rfm_classes import RfmEight
    >>> purchases, step = crm.load_transactions("cdnow"), timedelta(days=91)
    >>> customers = {
    ...     day: crm.customer_table(purchases, day, day + step, windows=(91, 182)).frame.iloc[::10]
    ...     for day in (date(1997, 9, 30), date(1997, 12, 30))
    ... }
    >>> followed = crm.monitor(customers, RfmEight("mean"), resamples=20, seed=1)
    >>> followed.windows[["customers", "verdict", "reason"]].values.tolist()
    [[2357, 'stable', 'none'], [2357, 'stable', 'none']]
    """
    cutoffs, step = sorted(customers), _step(sorted(customers))
    first = cutoffs[0]
    known = {day: _features(customers[day]) for day in cutoffs}
    fitted = copy.deepcopy(method).fit(known[first])
    frozen = {day: fitted.predict(known[day]) for day in cutoffs}
    fresh = {day: _learned(method, known[day]) if method.learns else None for day in cutoffs[1:]}
    fresh[first] = frozen[first]
    ranks = _ranks(frozen[first], customers[first])
    followed = {day: "holdout_spend" in customers[day] for day in cutoffs}
    rows, shifted, moved, went = [], [], [], []
    for previous, day in zip([None, *cutoffs], cutoffs, strict=False):
        row: dict[str, Any] = {"cutoff": day, "customers": len(frozen[day])}
        row |= _drift(frozen, first, previous, day, ranks)
        row |= _scores(customers[day], frozen[day], fresh[day] if day != first else None, folds, resamples, seed)
        row["relabelled"] = np.nan if previous is None else _relabelled(frozen[day], fresh[day])
        row["small"] = "+".join(sorted(_small(frozen[day]) - _small(frozen[first])))
        row["reason"] = _reason(row, margin, method.learns)
        row["refit"] = row["reason"] in ("loss", "size")
        rows.append(row)
        if previous is None:
            continue
        shifted.append(feature_stability(known[first], known[day], fitted.needs).assign(cutoff=day))
        went.append(transition_matrix(frozen[previous], frozen[day]).assign(from_cutoff=previous, to_cutoff=day))
        if followed[day]:
            moved.append(_moves(customers, frozen, previous, day, step, ranks).assign(cutoff=day))
    segmentations = ((FROZEN, frozen), (REFITTED, fresh))
    shares = [_shares(s[day], day, which) for which, s in segmentations for day in cutoffs if s[day] is not None]
    columns = ["from_cutoff", "to_cutoff", "before", "after", "customers", "share"]
    return Monitoring(
        fitted,
        step,
        margin,
        pd.DataFrame(rows),
        pd.concat(shares, ignore_index=True),
        pd.concat(went, ignore_index=True)[columns],
        pd.concat(shifted, ignore_index=True)[["cutoff", "feature", "psi", "verdict"]],
        pd.concat(moved, ignore_index=True) if moved else pd.DataFrame(columns=[*COLUMNS, "cutoff"]),
        ranks,
        pd.DataFrame(frozen),
    )


def _step(cutoffs: list[date]) -> int:
    steps = {(after - before).days for before, after in pairwise(cutoffs)}
    if len(steps) != 1:
        raise SegmentationError("Monitoring needs two cut-offs or more, at equal steps.")
    return steps.pop()


def _features(table: pd.DataFrame) -> pd.DataFrame:
    return table[[column for column in table.columns if not str(column).startswith(HOLDOUT)]]


def _learned(method: Segmenter, features: pd.DataFrame) -> pd.Series | None:
    try:
        return copy.deepcopy(method).fit(features).predict(features)
    except SegmentationError:  # these customers cannot teach it any more; the row says so with its missing R²
        return None


def _ranks(segments: pd.Series, table: pd.DataFrame) -> pd.DataFrame:
    spend = needed_columns(table, ["holdout_spend"], "Monitoring")["holdout_spend"]
    mean = spend.groupby(segments, observed=False).mean().fillna(spend.mean())
    counts = segments.value_counts(sort=False).reindex(mean.index)
    rank = mean.rank(method="first", ascending=False).astype(int)
    frame = {"segment": mean.index.astype(str), "customers": counts.to_numpy(), "spend": mean.to_numpy()}
    return pd.DataFrame(frame).assign(rank=rank.to_numpy()).sort_values("rank", ignore_index=True)


def _drift(
    frozen: Mapping[date, pd.Series], first: date, previous: date | None, day: date, ranks: pd.DataFrame
) -> dict[str, Any]:
    now, start = frozen[day], frozen[first]
    if previous is None:
        return {"new": 0, "psi": 0.0, "verdict": drift_verdict(0.0)} | dict.fromkeys(
            ("psi_previous", "psi_known", "share_moved", "moved_first", "up", "level", "down"), np.nan
        )
    psi, before = population_stability(start, now), frozen[previous]
    direction = directions(before, now, ranks).value_counts(normalize=True)
    return {
        "new": int((~now.index.isin(before.index)).sum()),
        "psi": psi,
        "verdict": drift_verdict(psi),
        "psi_previous": population_stability(before, now),
        "psi_known": population_stability(start, now.loc[start.index]),
        "share_moved": share_moved(before, now),
        "moved_first": share_moved(start, now),
        **{way: float(direction.get(way, 0.0)) for way in DIRECTIONS[:3]},
    }


def _scores(
    table: pd.DataFrame, frozen: pd.Series, fresh: pd.Series | None, folds: int, resamples: int, seed: int
) -> dict[str, float]:
    row = dict.fromkeys(("r2_frozen", "r2_refitted", "difference", "lower", "upper", "r2_naive", *NAIVE_PAIRED), np.nan)
    if "holdout_spend" not in table:
        return row
    methods = [frozen.rename(FROZEN), *([] if fresh is None else [fresh.rename(REFITTED)])]
    evaluation = evaluate_segmentations(
        table, methods, None, FROZEN if fresh is None else REFITTED, folds, resamples, seed, learner=False
    )
    r2 = evaluation.scores.set_index("method")["r2_log"]
    naive = r2[[name for name in NAIVE if name in r2]].dropna()
    if naive.empty:  # nobody spent after the cut-off, or all the same: nothing to foresee
        return row
    against = evaluation.best_against(list(naive.index), FROZEN)
    row |= {"r2_frozen": r2[FROZEN], "r2_naive": r2[against["method"]]}
    row |= {f"naive_{key}": against[key] for key in PAIRED}
    if fresh is None:
        return row
    paired = evaluation.differences.set_index(["method", "metric"]).loc[(FROZEN, "r2_log")]
    return row | {"r2_refitted": r2[REFITTED], **{key: paired[key] for key in PAIRED}}


def _small(segments: pd.Series) -> set[str]:
    counts = segments.value_counts(sort=False)
    return {str(key) for key in counts.index[too_small(counts)]}


def _reason(row: Mapping[str, Any], margin: float, learns: bool) -> str:
    if row["upper"] < -margin:
        return "loss"
    if row["small"]:
        return "size_only" if row["lower"] > 0 or not learns else "size"
    return "none"


def _relabelled(frozen: pd.Series, fresh: pd.Series | None) -> float:
    return np.nan if fresh is None else share_moved(frozen, fresh)


def _shares(segments: pd.Series, day: date, which: str) -> pd.DataFrame:
    counts = segments.value_counts(sort=False)
    frame = {"cutoff": day, "segmentation": which, "segment": counts.index.astype(str), "customers": counts.to_numpy()}
    return pd.DataFrame(frame).assign(share=counts.to_numpy() / len(segments))


def _moves(
    customers: Mapping[date, pd.DataFrame],
    frozen: Mapping[date, pd.Series],
    previous: date,
    day: date,
    step: int,
    ranks: pd.DataFrame,
) -> pd.DataFrame:
    recent = f"spend_last_{step}"
    now, before = (needed_columns(customers[d], [recent], "Monitoring")[recent] for d in (day, previous))
    after = customers[day]["holdout_spend"]
    spend = pd.DataFrame({"spend_before": before.reindex(now.index), "spend_between": now, "spend_after": after})
    return moves(directions(frozen[previous], frozen[day], ranks), frozen[day], spend)
