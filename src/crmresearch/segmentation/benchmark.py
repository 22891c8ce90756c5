"""Every method on the same customers in one table: validity, stability, drift, and what a manager needs to know."""

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from crmresearch.caution import Caution
from crmresearch.segmentation.contract import Codes, Segmenter
from crmresearch.segmentation.fitting import fit_methods
from crmresearch.segmentation.methods.clusters import KCentroids
from crmresearch.segmentation.methods.mixture import GaussianMixtureClusters
from crmresearch.segmentation.methods.space_clusters import SpaceClusters
from crmresearch.segmentation.monitoring.drift import population_stability, share_moved
from crmresearch.segmentation.registry import VALUE
from crmresearch.segmentation.scoring.evaluate import HOLDOUT, UNSEGMENTED, evaluate_segmentations
from crmresearch.segmentation.scoring.evaluation import Evaluation
from crmresearch.segmentation.scoring.managerial import internal_indices, rule_length
from crmresearch.segmentation.stability.agreement import agreement
from crmresearch.segmentation.stability.partitions import adjusted_rand, contingency
from crmresearch.segmentation.stability.refits import Estimates
from crmresearch.segmentation.stability.stability import NAMED, Stability, bootstrap_stability

FROZEN = "frozen:"  # before the name of a method that was learned one window earlier
FEW_REFITS = 20  # with fewer, which segments are found again depends on the draws
LEAVES = 64  # a rule longer than this is no rule that anybody applies
RULED = 5_000  # customers on whom the length of a rule is read, drawn with the seed: more cost time, not leaves
OTHERS = ("r2_spend", "deviance", "auc", "brier", "gini", "capture")  # scores besides R² of log spend
NEVER = -1.0  # a gap between purchases where there is none: below every gap, so that a rule can name it


@dataclass(frozen=True)
class Benchmark:
    """What `benchmark` found.

    `table`: one row a method, naive and individual rows last: method, kind, family, k, coverage, smallest_share,
    r2 (of log spend), difference (paired, in r2, to the reference; its intervals for all rows at once), r2_spend,
    deviance, auc, brier, gini, capture, each of these with _lower and _upper; ari, lowest_jaccard (of its segments,
    under bootstrap), r2_frozen and ari_frozen (learned one window earlier: R², and ARI with the segments learned now),
    share_moved and psi (between the windows, with frozen cut points), rule_length
    (leaves). `seconds`: method, seconds (processor time of fit and predict), apart because they are never the same
    twice. `before`, `after`: segments of each method learned one window earlier, then and now. `left_out`: method,
    reason.
    """

    table: pd.DataFrame
    seconds: pd.DataFrame
    methods: tuple[Segmenter, ...]
    evaluation: Evaluation
    stability: Stability
    agreement: pd.DataFrame
    before: Mapping[str, pd.Series]
    after: Mapping[str, pd.Series]
    left_out: pd.DataFrame
    earlier: tuple[Segmenter, ...] = ()

    def segments(self, method: str) -> pd.Series:
        """The segments of one method, by customer."""
        part = self.evaluation.segments[method].astype(str)
        known = next((m for m in self.methods if m.name == method), None)
        order = [segment.key for segment in known.segments] if known else sorted(part.unique())
        return part.astype(pd.CategoricalDtype(order, ordered=True))

    @property
    def cautions(self) -> Iterator[Caution]:
        """What to beware of, of a method each: `part` of `of` starts or refits where they are counted.

        unstable_segments (`count` of `k` segments are not found again, the `lowest` Jaccard), left_out (`reason`),
        one_start (only one reached the best solution), largest_number (BIC is lowest at the `largest` number tried),
        failed_refits; and of none, few_refits (`refits`: with fewer than 20 stability depends on the draws).
        """
        sizes = {method.name: len(method.segments) for method in self.methods}
        for method, part in self.stability.segments.query("not named").groupby("method", sort=False):
            facts = {"count": len(part), "k": sizes[str(method)], "lowest": part["jaccard"].min(), "bound": NAMED}
            yield Caution("unstable_segments", "weak", str(method), facts)
        if (refits := int(self.stability.solutions["refits"].max())) < FEW_REFITS:
            yield Caution("few_refits", "weak", "", {"refits": refits})
        for row in self.left_out.itertuples():
            yield Caution("left_out", "weak", str(row.method), {"reason": row.reason})
        for one in self.methods:
            if isinstance(one, GaussianMixtureClusters | KCentroids) and one.agreed_ < 2 <= one.starts:
                yield Caution("one_start", "weak", one.name, {"part": one.agreed_, "of": one.starts})
            if isinstance(one, GaussianMixtureClusters) and one.k is None and one.k_ == one.largest:
                yield Caution("largest_number", "note", one.name, {"largest": one.largest})
        for row in self.stability.solutions.query("failed > 0").itertuples():
            yield Caution("failed_refits", "note", str(row.method), {"part": row.failed, "of": row.refits})

    def inside(self, customers: pd.DataFrame) -> pd.DataFrame:
        """Indices of each clustering in its own space: family, method, k and those of `internal_indices`.

        `customers`: the table that the methods learned from. Comparable within a family only, for each has its space.
        """
        columns = ["family", "method", "k", "silhouette", "calinski_harabasz", "davies_bouldin"]
        rows = []
        for method in self.methods:
            if isinstance(method, SpaceClusters):
                X, segments = method.space_.transform(customers), self.segments(method.name)
                indices = internal_indices(X, segments, self.evaluation.seed)
                rows.append(indices.assign(family=type(method).__name__, method=method.name))
        return pd.concat(rows, ignore_index=True)[columns] if rows else pd.DataFrame(columns=columns)


