"""What an evaluation found: scores with intervals, and differences that hold for one method or for the best of many."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from crmresearch.caution import SMALL_NUMBER
from crmresearch.ranks import LEVEL, highest, leads
from crmresearch.segmentation.contract import Floats
from crmresearch.segmentation.scoring.scores import METRICS


@dataclass(frozen=True)
class Evaluation:
    """Scores of all methods, paired differences to the reference, warnings, and who is in which segment.

    `scores`: method, kind (segmentation, forecast, learner, naive, none; frozen of segments carried over from an
    earlier window), k (segments with members), coverage, smallest_share, then each metric of `scores.METRICS` with
    _lower and _upper, 95 % intervals of `draws`.
    `differences`: method, reference, metric, difference (method − reference), lower, upper.
    `warnings`: code, severity (weak, note), method, segment, customers, share. Codes: small_segment, empty_segment,
    negative_spend (counted as 0), no_recent_spend (no `spend_last_<days>` column), constant_spend and
    constant_activity (scores not defined).
    `segments`: a row a customer, a column a method, categories.
    `gains`: method, share (of the customers, those of highest predicted spend), captured (share of the spend).
    `draws`: scores of every resample, (methods, metrics, resamples), in the order of `scores` and `scores.METRICS`,
    moved so that their mean is the score of all customers: a resample holds 63 % of them, which teach values worse.
    `expected`: cross-fitted expected spend of every customer, a column a method.
    `scored`: customers whose scores these are, fewer than there are where only a sample was scored.
    """

    scores: pd.DataFrame
    differences: pd.DataFrame
    warnings: pd.DataFrame
    segments: pd.DataFrame
    gains: pd.DataFrame
    reference: str
    folds: int
    resamples: int
    seed: int
    draws: Floats = field(repr=False)
    expected: pd.DataFrame = field(default_factory=pd.DataFrame, repr=False)
    scored: int | None = None

    def against(self, reference: str) -> pd.DataFrame:
        """Paired differences of every other method to this one: the columns of `differences`."""
        points = self.scores[list(METRICS)].to_numpy(dtype=float)
        return differences(list(self.scores["method"]), points, self.draws, reference)

    def alike(self, methods: Collection[str] | None = None) -> list[str]:
        """The methods not told apart from the best, highest R² of log spend first: the best is among them.

        `methods`: those compared, by default every segmentation. The truly best is kept in at least 95 of 100 samples,
        however many are compared: `ranks.highest`. Empty where no segmentation has a defined R².
        """
        rows = self.scores.reset_index(drop=True)
        compared = rows["kind"] == "segmentation" if methods is None else rows["method"].isin(methods)
        rows = rows[compared & rows["r2_log"].notna()].sort_values("r2_log", ascending=False, kind="stable")
        draws = self.draws[rows.index, METRICS.index("r2_log")]
        return [str(name) for name in rows["method"][highest(rows["r2_log"].to_numpy(dtype=float), draws, LEVEL)]]

    def smallest_alike(self, methods: Collection[str] | None = None, smallest: int = SMALL_NUMBER) -> str | None:
        """The segmentation to use: of those not told apart from the best, `alike`, that of the fewest segments.

        Methods whose smallest segment has fewer than `smallest` customers come last: a segment nobody can act upon is
        no segment. None where no segmentation has a defined R².
        """
        rows = self.scores[self.scores["method"].isin(self.alike(methods))]
        if rows.empty:
            return None
        small = rows["smallest_share"] * len(self.segments) < smallest
        order = rows.assign(small=small).sort_values(
            ["small", "k", "r2_log"], ascending=[True, True, False], kind="stable"
        )
        return str(order["method"].iloc[0])

    def best_against(self, methods: Sequence[str], reference: str, metric: str = "r2_log") -> pd.Series:
        """The row of `simultaneous` of the method with the highest score: the best of several against one other."""
        leads = self.simultaneous(methods, reference, metric)
        return leads.loc[leads["difference"].idxmax()]

    def simultaneous(self, methods: Sequence[str], reference: str, metric: str = "r2_log") -> pd.DataFrame:
        """Differences of several methods to one with 95 % intervals for all at once: the columns of `differences`.

        The best of several is picked because it came out high; its own interval does not know that: `ranks.leads`.
        """
        names, m = list(self.scores["method"]), METRICS.index(metric)
        rows = [names.index(method) for method in (reference, *methods)]
        points = self.scores[metric].to_numpy(dtype=float)[rows]
        difference, wide = leads(points, self.draws[rows, m], 0, LEVEL)
        columns = {"method": list(methods), "reference": reference, "metric": metric, "difference": difference}
        return pd.DataFrame({**columns, "lower": difference - wide, "upper": difference + wide})


def centred(drawn: Floats, points: Floats) -> Floats:
    """Draws moved by their bias: mean over the resamples in which the score is defined = the score itself."""
    defined = np.isfinite(drawn)
    mean = np.where(defined, drawn, 0.0).sum(axis=-1) / np.maximum(defined.sum(axis=-1), 1)
    moved: Floats = drawn - (mean - points)[..., None]
    return moved


def differences(methods: list[str], points: Floats, draws: Floats, reference: str) -> pd.DataFrame:
    """`Evaluation.differences` of scores (methods, metrics) and their draws (methods, metrics, resamples)."""
    base = methods.index(reference)
    lower, upper = interval(draws - draws[base])
    rows = [
        (method, reference, metric, points[i, j] - points[base, j], lower[i, j], upper[i, j])
        for i, method in enumerate(methods)
        if i != base
        for j, metric in enumerate(METRICS)
    ]
    return pd.DataFrame(rows, columns=["method", "reference", "metric", "difference", "lower", "upper"])


def interval(drawn: Floats) -> tuple[Floats, Floats]:
    """Percentile bounds over the last axis, over the resamples in which the score is defined."""
    defined = np.asarray(np.isfinite(drawn).any(axis=-1))
    bounds = np.nanquantile(np.where(defined[..., None], drawn, 0.0), [(1 - LEVEL) / 2, (1 + LEVEL) / 2], axis=-1)
    return np.where(defined, bounds[0], np.nan), np.where(defined, bounds[1], np.nan)
