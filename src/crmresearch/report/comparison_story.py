"""What the comparison of all segmentations says: sentences and tables made from the benchmark."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from crmresearch.data.customers import CustomerTable
from crmresearch.data.transactions import Transactions
from crmresearch.phrases import catalogue, listed, say
from crmresearch.report.comparison_windows import Windows
from crmresearch.report.method_names import method_name
from crmresearch.segmentation.benchmark import LEAVES, Benchmark
from crmresearch.segmentation.stability import NAMED

FEWEST = 3  # methods of one number of segments that make a block
SEVERITIES = ["inadmissible", "unidentified", "weak", "note"]
FEW_REFITS = 20  # with fewer, which segments are found again depends on the draws
MOST = 10  # segments: more are not served apart from each other
CORE = ("recency", "frequency", "tenure", "monetary_mean", "monetary_total")  # features of the profile, with spend_last
VALUE_FIRST = "expected_value_quantiles_"  # individual value first, then segments of it


@dataclass(frozen=True)
class ComparisonStory:
    """The benchmark of one company's customers, told.

    `margin` (of the spend) and `cost` (a contact, in the currency) make the targeting table.
    """

    transactions: Transactions
    windows: Windows
    benchmark: Benchmark
    margin: float = 0.3
    cost: float = 1.0
    language: str = "en"

    @property
    def table(self) -> CustomerTable:
        """The customers now."""
        return self.windows.table

    @property
    def earlier(self) -> CustomerTable:
        """The customers one window earlier."""
        return self.windows.earlier_table

    def say(self, key: str, **facts: object) -> str:
        """A sentence of `crmresearch.phrases` in the language of the story."""
        return say(key, self.language, **facts)

    def name(self, key: str) -> str:
        """What readers call a method."""
        return method_name(key, self.language)

    def text(self, texts: dict[str, str]) -> str:
        """A text of a codebook in the language of the story."""
        return texts.get(self.language, texts["en"])

    @property
    def headings(self) -> dict[str, str]:
        """Column headings of the reader's tables."""
        columns = [key for key in catalogue("en") if key.startswith("column.")]
        return {key.removeprefix("column."): self.say(key) for key in columns}

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

    def findings(self) -> list[str]:
        """The verdict: best method, single numbers, equal numbers of segments, stability, choice, claim."""
        if not self.defined:
            return [self.say("comparison.nothing")]
        best = self.best
        headline = self.say(
            "comparison.headline" if best["r2_lower"] > 0 else "comparison.headline_nothing",
            methods=len(self.segmentations),
            best=self.name(best["method"]),
            k=int(best["k"]),
            r2=best["r2"],
            lower=best["r2_lower"],
            upper=best["r2_upper"],
            days=self._days(),
        )
        singles = [*self._single("naive"), *self._single("forecast")]
        return [headline, *singles, *self._blocks(), *self._stability(), *self._frozen(), self.claim()]

    def _single(self, kind: str) -> list[str]:
        """Whether the best number of a kind (naive, forecast) tells more than the best segmentation."""
        rows = self.singles[self.singles["kind"] == kind]
        if rows.empty:
            return []
        row = rows.iloc[0]
        paired = self._paired(row["method"], self.best["method"])
        verdict = "wins" if paired["lower"] > 0 else "loses" if paired["upper"] < 0 else "ties"
        facts = {
            "single": self.name(row["method"]),
            "r2": row["r2"],
            "lower": row["r2_lower"],
            "upper": row["r2_upper"],
        }
        spread = {"difference": paired["difference"], "difference_lower": paired["lower"]}
        spread |= {"difference_upper": paired["upper"]}
        return [self.say(f"comparison.{kind}_{verdict}", **facts, **spread)]

    def _blocks(self) -> list[str]:
        told = []
        reference = self.benchmark.evaluation.reference
        for k, block in self.segmentations[self.segmentations["block"] > 0].groupby("block"):
            row = block.iloc[0]
            facts = {"k": k, "method": self.name(row["method"]), "r2": row["r2"]}
            if row["method"] == reference:
                told.append(self.say("comparison.block_reference", **facts))
                continue
            lower, upper = row["difference_lower"], row["difference_upper"]
            verdict = "better" if lower > 0 else "worse" if upper < 0 else "same"
            spread = {"difference": row["difference"], "lower": lower, "upper": upper}
            told.append(self.say(f"comparison.block_{verdict}", reference=self.name(reference), **spread, **facts))
        return told

    def _stability(self) -> list[str]:
        fixed = set(self.benchmark.stability.solutions.query("fixed")["method"])
        known = self.segmentations[self.segmentations["lowest_jaccard"].notna()]
        rules = [self.name(method) for method in known["method"] if method in fixed]
        known = known[~known["method"].isin(fixed)]
        stable = known["lowest_jaccard"] >= NAMED
        key = "all" if stable.all() else "some" if stable.any() else "none"
        unstable = [self.name(method) for method in known["method"][~stable]]
        facts = {"stable": int(stable.sum()), "methods": len(known), "bound": NAMED}
        named = listed(unstable, self.language) if unstable else ""
        told = [self.say(f"comparison.stable_{key}", unstable=named, **facts)] if len(known) else []
        told += [self.say("comparison.stable_fixed", rules=listed(rules, self.language))] if rules else []
        chosen = self.choice
        if chosen is None:
            return [*told, self.say("comparison.choice_none", most=MOST)]
        rule = (
            self.say("comparison.rule_none", most=LEAVES)
            if pd.isna(chosen["rule_length"])
            else self.say("comparison.rule_leaves", leaves=chosen["rule_length"])
        )
        name, k = self.name(chosen["method"]), int(chosen["k"])
        facts = {"r2": chosen["r2"], "k": k, "moved": chosen["share_moved"], "days": self._days_between()}
        return [*told, self.say("comparison.choice", method=name, most=MOST, rule=rule, **facts)]

    def _frozen(self) -> list[str]:
        table = self.segmentations.dropna(subset="r2_frozen")
        table = table[table["family"] != "tree"]  # learned a window earlier to begin with
        if table.empty:
            return []
        loss = table["r2"] - table["r2_frozen"]
        worst = loss.idxmax()
        key = "comparison.frozen" if loss.median() > 0 else "comparison.frozen_gain"
        facts = {"loss": loss.median(), "worst": loss[worst], "method": self.name(table["method"][worst])}
        return [self.say(key, days=self._days_between(), **facts)]

    def claim(self) -> str:
        """Whether estimating value first and segmenting then serves groups worse, at the largest equal number."""
        told = self.say("comparison.claim")
        table = self.segmentations
        blocks = [k for k in sorted(table["block"].unique(), reverse=True) if k > 0]
        for k in blocks:
            block = table[table["block"] == k].set_index("method")
            value = f"{VALUE_FIRST}{k}"
            rivals = block[~block.index.str.contains("expected_value") & (block["family"] != "tree")]
            if value in block.index and len(rivals):
                group = str(rivals["r2"].idxmax())
                paired = self._paired(value, group)
                verdict = "contradicted" if paired["lower"] > 0 else "supported" if paired["upper"] < 0 else "open"
                facts = {"difference": paired["difference"], "lower": paired["lower"], "upper": paired["upper"], "k": k}
                facts |= {"value": self.name(value), "group": self.name(group)}
                facts |= {"value_jaccard": block["lowest_jaccard"][value]}
                facts |= {"group_jaccard": block["lowest_jaccard"][group]}
                return f"{told} {self.say(f'comparison.claim_{verdict}', **facts)}"
        return f"{told} {self.say('comparison.claim_untested')}"

    def _paired(self, method: str, reference: str) -> pd.Series:
        """Difference in R² of log spend, method − reference, with its interval."""
        differences = self.benchmark.evaluation.against(reference)
        return differences[(differences["method"] == method) & (differences["metric"] == "r2_log")].iloc[0]

    def _days(self) -> int:
        assert self.table.holdout_end is not None
        return (self.table.holdout_end - self.table.cutoff).days

    def _days_between(self) -> int:
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
        return [self.say("comparison.windows", title=self.text(about.title), **facts, **sizes)]

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
        for flag in self.windows.value.warnings if self.windows.value else ():
            message = self.say(f"value_caution.{flag.code}", parameter=flag.quantity, **flag.facts)
            rows.append((flag.code, flag.severity, flag.quantity, message))
        rows.sort(key=lambda row: SEVERITIES.index(row[1]))
        return pd.DataFrame(rows, columns=["code", "severity", "quantity", "message"])

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
        return means.set_axis([labels[key] for key in means.index]).rename(columns=lambda c: c.replace("_", " "))

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
    return listed(shown, language) if shown else "–"