def benchmark(
    now: pd.DataFrame,
    earlier: pd.DataFrame,
    methods: Sequence[Segmenter],
    forecasts: Mapping[str, str] | None = None,
    *,
    frozen: pd.DataFrame | None = None,
    estimates: Estimates | None = None,
    reference: str = "rfm_eight_mean",
    folds: int = 10,
    resamples: int = 200,
    refits: int = 50,
    seed: int = 0,
) -> Benchmark:
    """Score all methods on the holdout of `now`, refit them on resamples, and carry them over from `earlier`.

    `now` and `earlier` are customer tables with holdouts at two cut-offs; the holdout of `earlier` must end with the
    cut-off of `now`, for methods that learn from an outcome learn it there. `frozen` is `now` with the columns that a
    value model fitted to `earlier` gives, by default `now` itself. `estimates`: how the value model is learned, so that
    each resample learns it again. The frames carry no dates: that the windows meet is for the caller to see to
    (`crmresearch.segmentation.windows.two_windows` does). A method that these customers cannot teach is left
    out with its reason; differences are to no segments at all where that is the `reference`.

    Raises SegmentationError as `evaluate_segmentations`.
    """
    fitted, left_out, seconds = _fitted(methods, now, earlier)
    names = {method.name for method in fitted}
    base = UNSEGMENTED if reference in set(left_out["method"]) else reference
    old = [method for method in _fitted(methods, earlier, earlier)[0] if method.name in names]
    then = now if frozen is None else frozen
    before = {method.name: method.predict(earlier) for method in old}
    after = {method.name: method.predict(then) for method in old}
    carried = [after[method.name].rename(FROZEN + method.name) for method in old if not method.outcome]
    evaluation = evaluate_segmentations(now, [*fitted, *carried], forecasts, base, folds, resamples, seed)
    earlier_ones = evaluation.scores["method"].str.startswith(FROZEN)  # no candidates among which a best is named
    evaluation = replace(
        evaluation, scores=evaluation.scores.assign(kind=evaluation.scores["kind"].mask(earlier_ones, "frozen"))
    )
    stability = _stability(fitted, now, earlier, refits, seed, estimates)
    segments = {method.name: method.predict(now) for method in fitted}
    table = _table(evaluation, fitted, stability, before, after)
    same = {name: adjusted_rand(contingency(_codes(after[name]), _codes(segments[name]))) for name in after}
    table["ari_frozen"] = table["method"].map(same)
    some = now.sample(min(RULED, len(now)), random_state=np.random.default_rng(np.random.SeedSequence(seed)))
    leaves = {name: _leaves(some, assigned.loc[some.index]) for name, assigned in segments.items()}
    table["rule_length"] = table["method"].map(leaves)
    return Benchmark(
        table,
        seconds,
        tuple(fitted),
        evaluation,
        stability,
        agreement(list(segments.values())),
        before,
        after,
        left_out,
        tuple(old),
    )


