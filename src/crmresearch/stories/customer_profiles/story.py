"""Segments described in sentences: who they are, by which rule they are told, what to do, and what is not known."""

from dataclasses import dataclass
from typing import Any

import pandas as pd

from crmresearch.data.survey.survey import Survey
from crmresearch.data.transactions.transactions import Transactions
from crmresearch.mining.profiles.portrait import Portrait
from crmresearch.mining.profiles.rule_tree import SegmentRules
from crmresearch.segmentation.column_names import column_names
from crmresearch.segmentation.cuts import shown
from crmresearch.stories.campaign import PurchasesStory
from crmresearch.stories.customer_profiles import TEXTS
from crmresearch.stories.story import in_sentence

NAMED = 3  # differences that a sentence names


@dataclass(frozen=True)
class ProfilesStory(PurchasesStory):
    """The segments of one company's customers, ready to be told; every method returns sentences in `language`."""

    texts = TEXTS
    packages = (*PurchasesStory.packages, "scikit-learn", "statsmodels")

    transactions: Transactions
    portrait: Portrait
    survey: Survey | None = None
    language: str = "en"

    @property
    def facts(self) -> dict[str, Any]:
        """Numbers in use, which sentences and captions may name."""
        method, currency = self.text(self.portrait.chosen.name), self.transactions.codebook.currency
        return {**self.portrait.numbers, "method": method, "currency": currency}

    def segment(self, key: str) -> str:
        """What readers call a segment."""
        return self.text(self.portrait.chosen.labels.get(key) or {"en": self.say("profiles.everybody")})

    def feature(self, name: str) -> str:
        """What readers call a feature."""
        if name in self.portrait.features.labels:
            label = in_sentence(self.text(self.portrait.features.labels[name]))
            return self.say("profiles.need", label=label) if name.startswith("need_") else label
        return self.texts.section("feature", self.language).get(name) or self.text(column_names([name]))

    def level(self, feature: str, level: str) -> str:
        """What readers call a level of a category."""
        known = self.portrait.features.values.get((feature, level))
        return self.text(known) if known else self.texts.section("level", self.language).get(level, level)

    def amount(self, feature: str, value: float, level: str = "") -> str:
        """A value of a feature in its unit, or the share of a level."""
        unit = "share" if level else self.portrait.features.unit(feature)
        return self.say(f"unit.{unit}", value=shown(value) if unit == "money" else value)

    def told(self, rows: pd.DataFrame) -> pd.DataFrame:
        """Differences in words and units of the data: whose, what, in the segment, and in everybody else."""
        words = {"segment": [*map(self.segment, rows["segment"])]}
        words["feature"] = [self.named_feature(row) for row in rows.itertuples()]
        for name in ("typical", "typical_others"):
            found = zip(rows["feature"], rows[name], rows["level"], strict=True)
            words[name] = [self.amount(feature, value, level) for feature, value, level in found]
        return rows.assign(**words)

    def differences(self, key: str, rows: pd.DataFrame) -> list[str]:
        """A sentence a difference."""
        return [self.say(key, row) for row in self.told(rows).itertuples()]

    def named_feature(self, row: Any) -> str:
        """What readers call the feature of a difference, with its level."""
        name, level = self.feature(row.feature), row.level and self.level(row.feature, row.level)
        return self.say("profiles.of_level", feature=name, level=level) if level else name

    def _condition(self, row: Any) -> str:
        ends = {"level": self.level(row.feature, row.level)}
        for end, level in (("above", row.lowest), ("up_to", row.highest)):
            if end in row.kind:
                ends[end] = self.level(row.feature, level) if level else self.amount(row.feature, getattr(row, end))
        return self.say(f"rule.{row.kind}", feature=self.feature(row.feature), **ends)

    def _named(self, key: str, segments: list[str]) -> list[str]:
        """A sentence about these segments; none where there are none."""
        return [self.say(key, names=self.some([*map(self.segment, segments)]))] if segments else []

    def findings(self) -> list[str]:
        """How many there are and what they bring, what sets them apart, by which rule, and who is not told apart."""
        first, part, rule = self.portrait.most, self.portrait.value, self.portrait.rule
        if self.portrait.chosen.failure:
            return [self.say("finding.failure")]
        facts = {"name": self.segment(first["segment"]), "share": first["share"], "part": first[part]}
        told = [self.say(f"finding.{part if first[part] > 0 else 'sizes'}", **facts), *self.apart(), self.recognised()]
        if rule is not None and len(rule.branches):
            features = self.some([*map(self.feature, rule.features)])
            told.append(self.say("finding.rule", features=features, **rule.facts))
        return told

    def apart(self) -> list[str]:
        """What sets segments apart beyond what they are made of, the widest difference first; or that nothing does."""
        told = self.listed(self.differences("finding.one", self.portrait.named.head(NAMED)))
        return [self.say(f"finding.apart_{self.portrait.set_apart}", differences=told)]

    def recognised(self) -> str:
        """Whether the segment of a new customer can be recognised."""
        rules = self.portrait.recognised
        if rules is None:
            return self.say("finding.recognised_unknown")
        name = self.listed([*map(self.segment, rules.best["segment"])])
        return self.say(f"finding.recognised_{rules.verdict}", *rules.best.itertuples(), name=name, **rules.facts)

    def branches(self, rules: SegmentRules | None) -> list[str]:
        """Every branch as a sentence; or that there is none."""
        if rules is None:
            return [self.say("rule.no_rule" if self.portrait.reason else "rule.column")]
        told = []
        for row in rules.branches.itertuples():
            rule = self.listed([*map(self._condition, rules.of_branch(row.branch).itertuples())])
            told.append(self.say("rule.branch", row, name=self.segment(str(row.segment)), rule=rule))
        return [*told, *self._named("rule.unnamed", rules.unnamed)] or [self.say("rule.none")]

    def kept_apart(self) -> list[str]:
        """Which segments are not told apart by anything they are not made of, and which should have no name."""
        told = [self.say(f"apart.{self.portrait.pairs_apart}")] if self.portrait.pairs_apart else []
        if len(self.portrait.stability):
            told += self._named("apart.unstable", self.portrait.unstable) or [self.say("apart.stable")]
        return told

    def follows(self) -> list[str]:
        """One action a segment, most expected of first; who is not to be named, or why nothing follows."""
        actions = self.portrait.actions.items()
        told = [self.say("follows.action", name=self.segment(key), action=self.text(text)) for key, text in actions]
        few, unstable = (self._named(f"follows.{kind}", getattr(self.portrait, kind)) for kind in ("few", "unstable"))
        return [*(told or [self.say("follows.nothing")]), *few, *unstable, self.say("follows.advice")]

    def made_of(self) -> list[str]:
        """What the segments are, and of which features they are made."""
        chosen, needs = self.portrait.chosen, self.listed([*map(self.feature, self.portrait.defined_by)])
        definition = [self.text(chosen.definition)] if chosen.definition else []
        remarks = [self.say(f"made.{remark}", needs=needs) for remark in chosen.remarks]
        return [*definition, *remarks, *map(self.text, self.transactions.notes)]

    def limits(self) -> list[str]:
        """What this cannot say."""
        about, answers = self.text(self.transactions.codebook.about), self.survey is not None and "answers"
        return self.sentences("limit.", "cause", "made", "days", answers, "company", about=about)

    def method_notes(self) -> list[str]:
        """As in the base."""
        lift = self.portrait.role and "lift"
        return self.sentences("method.", "features", "differences", "tests", "tree", "apart", "value", lift)
