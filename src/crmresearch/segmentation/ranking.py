"""Which segmentation of a benchmark to use: not told apart from the best, found again, beside single numbers."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import pandas as pd

from crmresearch.ranks import verdict
from crmresearch.segmentation.benchmark import Benchmark
from crmresearch.segmentation.registry import VALUE
from crmresearch.segmentation.scoring.scores import LOWER_IS_BETTER
from crmresearch.segmentation.stability.stability import NAMED

FEWEST = 3  # methods of one number of segments that make a block
MOST = 10  # segments: more are not served apart from each other
OTHER_SCORES = ("r2", "deviance", "gini", "capture", "auc", "brier")  # besides R² of log spend
VALUE_FIRST = "expected_value_quantiles_"  # individual value first, then segments of it


@dataclass(frozen=True)
class Ranking:
    """The methods of a `benchmark` in order, with what is and is not told apart.

    `forecasts`: whether an individual forecast may be named the best number, as it may not where the value model did
    not settle. Rows are those of `Benchmark.table`; names of methods are their keys.

    A best of several is named with intervals for all of them at once (`Evaluation.simultaneous`), and the segmentation
    to use is the smallest that is not told apart from the best (`Evaluation.smallest_alike`).
    """

    benchmark: Benchmark
    forecasts: bool = True

    @cached_property
    def segmentations(self) -> pd.DataFrame:
        """The rows of segmentations and `block`: their number of segments where at least 3 share it, else 0.

        Blocks by their number, 0 last, and within a block best R² of log spend first.
        """
        table = self._best_first(self.benchmark.table.query("kind == 'segmentation'"))
        shared = table["k"].map(table["k"].value_counts()) >= FEWEST
        table = table.assign(block=table["k"].where(shared, 0).astype(int))
        return table.sort_values("block", key=lambda block: block.replace(0, 10**6), kind="stable", ignore_index=True)

    @cached_property
    def singles(self) -> pd.DataFrame:
        """The rows that are no segmentation, best first: naive numbers, forecasts, the learner, no segments at all."""
        return self._best_first(self.benchmark.table.query("kind != 'segmentation'")).reset_index(drop=True)

    @staticmethod
    def _best_first(table: pd.DataFrame) -> pd.DataFrame:
        return table.sort_values("r2", ascending=False, kind="stable")

    @property
    def defined(self) -> bool:
        """Whether customers differ in what they spend after the cut-off, so that a method can be told from another."""
        return bool(self.segmentations["r2"].notna().all())

    @cached_property
    def best(self) -> pd.Series:
        """The segmentation to use; that of the highest R² where none has a defined one."""
        ranked, chosen = self._best_first(self.segmentations), self.benchmark.evaluation.smallest_alike()
        known = ranked[ranked["method"] == chosen]
        return (ranked if known.empty else known).iloc[0]

    @property
    def alike(self) -> list[str]:
        """The other segmentations that are not told apart from the best of all, best first."""
        return [name for name in self.benchmark.evaluation.alike() if name != self.best["method"]]

    @cached_property
    def lasting(self) -> pd.Series | None:
        """The one to use among those of at most 10 segments that are all found again, by the same rule as `best`.

        Found again is a segment of a mean Jaccard of .6 or more over the refits (Hennig, 2008). None without any.
        """
        table = self._best_first(self.segmentations)
        table = table[(table["k"] <= MOST) & (table["lowest_jaccard"] >= NAMED)].set_index("method", drop=False)
        chosen = self.benchmark.evaluation.smallest_alike(list(table.index))
        return None if chosen is None else table.loc[chosen]

    @property
    def lead(self) -> str:
        """The method that stands for all: the `lasting` one, or the best where there is none."""
        return str((self.best if self.lasting is None else self.lasting)["method"])

    @property
    def rival(self) -> str:
        """The method to set beside the lead: the reference of the differences, or the best other where that leads."""
        order = [self.benchmark.evaluation.reference, *self._best_first(self.segmentations)["method"]]
        names = {method.name for method in self.benchmark.methods} - {self.lead}
        return next(str(name) for name in order if name in names)

    @property
    def blocks(self) -> dict[int, pd.DataFrame]:
        """The segmentations of every number of segments that at least 3 methods share, best first."""
        shared = self.segmentations[self.segmentations["block"] > 0]
        return {int(k): block.reset_index(drop=True) for k, block in shared.groupby("block")}

    @property
    def everything(self) -> pd.DataFrame:
        """All rows, segmentations first."""
        return pd.concat([self.segmentations, self.singles], ignore_index=True)

    @property
    def single(self) -> pd.Series:
        """The row of the best single number."""
        return self.singles.set_index("method", drop=False).loc[self.numbers()[0]]

    @property
    def kinds(self) -> tuple[str, ...]:
        """The kinds of single numbers among which a best is named."""
        return ("naive", "forecast") if self.forecasts else ("naive",)

    def numbers(self, *kinds: str) -> list[str]:
        """The single numbers of these kinds, by default of all among which a best is named; best first."""
        return list(self.singles["method"][self.singles["kind"].isin(kinds or self.kinds)])

    def ahead(self, methods: Sequence[str]) -> pd.Series:
        """The best of some single numbers against the segmentation to use: method, difference, lower, upper.

        The 95 % interval is for all single numbers at once, however few are asked for.
        """
        leads = self.benchmark.evaluation.simultaneous(self.numbers(), self.best["method"])
        leads = leads[leads["method"].isin(methods)]
        return leads.loc[leads["difference"].idxmax()]

    def by_other_scores(self, single: str) -> dict[str, list[str]]:
        """The scores besides R² of log spend by which a number wins over the segmentation to use, loses, or ties."""
        differences = self.benchmark.evaluation.against(self.best["method"]).query("method == @single")
        sides: dict[str, list[str]] = {"wins": [], "loses": [], "ties": []}
        for row in differences[differences["metric"].isin(OTHER_SCORES)].dropna().itertuples():
            sign = -1 if row.metric in LOWER_IS_BETTER else 1
            sides[verdict(*sorted((sign * row.lower, sign * row.upper)))].append(str(row.metric))
        return sides

    def value_first(self) -> pd.DataFrame:
        """Whether estimating value first and segmenting then serves groups worse, a row a block that can tell.

        Value first are the quantiles of expected value. Rivals are the methods of as many segments that read several
        numbers of behaviour and no estimated value; the best of them is picked, and its interval allows for that.
        Columns: k, value, group (the best rival), methods (rivals), difference (value − group in R² of log spend) with
        lower and upper, outcome (supported: the group is ahead; contradicted: value is ahead of every rival; open),
        value_jaccard and group_jaccard (lowest of the segments).
        """
        needs = {method.name: set(method.needs) for method in self.benchmark.methods}
        answers = []
        for k, block in self.blocks.items():
            rows, value = block.set_index("method"), f"{VALUE_FIRST}{k}"
            rivals = [method for method in rows.index if len(needs[method]) > 1 and not needs[method] & set(VALUE)]
            if value not in rows.index or not rivals:
                continue
            leads = self.benchmark.evaluation.simultaneous(rivals, value).set_index("method")
            group = str(rows.loc[rivals, "r2"].idxmax())
            lead, jaccards = leads.loc[group], rows.loc[[value, group], "lowest_jaccard"]
            outcome = "supported" if lead["lower"] > 0 else "contradicted" if (leads["upper"] < 0).all() else "open"
            spread = (-lead["difference"], -lead["upper"], -lead["lower"])
            answers.append((k, value, group, len(rivals), *spread, outcome, *jaccards))
        columns = ["k", "value", "group", "methods", "difference", "lower", "upper", "outcome"]
        return pd.DataFrame(answers, columns=[*columns, "value_jaccard", "group_jaccard"])