def _codes(segments: pd.Series) -> Codes:
    return segments.cat.codes.to_numpy().astype(np.intp)


def _lesson(method: Segmenter, now: pd.DataFrame, earlier: pd.DataFrame) -> pd.DataFrame:
    return earlier if method.outcome else now


def _fitted(
    methods: Sequence[Segmenter], now: pd.DataFrame, earlier: pd.DataFrame
) -> tuple[list[Segmenter], pd.DataFrame, pd.DataFrame]:
    """The methods learned, those left out, and the processor seconds of each: learned and applied, once."""
    fitted, left_out, seconds = [], [], []
    for method in methods:
        started = time.process_time()
        learned, refused = fit_methods([method], _lesson(method, now, earlier))
        seconds.append((method.name, time.process_time() - started))
        fitted += learned
        left_out.append(refused)
    return fitted, pd.concat(left_out, ignore_index=True), pd.DataFrame(seconds, columns=["method", "seconds"])


def _stability(
    methods: Sequence[Segmenter],
    now: pd.DataFrame,
    earlier: pd.DataFrame,
    refits: int,
    seed: int,
    estimates: Estimates | None,
) -> Stability:
    features = now.drop(columns=[column for column in now if column.startswith(HOLDOUT)])
    today, before = ([method for method in methods if bool(method.outcome) == learned] for learned in (False, True))
    found = [
        bootstrap_stability(today, features, None, refits, seed, estimates),
        bootstrap_stability(before, earlier, features, refits, seed, estimates),
    ]
    return Stability(
        pd.concat([one.solutions for one in found if len(one.solutions)], ignore_index=True),
        pd.concat([one.segments for one in found if len(one.segments)], ignore_index=True),
    )


def _leaves(customers: pd.DataFrame, segments: pd.Series) -> float:
    """Leaves of the shortest rule, in what anybody can count, that reproduces the segments."""
    counted = [c for c in customers.select_dtypes("number") if not c.startswith((HOLDOUT, "expected_", *VALUE))]
    return float(rule_length(customers[counted].fillna(NEVER), segments, most=LEAVES)["leaves"].iloc[0])


def _table(
    evaluation: Evaluation,
    methods: Sequence[Segmenter],
    stability: Stability,
    before: Mapping[str, pd.Series],
    after: Mapping[str, pd.Series],
) -> pd.DataFrame:
    ends = ("", "_lower", "_upper")
    names = {f"r2{end}": f"r2_spend{end}" for end in ends} | {f"r2_log{end}": f"r2{end}" for end in ends}
    scores = evaluation.scores.rename(columns=names)
    others = [f"{metric}{end}" for metric in OTHERS for end in ends]
    frozen = scores["method"].str.startswith(FROZEN)
    carried = scores[frozen].assign(method=scores["method"].str.removeprefix(FROZEN)).set_index("method")["r2"]
    rivals = [name for name in scores["method"][~frozen] if name != evaluation.reference]
    paired = evaluation.simultaneous(rivals, evaluation.reference).set_index("method")
    solutions = stability.solutions.set_index("method")
    table = scores[~frozen].reset_index(drop=True)
    name = table["method"]
    families = {method.name: method.family for method in methods}
    outcome = {method.name for method in methods if method.outcome}
    return pd.DataFrame(
        {
            "method": name,
            "kind": table["kind"],
            "family": name.map(families).fillna(""),
            **{column: table[column] for column in ("k", "coverage", "smallest_share", "r2", "r2_lower", "r2_upper")},
            "difference": name.map(paired["difference"]),
            "difference_lower": name.map(paired["lower"]),
            "difference_upper": name.map(paired["upper"]),
            **{column: table[column] for column in others},
            "ari": name.map(solutions["ari"]),
            "lowest_jaccard": name.map(solutions["lowest_jaccard"]),
            "r2_frozen": name.map(carried).where(~name.isin(outcome), table["r2"]),
            "share_moved": name.map({key: share_moved(before[key], after[key]) for key in before}),
            "psi": name.map({key: population_stability(before[key], after[key]) for key in before}),
        }
    )
