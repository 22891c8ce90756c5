"""How many segments: BIC, entropy and stability of every number tried, and a stated rule that chooses one."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import pandas as pd

from crmresearch.sampling_design import SamplingDesign
from crmresearch.segmentation.contract import Segmenter
from crmresearch.segmentation.methods.clusters import KCentroids
from crmresearch.segmentation.methods.latent_class import LatentClasses, Measurement
from crmresearch.segmentation.space import FeatureSpace
from crmresearch.segmentation.stability.partitions import adjusted_rand, contingency
from crmresearch.segmentation.stability.refits import Refits, refit
from crmresearch.segmentation.stability.segment_stability import global_stability, slsa, slsw
from crmresearch.segmentation.stability.stability import NAMED, TAILS

REPRODUCED = 0.6  # mean adjusted Rand index of bootstrap pairs from which a number of segments may be chosen
REFIT_STARTS, REFIT_TOLERANCE = 2, 1e-6  # a refit only has to find the segments, not the last digit of the likelihood
MEDIAN_STARTS = (
    5  # of a refit: from one start k-medians of binary items differ by where they stopped, not by the sample
)

Choice = Literal["given", "stable", "none_stable"]


@dataclass(frozen=True)
class SegmentNumbers:
    """Latent classes and k-medians of the same answers for every number of segments tried.

    `classes` and `medians`: the fitted methods by number of segments. `solutions`: a row per number from 1 with the
    columns of `LatentClasses.solutions_`, stability (mean adjusted Rand index over bootstrap pairs, with lower and
    upper its 5 % and 95 % quantile), lowest_slsw, failed (refits), medians_stability, and agreement (adjusted Rand
    index of latent classes and k-medians). `segments`: k, segment, share, slsw, slsw_lower, slsw_upper, slsa, named
    (slsw of .6 or more). `chosen`: the number of segments; `choice`: whether it was given or, by the rule, is stable.
    """

    classes: dict[int, LatentClasses]
    medians: dict[int, KCentroids]
    solutions: pd.DataFrame
    segments: pd.DataFrame
    chosen: int
    choice: Choice


def number_of_segments(
    answers: pd.DataFrame,
    complete: pd.DataFrame,
    most: int,
    chosen: int = 0,
    *,
    measurement: Measurement = "categorical",
    starts: int = 10,
    refits: int = 20,
    seed: int = 0,
    design: SamplingDesign | None = None,
) -> SegmentNumbers:
    """Latent classes of `answers` (n, items; NaN = missing) and k-medians of `complete` for 1 to `most` segments.

    The number is that of `by_rule`; `chosen` above 0 overrules it ("given"). BIC alone tends to ever more classes in
    large samples whose items depend on each other within a class, and stability alone to the fewest. Every number is
    refitted on the same `refits` bootstrap samples, two a pair, from fewer starts, so that stability is rather too low
    than too high; with the `design` of the n rows they are of clusters within strata. Raises
    SegmentationError as the methods do.
    """
    items = list(answers.columns)
    options = {"measurement": measurement, "seed": seed}
    one = LatentClasses(items, 1, starts=1, **options).fit(answers)  # type: ignore[arg-type]
    numbers = range(2, most + 1)
    classes = {k: LatentClasses(items, k, starts=starts, **options).fit(answers) for k in numbers}  # type: ignore[arg-type]
    space = FeatureSpace(tuple(items), log=())
    level = complete.assign(mean_answer=complete.mean(axis=1))
    medians = {
        k: KCentroids(k, space=space, order_by="mean_answer", starts=starts, seed=seed).fit(level) for k in numbers
    }
    quick = [replace(classes[k], starts=REFIT_STARTS, tolerance=REFIT_TOLERANCE) for k in numbers]
    bases = [classes[k].predict(answers) for k in numbers]
    drawn = {"refits": refits, "seed": seed, "design": design}
    found = refit(quick, answers, **drawn)  # type: ignore[arg-type]
    again = [replace(r, base=base) for r, base in zip(found, bases, strict=True)]
    centroids = refit([replace(m, starts=MEDIAN_STARTS) for m in medians.values()], level, **drawn)  # type: ignore[arg-type]
    solutions = pd.concat([method.solutions_ for method in (one, *classes.values())], ignore_index=True)
    solutions = solutions.join(_reproduced(again), on="k")
    solutions["medians_stability"] = solutions["k"].map(_reproduced(centroids)["stability"])
    solutions["agreement"] = solutions["k"].map({k: _alike(classes[k], answers, medians[k], level) for k in numbers})
    segments = _segments(again, bases)
    solutions["lowest_slsw"] = solutions["k"].map(segments.groupby("k")["slsw"].min())
    number, choice = by_rule(solutions)
    if chosen:
        number, choice = chosen, "given"
    return SegmentNumbers(classes, medians, solutions, segments, number, choice)


def _reproduced(refits: Sequence[Refits]) -> pd.DataFrame:
    """stability, lower, upper and failed by number of segments."""
    ari = global_stability(refits).groupby("k")["ari"]
    table = pd.DataFrame({"stability": ari.mean(), "lower": ari.quantile(TAILS[0]), "upper": ari.quantile(TAILS[1])})
    return table.assign(failed=pd.Series({again.base.nunique(): again.failed for again in refits}))


def _alike(one: Segmenter, answers: pd.DataFrame, other: Segmenter, complete: pd.DataFrame) -> float:
    codes = [one.predict(answers).cat.codes.to_numpy(), other.predict(complete).cat.codes.to_numpy()]
    return adjusted_rand(contingency(*codes))


def _segments(refits: Sequence[Refits], bases: Sequence[pd.Series]) -> pd.DataFrame:
    table = slsw(refits)
    if len(bases) > 1:
        table = table.merge(slsa(bases)[["k", "segment", "slsa", "main_origin"]], on=["k", "segment"], how="left")
    else:
        table = table.assign(slsa=float("nan"), main_origin=None)
    return table.drop(columns="method").assign(named=table["slsw"] >= NAMED)


def by_rule(solutions: pd.DataFrame) -> tuple[int, Choice]:
    """The number of segments by the rule, and whether any number is stable.

    Of the numbers above 1 that resamples find again, as a whole (mean adjusted Rand index over bootstrap pairs of .60
    or more) and segment by segment (every SLSw .60 or more, so that each can be named), the one of lowest BIC
    ("stable"); where there is none, the lowest BIC ("none_stable").
    """
    several = solutions[solutions["k"] > 1]
    stable = several[(several["stability"] >= REPRODUCED) & (several["lowest_slsw"] >= NAMED)]
    from_these = stable if len(stable) else several
    return int(from_these.loc[from_these["bic"].idxmin(), "k"]), "stable" if len(stable) else "none_stable"
