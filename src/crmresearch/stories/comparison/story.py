"""What the comparison of all segmentations says: sentences made from the benchmark and its ranking."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import pandas as pd

from crmresearch.data.customers import CustomerTable
from crmresearch.data.margins import Margins, as_margins
from crmresearch.data.transactions.transactions import Transactions
from crmresearch.segmentation.benchmark import LEAVES, Benchmark
from crmresearch.segmentation.column_names import column_names
from crmresearch.segmentation.contract import Segmenter
from crmresearch.segmentation.monitoring.ageing import Ageing, ageing_or_reason
from crmresearch.segmentation.ranking import MOST, Ranking
from crmresearch.segmentation.scoring.managerial import reached, targeting
from crmresearch.segmentation.stability.segment_profiles import behaviour_deviations
from crmresearch.segmentation.stability.stability import NAMED
from crmresearch.segmentation.windows import Windows
from crmresearch.stories.campaign import SegmentsStory
from crmresearch.stories.comparison import TEXTS
from crmresearch.stories.margins import margins_named
from crmresearch.stories.story import interval, verdict
from crmresearch.stories.targeting import targeting_sentences, uplift

SIMULATIONS = 60  # of customers who only grow older


@dataclass(frozen=True)
class ComparisonStory(SegmentsStory):
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
    def methods(self) -> Sequence[Segmenter]:  # type: ignore[override]  # those of the benchmark
        """The methods compared."""
        return self.benchmark.methods

    @property
    def table(self) -> CustomerTable:
        """The customers now."""
        return self.windows.table

    @cached_property
    def ranking(self) -> Ranking:
        """The methods in order; no forecast of a value model that did not settle is called the best."""
        value = self.windows.value
        return Ranking(self.benchmark, value is None or value.purchases.settled)

    @property
    def lead(self) -> str:
        """The method that pictures show."""
        return self.ranking.lead

    def names(self, methods: Sequence[str]) -> list[str]:
        """What readers call some methods."""
        return [self.method_name(method) for method in methods]

    @property
    def refits(self) -> int:
        """Resamples on which the stability rests."""
        return int(self.benchmark.stability.solutions["refits"].max())

    @property
    def facts(self) -> dict[str, Any]:
        """What captions name: the two cut-offs and the end, the lead method, its rival, and the reference."""
        dates = {"cutoff": self.table.cutoff, "earlier": self.windows.earlier_table.cutoff}
        names = {"method": self.method_name(self.lead), "reference": self.method_name(self.ranking.rival)}
        base = self.method_name(self.benchmark.evaluation.reference)
        return {**dates, "end": self.table.holdout_end, **names, "base": base, "top": self.top}

    @property
    def between(self) -> int:
        """Days from the earlier cut-off to this one."""
        return (self.table.cutoff - self.windows.earlier_table.cutoff).days

    def findings(self) -> list[str]:
        """Headline, single numbers, what lasts, money, other scores, equal numbers, stability, frozen rules, claim."""
        ranking = self.ranking
        if not ranking.defined:
            return [self.say("comparison.nothing")]
        best, name, tells = ranking.best, self.method_name(ranking.best["method"]), ranking.best["r2_lower"] > 0
        end = ("" if ranking.alike else "_alone") if tells else "_nothing"
        facts = {"best": name, "methods": len(ranking.segmentations), "days": self.windows.days, "k": int(best["k"])}
        headline = self.say(f"comparison.headline{end}", best, **facts, alike=self.some(self.names(ranking.alike), 3))
        money = {"method": name, "spend": best["r2_spend"], **interval(best, "r2_spend_")}
        singles = [self.single_number(kind) for kind in ranking.kinds]
        told = [headline, *(found[0] for found in singles if found), *self._chosen()]
        told += self.sentences("scale.", bool(tells) and "money", **money)
        told += [sentence for found in singles for sentence in found[1:]]
        return [*told, *self._equal_numbers(), *self._lasting(), *self._frozen(), *self.claim()]

    def follows(self) -> list[str]:
        """Which segmentation to use, where a number serves better, whether targeting pays; or why nothing follows."""
        ranking = self.ranking
        if not ranking.defined or not ranking.best["r2_lower"] > 0:
            return [self.say("comparison.follows_nothing")]
        best, lasting = ranking.best, ranking.lasting
        told = [self.say("comparison.follows_use", method=self.method_name(best["method"]), k=int(best["k"]))]
        if lasting is not None and lasting["method"] != best["method"]:
            key = "fewer" if best["lowest_jaccard"] >= NAMED else "named"
            told.append(self.say(f"comparison.follows_{key}", method=self.method_name(lasting["method"]), most=MOST))
        if numbers := ranking.numbers():
            lead = ranking.ahead(numbers)
            if (outcome := verdict(lead["lower"], lead["upper"])) != "loses":
                first = self.first_of(self.names(self.benchmark.evaluation.alike(numbers)))
                told.append(self.say(f"comparison.follows_{outcome}", single=first))
        return [*told, *self.targeting_text()[:1]]

    def single_number(self, kind: str) -> list[str]:
        """Whether the best number of a kind tells more than the segmentation to use, and by which other scores."""
        if not (numbers := self.ranking.numbers(kind)):
            return []
        lead = self.ranking.ahead(numbers)
        row = self.ranking.singles.set_index("method").loc[lead["method"]]
        spread = {"difference": lead["difference"]}
        spread |= {"difference_lower": lead["lower"], "difference_upper": lead["upper"]}
        single, sides = self.method_name(lead["method"]), self.ranking.by_other_scores(lead["method"])
        told = [self.say(f"comparison.{kind}_{verdict(lead['lower'], lead['upper'])}", row, single=single, **spread)]
        scores = {side: [self.say(f"comparison_score.{metric}") for metric in sides[side]] for side in sides}
        parts = [self.say(f"comparison.score_{side}", scores=self.listed(s)) for side, s in scores.items() if s]
        facts = {"single": single, "best": self.method_name(self.ranking.best["method"]), "parts": "; ".join(parts)}
        return told + self.sentences("comparison.", bool(parts) and "other_scores", **facts)

    def _equal_numbers(self) -> list[str]:
        """Which methods of equal numbers of segments are not told apart from the best of their block."""
        told = []
        for k, block in self.ranking.blocks.items():
            alike = self.benchmark.evaluation.alike(list(block["method"]))
            facts = {"k": k, "methods": len(block), "count": len(alike), "r2": block["r2"].max()}
            key = "comparison.block_alone" if len(alike) == 1 else "comparison.block_alike"
            told.append(self.say(key, names=self.some(self.names(alike)), **facts))
        return told

    def _lasting(self) -> list[str]:
        """Which segmentations are found again on resampled customers."""
        known = self.ranking.segmentations.dropna(subset="lowest_jaccard")
        fixed = known["method"].isin(self.benchmark.stability.solutions.query("fixed")["method"])
        rules, known = known[fixed], known[~fixed]
        stable, told = known["lowest_jaccard"] >= NAMED, []
        if len(known):
            key = "all" if stable.all() else "some" if stable.any() else "none"
            facts = {"stable": int(stable.sum()), "methods": len(known), "bound": NAMED}
            unstable = self.listed(self.names(known["method"][~stable]))
            told.append(self.say(f"comparison.stable_{key}", unstable=unstable, **facts))
        named = self.listed(self.names(rules["method"]))
        return told + self.sentences("comparison.", len(rules) > 0 and "stable_fixed", rules=named)

    def _chosen(self) -> list[str]:
        """Of the segmentations that are found again, the one to use."""
        chosen, best = self.ranking.lasting, self.ranking.best
        if chosen is None:
            return [self.say("comparison.choice_none", most=MOST)]
        rule = "none" if pd.isna(chosen["rule_length"]) else "leaves"
        moves = "comparison.moves_expected" if self.ageing else "comparison.moves"
        ahead = "alike" if chosen["method"] in self.benchmark.evaluation.alike() else "less"
        facts = {
            "k": int(chosen["k"]),
            "most": MOST,
            "method": self.method_name(chosen["method"]),
            "rule": self.say(f"comparison.rule_{rule}", most=LEAVES, leaves=chosen["rule_length"]),
            "moves": self.say(moves, days=self.between, **self.moved),
            "against": self.say(f"comparison.choice_{ahead}", best=self.method_name(best["method"])),
        }
        same = chosen["method"] == best["method"]
        return [self.say("comparison.choice_same" if same else "comparison.choice", r2=chosen["r2"], **facts)]

    def _frozen(self) -> list[str]:
        """What methods lose that were learned one window earlier."""
        table = self.ranking.segmentations.dropna(subset="r2_frozen")
        earlier = {method.name for method in self.methods if method.outcome}  # to begin with
        table = table[~table["method"].isin(earlier)]
        loss = table["r2"] - table["r2_frozen"]
        key = "comparison.frozen" if loss.median() > 0 else "comparison.frozen_gain"
        return [self.say(key, days=self.between, loss=loss.median(), worst=loss.max())] if len(table) else []

    def claim(self) -> list[str]:
        """Whether estimating value first and segmenting then serves groups worse: `Ranking.value_first`."""
        told = []
        for row in self.ranking.value_first().itertuples():
            names = {"value": self.method_name(row.value), "group": self.method_name(row.group)}
            jaccards = {"value": row.value_jaccard, "group": row.group_jaccard}
            known = pd.notna([*jaccards.values()]).all()  # not where no resample taught a method
            names["jaccards"] = self.say("comparison.claim_jaccards", **jaccards) if known else ""
            told.append(self.say(f"comparison.claim_{row.outcome}", row, **names))
            told += self.sentences("comparison.", row.group_jaccard < NAMED and "claim_unnamed", group=names["group"])
        return [" ".join([self.say("comparison.claim"), *(told or [self.say("comparison.claim_untested")])])]

    def windows_text(self) -> list[str]:
        """The data and the two windows."""
        sizes = {"customers": len(self.table.frame), "earlier_customers": len(self.windows.earlier_table.frame)}
        title = self.text(self.transactions.codebook.title)
        told = self.say("comparison.windows", title=title, **sizes)
        return [told, *map(self.text, self.transactions.notes)]

    def method_text(self, key: str) -> list[str]:
        """One explaining sentence of the section `comparison`."""
        return [self.say(f"comparison.{key}", resamples=self.benchmark.evaluation.resamples, refits=self.refits)]

    def agreement_text(self) -> list[str]:
        """The two methods most alike, and how alike methods are on average."""
        pairs = self.benchmark.agreement[self.benchmark.agreement["method"] < self.benchmark.agreement["other"]]
        top = pairs.loc[pairs["ami"].idxmax()]
        first, second = self.names([top["method"], top["other"]])
        return [self.say("comparison.agreement", most=top["ami"], mean=pairs["ami"].mean(), first=first, second=second)]

    @cached_property
    def ageing(self) -> Ageing | None:
        """What growing older alone does to segments of the lead method learned earlier; None where no model tells."""
        learned = next((method for method in self.benchmark.earlier if method.name == self.lead), None)
        then, now = self.windows.earlier_table.cutoff, self.table.cutoff
        customers = {then: self.windows.earlier, now: self.windows.now}
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
        psi, moved = float(self.benchmark.table.set_index("method").loc[self.lead, "psi"]), self.moved
        told = [self.say("comparison.moved", psi=psi, moved=moved["moved"])]
        if self.ageing is None:
            return [*told, self.say("comparison.moved_unknown")]
        key = verdict(moved["moved"] - moved["upper"], moved["moved"] - moved["lower"])
        return [*told, self.say(f"comparison.moved_{key}", **moved)]

    def profiles(self) -> pd.DataFrame:
        """Segments of the lead method × features by name: `behaviour_deviations`."""
        means = behaviour_deviations(self.table.frame, self.benchmark.segments(self.lead))
        named = {column: self.text(column_names([column])).replace("_", " ") for column in means}
        return means.rename(index=self.labels(self.lead), columns=named).rename_axis(None)

    def lead_text(self) -> list[str]:
        """The definition of the lead method."""
        return [self.text(method.definition) for method in self.methods if method.name == self.lead]

    def method_notes(self) -> list[str]:
        """How the segmentations were scored and compared, as a paper tells it."""
        evaluation = self.benchmark.evaluation
        facts = {"folds": evaluation.folds, "resamples": evaluation.resamples, "refits": self.refits}
        facts |= {"methods": len(self.ranking.segmentations), "customers": len(self.table.frame)}
        facts |= {"seed": evaluation.seed, "simulations": SIMULATIONS}
        valued, aged = self.windows.value is not None, self.ageing is not None
        facts |= self.facts
        told = "comparison", valued and "comparison_value", aged and "comparison_ageing", "seed"
        return self.sentences("methods.", *told, **facts)

    def limits(self) -> list[str]:
        """What this comparison cannot say."""
        about, methods = self.text(self.transactions.codebook.about), len(self.ranking.segmentations)
        limits = self.sentences("comparison.limit_", "selection", "value", "company", methods=methods, about=about)
        return [uplift(self.language), *limits]

    @cached_property
    def targets(self) -> pd.DataFrame:
        """Profit of contacting the customers who pay by each method: `targeting`."""
        spend = self.table.frame["holdout_spend"]
        return targeting(self.benchmark.evaluation, spend, self.margin, self.contact_cost, self.top)

    @cached_property
    def reached(self) -> pd.DataFrame:
        """Whether demographics tell the segments apart, a row a method: `reached`; empty without any on record."""
        known = [name for name in self.transactions.codebook.demographics if name in self.table.frame]
        segments = (self.benchmark.segments(method.name) for method in (self.methods if known else ()))
        return reached(self.table.frame[known], segments, self.benchmark.evaluation.seed)

    def targeting_text(self) -> list[str]:
        """Whether targeting by the segmentation to use pays against contacting everybody; that capture is no uplift."""
        method = self.ranking.best["method"]
        money = self.margin, self.contact_cost, self.transactions.codebook.currency
        row = self.targets.set_index("method").loc[method]
        told = targeting_sentences(row, *money, self.method_name(method), self.language)
        return [*told, *margins_named(self.margin, self.language)]

    def reach_text(self) -> list[str]:
        """Whether demographics tell the segments of the lead method apart, and of how many customers they are known."""
        names, method = self.transactions.codebook.demographics, self.method_name(self.lead)
        table = self.reached.set_index("method")
        if self.lead not in table.index:
            return [self.say("comparison.reach_few" if names else "comparison.reach_none", method=method)]
        row = table.loc[self.lead]
        on_record = self.table.frame[names].notna().any(axis=1).mean()
        told = self.sentences("comparison.", on_record < 1 and "reach_on_record", share=on_record)
        key = "comparison.reach" if row["told"] else "comparison.reach_chance"
        told.append(self.say(key, accuracy=row["balanced_accuracy"], chance=row["chance"], method=method))
        return [*told, self.say("comparison.reach_all", told=int(table["told"].sum()), methods=len(table))]
