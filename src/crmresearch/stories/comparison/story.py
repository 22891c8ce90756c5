"""What the comparison of all segmentations says: sentences and tables made from the benchmark."""

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import pandas as pd

from crmresearch.data.customers import CustomerTable
from crmresearch.data.margins import Margins, as_margins
from crmresearch.data.transactions.transactions import Transactions
from crmresearch.segmentation.benchmark import Benchmark
from crmresearch.segmentation.column_names import column_names
from crmresearch.segmentation.contract import Segmenter
from crmresearch.segmentation.monitoring.ageing import Ageing, ageing_or_reason
from crmresearch.segmentation.scoring.managerial import reached, targeting
from crmresearch.segmentation.stability.segment_profiles import behaviour_deviations
from crmresearch.segmentation.stability.stability import NAMED
from crmresearch.segmentation.windows import Windows
from crmresearch.stories.comparison import TEXTS
from crmresearch.stories.margins import margins_named
from crmresearch.stories.method_names import method_name
from crmresearch.stories.story import Story, interval, verdict
from crmresearch.stories.targeting import targeting_sentences, uplift

FEWEST = 3  # methods of one number of segments that make a block
MOST = 10  # segments: more are not served apart from each other
SIMULATIONS = 60  # of customers who only grow older


@dataclass(frozen=True)
class ComparisonStory(Story):
    """The benchmark of one company's customers, told.

    `margin` (of the spend), `contact_cost` (in the currency) and `top` (share of the customers contacted) make the
    targeting table.
    """

    texts = TEXTS

    transactions: Transactions
    windows: Windows
    benchmark: Benchmark
    margin: Margins = field(default_factory=lambda: as_margins(0.3))
    contact_cost: float = 1.0
    top: float = 0.2
    language: str = "en"

    @property
    def table(self) -> CustomerTable:
        """The customers now."""
        return self.windows.table

    @property
    def earlier(self) -> CustomerTable:
        """The customers one window earlier."""
        return self.windows.earlier_table

    def name(self, key: str) -> str:
        """What readers call a method."""
        return method_name(key, self.language, self.benchmark.methods)

    @cached_property
    def segmentations(self) -> pd.DataFrame:
        """The rows of segmentations with `block` (equal number of segments, 0 where too few share it), best first."""
        table = self.benchmark.table.query("kind == 'segmentation'")
        shared = table["k"].map(table["k"].value_counts()) >= FEWEST
        table = table.assign(block=table["k"].where(shared, 0).astype(int)).sort_values(
            "r2", ascending=False, kind="stable"
        )
        return table.sort_values("block", key=lambda block: block.replace(0, 10**6), kind="stable", ignore_index=True)

    @cached_property
    def singles(self) -> pd.DataFrame:
        """The rows that are no segmentation, best first."""
        table = self.benchmark.table.query("kind != 'segmentation'")
        return table.sort_values("r2", ascending=False, kind="stable", ignore_index=True)

    @property
    def everything(self) -> pd.DataFrame:
        """All rows, segmentations first."""
        return pd.concat([self.segmentations, self.singles], ignore_index=True)

    @cached_property
    def ranked(self) -> pd.DataFrame:
        """The rows of segmentations, highest R² first."""
        return self.segmentations.sort_values("r2", ascending=False, kind="stable")

    @cached_property
    def best(self) -> pd.Series:
        """The segmentation to use, `Evaluation.smallest_alike`; that of the highest R² where none is defined."""
        ranked, chosen = self.ranked, self.benchmark.evaluation.smallest_alike()
        known = ranked[ranked["method"] == chosen]
        return (ranked if known.empty else known).iloc[0]

    @property
    def alike(self) -> list[str]:
        """The names of the other segmentations that are not told apart from the best, best first."""
        return [self.name(name) for name in self.benchmark.evaluation.alike() if name != self.best["method"]]

    @cached_property
    def blocks(self) -> dict[int, pd.DataFrame]:
        """The segmentations of every number of segments that enough methods share, best first."""
        shared = self.segmentations[self.segmentations["block"] > 0]
        return {int(k): block.reset_index(drop=True) for k, block in shared.groupby("block")}

    @property
    def single(self) -> pd.Series:
        """The single number, naive or an individual forecast, of the highest R²."""
        return self.singles[self.singles["kind"].isin(self.rankable)].iloc[0]

    @property
    def rankable(self) -> tuple[str, ...]:
        """The kinds of single numbers of which a best is named: no forecast of a value model that did not settle."""
        value = self.windows.value
        return ("naive", "forecast") if value is None or value.purchases.settled else ("naive",)

    @property
    def lead(self) -> str:
        """The method that pictures show: the choice, or the best where there is none."""
        chosen = self.choice
        return str(self.best["method"] if chosen is None else chosen["method"])

    @cached_property
    def choice(self) -> pd.Series | None:
        """The segmentation to use among those of few segments that are all found again, by the same rule as `best`."""
        lasting = self.ranked[(self.ranked["k"] <= MOST) & (self.ranked["lowest_jaccard"] >= NAMED)]
        chosen = self.benchmark.evaluation.smallest_alike(list(lasting["method"]))
        return None if chosen is None else lasting.set_index("method", drop=False).loc[chosen]

    @cached_property
    def numbers(self) -> list[str]:
        """The single numbers of which a best is named."""
        return list(self.singles["method"][self.singles["kind"].isin(self.rankable)])

    @property
    def defined(self) -> bool:
        """Whether customers differ in what they spend after the cut-off."""
        return bool(self.segmentations["r2"].notna().all())

    @property
    def days(self) -> int:
        """Days of the holdout."""
        assert self.table.holdout_end is not None
        return (self.table.holdout_end - self.table.cutoff).days

    @property
    def days_between(self) -> int:
        """Days from the earlier cut-off to this one."""
        return (self.table.cutoff - self.earlier.cutoff).days

    @property
    def refits(self) -> int:
        """Resamples on which the stability rests."""
        return int(self.benchmark.stability.solutions["refits"].max())

    @property
    def facts(self) -> dict[str, Any]:
        """What captions name: the two cut-offs and the end, the lead method, its rival, and the reference."""
        dates = {"cutoff": self.table.cutoff, "earlier": self.earlier.cutoff, "end": self.table.holdout_end}
        names = {"method": self.name(self.lead), "reference": self.name(self.rival)}
        return {**dates, **names, "base": self.name(self.benchmark.evaluation.reference), "top": self.top}

    @property
    def rival(self) -> str:
        """The method whose segments the flows start from: the reference, or another where that leads itself."""
        order = [self.benchmark.evaluation.reference, *self.ranked["method"]]
        names = {method.name for method in self.benchmark.methods} - {self.lead}
        return next(str(name) for name in order if name in names)

    def windows_text(self) -> list[str]:
        """The data and the two windows."""
        sizes = {"customers": len(self.table.frame), "earlier_customers": len(self.earlier.frame)}
        title = self.text(self.transactions.codebook.title)
        told = self.say("comparison.windows", title=title, **self.facts, **sizes)
        return [told, *map(self.text, self.transactions.notes)]

    def method_text(self, key: str, **facts: object) -> list[str]:
        """One explaining sentence of the section `comparison`."""
        resamples = self.benchmark.evaluation.resamples
        return [self.say(f"comparison.{key}", resamples=resamples, refits=self.refits, **facts)]

    def agreement_text(self) -> list[str]:
        """The two methods most alike, and how alike methods are on average."""
        pairs = self.benchmark.agreement[self.benchmark.agreement["method"] < self.benchmark.agreement["other"]]
        top = pairs.loc[pairs["ami"].idxmax()]
        names = {"first": self.name(top["method"]), "second": self.name(top["other"])}
        return [self.say("comparison.agreement", most=top["ami"], mean=pairs["ami"].mean(), **names)]

    @cached_property
    def ageing(self) -> Ageing | None:
        """What growing older alone does to segments of the lead method learned earlier; None where no model tells."""
        learned = next((method for method in self.benchmark.earlier if method.name == self.lead), None)
        customers = {self.earlier.cutoff: self.windows.earlier, self.table.cutoff: self.windows.now}
        return ageing_or_reason(customers, learned, SIMULATIONS, self.benchmark.evaluation.seed)[0] if learned else None

    @property
    def moved(self) -> dict[str, float]:
        """Share of customers whose segment by the lead method changed, and that which time alone would have moved."""
        there = {"moved": float(self.benchmark.table.set_index("method").loc[self.lead, "share_moved"])}
        if self.ageing is None:
            return there
        return {**there, "expected": self.ageing.now.moved_expected, **interval(self.ageing.now, "moved_")}

    def moved_text(self) -> list[str]:
        """How many customers of the lead method moved between the two cut-offs, beside what time alone moves."""
        psi = float(self.benchmark.table.set_index("method").loc[self.lead, "psi"])
        told, moved = [self.say("comparison.moved", psi=psi, moved=self.moved["moved"], **self.facts)], self.moved
        if self.ageing is None:
            return [*told, self.say("comparison.moved_unknown")]
        key = verdict(moved["moved"] - moved["upper"], moved["moved"] - moved["lower"])
        return [*told, self.say(f"comparison.moved_{key}", **moved)]

    def labels(self, method: str) -> dict[str, str]:
        """Names of the segments of a method, by key."""
        return {segment.key: self.text(segment.label) for segment in self._fitted(method).segments}

    def _fitted(self, name: str) -> Segmenter:
        return next(method for method in self.benchmark.methods if method.name == name)

    def profiles(self) -> pd.DataFrame:
        """Segments of the lead method × features by name: `behaviour_deviations`."""
        means = behaviour_deviations(self.table.frame, self.benchmark.segments(self.lead))
        labels = self.labels(self.lead)
        named = {column: self.text(column_names([column])).replace("_", " ") for column in means}
        return means.set_axis([labels[key] for key in means.index]).rename(columns=named)

    def lead_text(self) -> list[str]:
        """The definition of the lead method."""
        return [self.text(self._fitted(self.lead).definition)]

    @property
    def published(self) -> dict[str, str]:
        """The data."""
        return {"data": self.transactions.codebook.citation}

    def methods_paragraph(self) -> list[str]:
        """The data, and how the segmentations were scored and compared, as a paper tells it."""
        evaluation, title = self.benchmark.evaluation, self.text(self.transactions.codebook.title)
        facts = {"folds": evaluation.folds, "resamples": evaluation.resamples, "refits": self.refits}
        facts |= {"methods": len(self.segmentations), "customers": len(self.table.frame), "seed": evaluation.seed}
        valued = ["comparison_value"] if self.windows.value is not None else []
        facts["simulations"] = SIMULATIONS
        valued += ["comparison_ageing"] if self.ageing else []
        told = [self.say(f"methods.{key}", **self.facts, **facts) for key in ("comparison", *valued, "seed")]
        return [self.say("methods.data", title=title, cited=self.citation("data")), *told]

    def limits(self) -> list[str]:
        """What this comparison cannot say."""
        about = self.text(self.transactions.codebook.about)
        return [
            uplift(self.language),
            self.say("comparison.limit_selection", methods=len(self.segmentations)),
            self.say("comparison.limit_value"),
            self.say("comparison.limit_company", about=about),
        ]

    @cached_property
    def targets(self) -> pd.DataFrame:
        """Profit of contacting the customers who pay by each method: `targeting`."""
        spend = self.table.frame["holdout_spend"]
        return targeting(self.benchmark.evaluation, spend, self.margin, self.contact_cost, self.top)

    @cached_property
    def reached(self) -> pd.DataFrame:
        """Whether demographics tell the segments apart, a row a method: `reached`; empty without any on record."""
        known = [name for name in self.transactions.codebook.demographics if name in self.table.frame]
        segments = (self.benchmark.segments(method.name) for method in (self.benchmark.methods if known else ()))
        return reached(self.table.frame[known], segments, self.benchmark.evaluation.seed)

    def targeting_text(self) -> list[str]:
        """Whether targeting by the segmentation to use pays against contacting everybody; that capture is no uplift."""
        row = self.targets.set_index("method").loc[self.best["method"]]
        money = self.margin, self.contact_cost, self.transactions.codebook.currency
        told = targeting_sentences(row, *money, self.name(self.best["method"]), self.language)
        return [*told, *margins_named(self.margin, self.language)]

    def reach_text(self) -> list[str]:
        """Whether demographics tell the segments of the lead method apart, and of how many customers they are known."""
        names = self.transactions.codebook.demographics
        if not names:
            return [self.say("comparison.reach_none")]
        table = self.reached.set_index("method")
        if self.lead not in table.index:
            return [self.say("comparison.reach_few", method=self.name(self.lead))]
        row = table.loc[self.lead]
        key = "comparison.reach" if row["told"] else "comparison.reach_chance"
        told = [self.say(key, accuracy=row["balanced_accuracy"], chance=row["chance"], method=self.name(self.lead))]
        told.append(self.say("comparison.reach_all", told=int(table["told"].sum()), methods=len(table)))
        on_record = self.table.frame[names].notna().any(axis=1).mean()
        return told if on_record == 1 else [self.say("comparison.reach_on_record", share=on_record), *told]
