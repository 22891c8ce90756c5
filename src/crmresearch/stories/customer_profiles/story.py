"""Segments described in sentences: who they are, by which rule they are told, what to do, and what is not known."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from crmresearch.data.survey.survey import Survey
from crmresearch.data.transactions.transactions import Transactions
from crmresearch.mining.customer_features import MONEY
from crmresearch.mining.portrait import SMALL, Portrait
from crmresearch.mining.rule_tree import SegmentRules
from crmresearch.segmentation.column_names import column_names
from crmresearch.segmentation.cuts import shown
from crmresearch.stories.campaign import PurchasesStory
from crmresearch.stories.customer_profiles import TEXTS
from crmresearch.stories.story import in_sentence
from crmresearch.texts import Sentence

DAYS = ("recency", "tenure", "gap_mean", "gap_sd", "t_last")
SHARES = ("discount_share", "p_alive")
NAMED = 3  # differences that a sentence names


@dataclass(frozen=True)
class ProfilesStory(PurchasesStory):
    """The segments of one company's customers, ready to be told; every method returns sentences in `language`."""

    texts = TEXTS
    packages = (*PurchasesStory.packages, "scikit-learn", "statsmodels")

    transactions: Transactions
    portrait: Portrait
    resamples: int
    seed: int
    survey: Survey | None = None
    language: str = "en"

    @property
    def facts(self) -> dict[str, Any]:
        """Numbers in use, which sentences and captions may name."""
        chosen, outlook = self.portrait.chosen, self.portrait.outlook
        known = {"customers": len(outlook.customers), "cutoff": outlook.cutoff, "months": next(iter(outlook.days))}
        known |= {"method": self.text(chosen.name), "segments": len(chosen.keys), "small": SMALL}
        return {**known, "currency": self.transactions.codebook.currency, "resamples": self.resamples}

    def tell(self, key: str, **facts: Any) -> Sentence:
        """A sentence that may name `facts` of the story."""
        told = self.say(key, **{**self.facts, **facts})
        assert isinstance(told, Sentence)
        return told

    def segment(self, key: str) -> str:
        """What readers call a segment."""
        return self.text(self.portrait.chosen.labels.get(key) or {"en": self.say("profiles.everybody")})

    def feature(self, name: str) -> str:
        """What readers call a feature."""
        if name in self.portrait.features.labels:
            label = in_sentence(self.text(self.portrait.features.labels[name]))
            return self.say("profiles.need", label=label) if name.startswith("need_") else label
        known = self.texts.section("feature", self.language)
        return known.get(name) or self.text(column_names([name]))

    def level(self, feature: str, level: str) -> str:
        """What readers call a level of a category."""
        known = self.portrait.features.values.get((feature, level))
        return self.text(known) if known else self.texts.section("level", self.language).get(level, level)

    def amount(self, feature: str, value: float) -> str:
        """A value of a feature in its unit."""
        kind = "number"
        if feature in DAYS:
            kind = "days"
        elif feature.startswith("need_"):
            kind = "points"
        elif feature in (*MONEY, "first_spend") or feature.startswith("spend_last_"):
            return self.tell("unit.money", value=shown(value))
        elif feature in SHARES or feature.startswith(("day_", "part_", "share_")):
            kind = "share"
        return self.tell(f"unit.{kind}", value=value)

    def difference(self, row: Any) -> str:
        """A difference in units of the data: what, in the segment, and in everybody else."""
        value, others = (self.typical(row, value) for value in (row.typical, row.typical_others))
        return self.say("profiles.difference", feature=self.named_feature(row), value=value, others=others)

    def typical(self, row: Any, value: float) -> str:
        """A mean or a share of a feature, in its unit."""
        return self.tell("unit.share", value=value) if row.scale == "share" else self.amount(row.feature, value)

    def named_feature(self, row: Any) -> str:
        """What readers call the feature of a difference, with its level."""
        name = self.feature(row.feature)
        return (
            self.say("profiles.of_level", feature=name, level=self.level(row.feature, row.level)) if row.level else name
        )

    def rule(self, rules: SegmentRules, branch: int) -> str:
        """The conditions of a branch in words and units of the data."""
        rows = rules.conditions[rules.conditions["branch"] == branch]
        return self.listed([self._condition(row) for row in rows.itertuples()])

    def _condition(self, row: Any) -> str:
        name, values = self.feature(row.feature), self.portrait.features.frame.get(row.feature)
        if row.level:
            key = "is" if row.above > 0 else "is_not"
            return self.say(f"rule.{key}", feature=name, level=self.level(row.feature, row.level))
        ordered = values is not None and isinstance(values.dtype, pd.CategoricalDtype)
        ends = {}
        for end, cut in (("above", row.above), ("up_to", row.up_to)):
            if np.isfinite(cut) and ordered:
                assert values is not None
                ends[end] = self.level(row.feature, str(values.cat.categories[int(np.floor(cut)) + (end == "above")]))
            elif np.isfinite(cut):
                ends[end] = self.amount(row.feature, cut)
        kind = "_".join([*(["from"] if ordered else []), *ends])
        return self.say(f"rule.{kind}", feature=name, **ends)

    def findings(self) -> list[str]:
        """How many there are and what they bring, what sets them apart, by which rule, and who is not told apart."""
        if self.portrait.chosen.failure:
            return [self.tell("finding.failure", reason=self.portrait.chosen.failure)]
        return [*self._sizes(), *self.apart(), self.recognised(), *self._rule()]

    def _sizes(self) -> list[str]:
        table = self.portrait.facts
        part = "expected_share" if table["expected_share"].notna().any() else "spend_share"
        if table[part].isna().all():
            return [self.tell("finding.sizes")]
        first = table.loc[table[part].idxmax()]
        key = "finding.expected" if part == "expected_share" else "finding.spent"
        return [self.tell(key, name=self.segment(first["segment"]), share=first["share"], part=first[part])]

    def apart(self) -> list[str]:
        """What sets segments apart beyond what they are made of, the widest difference first; or that nothing does."""
        tested, named = self.portrait.tested, self.portrait.named
        if tested.empty:
            return [self.tell("finding.untested")]
        facts = {"tests": len(tested), "told": int(tested["told"].sum()), "count": len(named)}
        if named.empty:
            return [self.tell("finding.apart_small" if facts["told"] else "finding.apart_none", **facts)]
        widest = named.iloc[np.argsort(-named["difference"].abs().to_numpy(), kind="stable")]
        told = [
            self.say("finding.one", name=self.segment(row.segment), told=self.difference(row))
            for row in widest.head(NAMED).itertuples()
        ]
        return [self.tell("finding.apart", differences=self.texts.listed(told, self.language), **facts)]

    def recognised(self) -> str:
        """Whether the segment of a new customer can be recognised."""
        rules = self.portrait.recognised
        if rules is None:
            return self.tell("finding.recognised_unknown", reason=self.portrait.reason)
        if not rules.told:
            return self.tell("finding.recognised_none", features=len(rules.features))
        told = rules.scores[rules.scores["told"]]
        best = told.loc[(told["precision"] / told["base"]).idxmax()]
        facts = {"right": 1 - rules.error, "chance": 1 - rules.chance, "name": self.segment(best["segment"])}
        key = "finding.recognised_weak" if rules.weak else "finding.recognised"
        return self.tell(key, precision=best["precision"], base=best["base"], **facts)

    def _rule(self) -> list[str]:
        rules = self.portrait.rule
        if rules is None or not len(rules.branches):
            return []
        facts = {"branches": len(rules.branches), "right": 1 - rules.error, "chance": 1 - rules.chance}
        return [self.tell("finding.rule", features=self.some([self.feature(name) for name in rules.features]), **facts)]

    def branches(self, rules: SegmentRules | None) -> list[str]:
        """Every branch as a sentence; or that there is none."""
        if rules is None:
            reason = self.portrait.reason
            return [self.tell("rule.column") if not reason else self.tell("rule.no_rule", reason=reason)]
        if not len(rules.branches):
            return [self.tell("rule.none")]
        base = rules.scores.set_index("segment")["base"]
        unnamed = [self.segment(key) for key in base.index.difference(rules.branches["segment"], sort=False)]
        rest = [self.tell("rule.unnamed", names=self.some(unnamed))] if unnamed else []
        told = [
            self.tell(
                "rule.branch",
                name=self.segment(row.segment),
                rule=self.rule(rules, row.branch),
                share=row.share,
                base=base[row.segment],
                holds=row.customers,
            )
            for row in rules.branches.itertuples()
        ]
        return [*told, *rest]

    def kept_apart(self) -> list[str]:
        """Which segments are not told apart by anything they are not made of, and which should have no name."""
        table, told = self.portrait.apart, list[str]()
        if len(table):
            facts = {"pairs": len(table), "told": int(table["told"].sum())}
            key = "all" if table["told"].all() else "some" if table["told"].any() else "none"
            key = "neither" if key == "none" and len(table) == 1 else key
            told.append(self.tell(f"apart.{key}", **facts))
        if len(self.portrait.stability):
            names = [self.segment(key) for key in self.portrait.unstable]
            told.append(self.tell("apart.unstable" if names else "apart.stable", names=self.some(names)))
        return told

    def follows(self) -> list[str]:
        """One action a segment, most expected of first; who is not to be named, or why nothing follows."""
        told, facts = list[str](), self.portrait.facts
        by = "expected_share" if facts["expected_share"].notna().any() else "spend_share"
        for key in facts.sort_values(by, ascending=False, kind="stable")["segment"]:
            if key in self.portrait.actions:
                told.append(self.say("follows.action", name=self.segment(key), action=self.action(key)))
        told = told or [self.tell("follows.nothing")]
        few = [self.segment(key) for key in facts.loc[facts["few"], "segment"]]
        told += [self.tell("follows.few", names=self.some(few))] if few else []
        unstable = [self.segment(key) for key in self.portrait.unstable]
        told += [self.tell("follows.unstable", names=self.some(unstable))] if unstable else []
        return [*told, self.tell("follows.advice")]

    def action(self, key: str) -> str:
        """What to do with a segment; empty where nothing is advised."""
        return self.text(self.portrait.actions[key]) if key in self.portrait.actions else ""

    def made_of(self) -> list[str]:
        """What the segments are, and of which features they are made."""
        chosen = self.portrait.chosen
        needs = [self.feature(f"attribute_{name}" if f"attribute_{name}" in self.portrait.features.frame else name)
                 for name in chosen.needs]  # fmt: skip
        without, column = int(chosen.segments.isna().sum()), chosen.source == "column"
        keys = [chosen.source != "method" and f"source_{chosen.source}", bool(needs) and not column and "needs"]
        keys += [chosen.outside > 0 and "outside", without > 0 and "without"]
        definition = [self.text(chosen.definition)] if chosen.definition else []
        facts = {**self.facts, "needs": self.listed(needs), "outside": chosen.outside, "without": without}
        notes = [*map(self.text, self.transactions.notes)]
        return [*definition, *self.sentences("made.", *keys, **facts), *notes]

    def limits(self) -> list[str]:
        """What this cannot say."""
        about = self.text(self.transactions.codebook.about)
        return self.sentences(
            "limit.", "cause", "made", "days", self.survey is not None and "answers", "company", about=about
        )

    def method_notes(self) -> list[str]:
        """As in the base."""
        keys = ["features", "differences", "tests", "tree", "apart", "value", self.portrait.role and "lift"]
        return [self.tell(f"method.{key}", seed=self.seed) for key in keys if key]
