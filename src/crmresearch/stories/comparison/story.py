"""What the comparison of all segmentations says: sentences and tables made from the benchmark."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from crmresearch.data.customers import CustomerTable
from crmresearch.data.transactions.transactions import Transactions
from crmresearch.segmentation.benchmark import Benchmark
from crmresearch.segmentation.column_names import column_names
from crmresearch.segmentation.methods.mixture import GaussianMixtureClusters
from crmresearch.segmentation.stability.stability import NAMED
from crmresearch.segmentation.windows import Windows
from crmresearch.stories.comparison import TEXTS
from crmresearch.stories.method_names import method_name
from crmresearch.stories.story import Story, caution_table

FEWEST = 3  # methods of one number of segments that make a block
FEW_REFITS = 20  # with fewer, which segments are found again depends on the draws
MOST = 10  # segments: more are not served apart from each other
CORE = ("recency", "frequency", "tenure", "monetary_mean", "monetary_total")  # features of the profile, with spend_last


@dataclass(frozen=True)
class ComparisonStory(Story):
    """The benchmark of one company's customers, told.

    `margin` (of the spend), `cost` (a contact, in the currency) and `top` (share of the customers contacted) make the
    targeting table.
    """

    texts = TEXTS

    transactions: Transactions
    windows: Windows
    benchmark: Benchmark
    margin: float = 0.3
    cost: float = 1.0
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
        return method_name(key, self.language)

    @cached_property
    def segmentations(self) -> pd.DataFrame:
        """The rows of segmentations with `block` (equal number of segments, 0 where too few share it), best first."""
        table = self.benchmark.table.query("kind == 'segmentation'")
        shared = table["k"].map(table["k"].value_counts()) >= FEWEST
        table = table.assign(block=table["k"].where(shared, 0).astype(int))
        order = table["block"].replace(0, 10**6)
        return table.assign(order=order).sort_values(["order", "r2"], ascending=[True, False], kind="stable").drop(
            columns="order"
        )  # fmt: skip

    @cached_property
    def singles(self) -> pd.DataFrame:
        """The rows that are no segmentation, best first."""
        table = self.benchmark.table.query("kind != 'segmentation'")
        return table.sort_values("r2", ascending=False, kind="stable")

    @property
    def best(self) -> pd.Series:
        """The segmentation with the highest R²."""
        return self.segmentations.sort_values("r2", ascending=False, kind="stable").iloc[0]

    @property
    def single(self) -> pd.Series:
        """The best single number: naive, or an individual forecast."""
        return self.singles[self.singles["kind"].isin(("naive", "forecast"))].iloc[0]

    @property
    def lead(self) -> str:
        """The method that pictures show: the choice, or the best where there is none."""
        chosen = self.choice
        return str(self.best["method"] if chosen is None else chosen["method"])

    @property
    def choice(self) -> pd.Series | None:
        """The segmentation with the highest R² among those of few segments that are all found again."""
        few = self.segmentations[self.segmentations["k"] <= MOST]
        lasting = few[few["lowest_jaccard"] >= NAMED]
        return None if lasting.empty else lasting.sort_values("r2", ascending=False, kind="stable").iloc[0]

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

    def caption(self, key: str) -> str:
        """A caption of this report: `comparison_caption.<key>` with the lead method and the dates."""
        dates = {"cutoff": self.table.cutoff, "earlier": self.earlier.cutoff, "end": self.table.holdout_end}
        names = {"method": self.name(self.lead), "reference": self.name(self.rival)}
        names["base"] = self.name(self.benchmark.evaluation.reference)
        return self.say(f"comparison_caption.{key}", **dates, **names)

    @property
    def rival(self) -> str:
        """The method whose segments the flows start from: the reference, or another where that leads itself."""
        order = [self.benchmark.evaluation.reference, *self.segmentations.sort_values("r2", ascending=False)["method"]]
        names = {method.name for method in self.benchmark.methods} - {self.lead}
        return next(str(name) for name in order if name in names)

    def windows_text(self) -> list[str]:
        """The data and the two windows."""
        about = self.transactions.codebook
        facts = {"cutoff": self.table.cutoff, "end": self.table.holdout_end, "earlier": self.earlier.cutoff}
        sizes = {"customers": len(self.table.frame), "earlier_customers": len(self.earlier.frame)}
        told = self.say("comparison.windows", title=self.text(about.title), **facts, **sizes)
        return [told, *map(self.text, self.transactions.notes)]

    def warnings(self) -> pd.DataFrame:
        """Unstable segments, methods left out, failed refits, and what the evaluator and the value model say."""
        rows = []
        labels = {(m.name, s.key): self.text(s.label) for m in self.benchmark.methods for s in m.segments}
        weak = self.benchmark.stability.segments.query("not named")
        for method, part in weak.groupby("method", sort=False):
            named = [f"{labels[(method, row.segment)]} ({row.jaccard:.2f})" for row in part.itertuples()]
            message = self.say("comparison_caution.unstable", segments=_some(named, self.language), bound=NAMED)
            rows.append(("unstable_segments", "weak", self.name(str(method)), message))
        refits = int(self.benchmark.stability.solutions["refits"].max())
        if refits < FEW_REFITS:
            rows.append(("few_refits", "weak", "", self.say("comparison_caution.few_refits", refits=refits)))
        for row in self.benchmark.left_out.itertuples():
            message = self.say("comparison_caution.left_out", reason=row.reason)
            rows.append(("left_out", "weak", self.name(row.method), message))
        for method in self.benchmark.methods:
            if isinstance(method, GaussianMixtureClusters) and method.k is None and method.k_ == method.largest:
                message = self.say("comparison_caution.largest", largest=method.largest)
                rows.append(("largest_number", "note", self.name(method.name), message))
        for row in self.benchmark.stability.solutions.query("failed > 0").itertuples():
            message = self.say("comparison_caution.failed", failed=row.failed, refits=row.refits)
            rows.append(("failed_refits", "note", self.name(row.method), message))
        known = {method.name for method in self.benchmark.methods}
        small = self.benchmark.evaluation.warnings
        small = small[small["method"].isin(known) | (small["method"] == "") | small["method"].isna()]
        for (code, severity, method), part in small.groupby(["code", "severity", "method"], dropna=False, sort=False):
            named = [f"{labels.get((method, r.segment), r.segment)} ({r.customers:,.0f})" for r in part.itertuples()]
            facts = {"segments": _some(named, self.language), "count": len(part)}
            subject = self.name(method) if isinstance(method, str) and method else ""
            rows.append((code, severity, subject, self.say(f"customer_caution.{code}", **facts)))
        if self.windows.failure:
            message = self.say("comparison_caution.left_out", reason=self.windows.failure)
            rows.append(("no_value_model", "weak", "", message))
        for caution in self.windows.value.cautions if self.windows.value else ():
            message = self.say(f"value_caution.{caution.code}", parameter=caution.quantity, **caution.facts)
            rows.append((caution.code, caution.severity, caution.quantity, message))
        return caution_table(rows)

    def method_text(self, key: str, **facts: object) -> list[str]:
        """One explaining sentence of the section `comparison`."""
        evaluation = self.benchmark.evaluation
        refits = int(self.benchmark.stability.solutions["refits"].max())
        return [self.say(f"comparison.{key}", resamples=evaluation.resamples, refits=refits, **facts)]

    def agreement_text(self) -> list[str]:
        """The two methods most alike, and how alike methods are on average."""
        pairs = self.benchmark.agreement[self.benchmark.agreement["method"] < self.benchmark.agreement["other"]]
        top = pairs.loc[pairs["ami"].idxmax()]
        names = {"first": self.name(top["method"]), "second": self.name(top["other"])}
        return [self.say("comparison.agreement", most=top["ami"], mean=pairs["ami"].mean(), **names)]

    def moved_text(self) -> list[str]:
        """How many customers of the lead method moved between the two cut-offs."""
        row = self.benchmark.table.set_index("method").loc[self.lead]
        facts = {"earlier": self.earlier.cutoff, "cutoff": self.table.cutoff, "method": self.name(self.lead)}
        return [self.say("comparison.moved", moved=row["share_moved"], psi=row["psi"], **facts)]

    def labels(self, method: str) -> dict[str, str]:
        """Names of the segments of a method, by key."""
        known = next(one for one in self.benchmark.methods if one.name == method)
        return {segment.key: self.text(segment.label) for segment in known.segments}

    def profiles(self) -> pd.DataFrame:
        """Segments of the lead method × features: mean deviation from all customers in standard deviations."""
        frame = self.table.frame.select_dtypes("number")
        frame = frame[[column for column in frame if column in CORE or column.startswith("spend_last")]]
        logged = [c for c in frame if c.startswith(("frequency", "monetary", "spend"))]
        frame = frame.assign(**{column: np.log1p(frame[column].clip(lower=0)) for column in logged})
        frame = frame.loc[:, frame.std() > 0]
        scores = (frame - frame.mean()) / frame.std(ddof=0)
        segments = self.benchmark.segments(self.lead)
        means = scores.groupby(segments, observed=True).mean()
        labels = self.labels(self.lead)
        named = {column: self.text(column_names([column])).replace("_", " ") for column in means}
        return means.set_axis([labels[key] for key in means.index]).rename(columns=named)

    def lead_text(self) -> list[str]:
        """The definition of the lead method."""
        return [self.text(next(m for m in self.benchmark.methods if m.name == self.lead).definition)]

    def limits(self) -> list[str]:
        """What this comparison cannot say."""
        about = self.text(self.transactions.codebook.about)
        return [
            self.say("comparison.uplift"),
            self.say("comparison.limit_selection", methods=len(self.segmentations)),
            self.say("comparison.limit_value"),
            self.say("comparison.limit_company", about=about),
        ]


def _some(named: list[str], language: str, most: int = 6) -> str:
    """The first few of many, and how many more there are."""
    shown = named if len(named) <= most else [*named[: most - 1], f"+{len(named) - most + 1}"]
    return TEXTS.listed(shown, language) if shown else "–"
