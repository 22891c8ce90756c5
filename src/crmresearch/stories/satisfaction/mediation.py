"""Whether constructs act by themselves or through others, and how a moderator changes a path."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import pandas as pd
from matplotlib.figure import Figure

from crmresearch.models.specification import product_key
from crmresearch.report.show.fold import Fold, show_fold
from crmresearch.sem.effects import effects_of, mediation_of
from crmresearch.sem.pls.slopes import simple_slopes
from crmresearch.stories import charts
from crmresearch.stories.satisfaction.story import SatisfactionStory

TYPES = ("complementary", "competitive", "indirect_only", "direct_only", "no_effect")


@dataclass(frozen=True)
class MediationStory:
    """What of the effects (PLS) passes through other constructs, where the theory draws a path and a way round it."""

    story: SatisfactionStory

    @cached_property
    def effects(self) -> pd.DataFrame:
        """Every effect, along every chain, by PLS."""
        return effects_of(self.story.estimate).query("estimator == 'pls'").reset_index(drop=True)

    @cached_property
    def mediated(self) -> pd.DataFrame:
        """Every two constructs with a path and a way round it: all chains together, the type, and f² of the path."""
        judged = mediation_of(self.effects).query("type != 'untested'")
        pair = ["predictor", "outcome"]
        whole = judged.drop_duplicates(pair, keep="last")  # all chains together come last
        sizes = self.effects.query("kind == 'direct'")[[*pair, "f_squared"]]
        return whole.merge(sizes, on=pair).reset_index(drop=True)

    @cached_property
    def slopes(self) -> pd.DataFrame:
        """Every moderated path at low, middle and high values of its moderator, by PLS."""
        return simple_slopes(self.story.estimate).query("estimator == 'pls'").reset_index(drop=True)

    @cached_property
    def established(self) -> list[tuple[str, str, str]]:
        """Moderations beyond chance: moderator, predictor, outcome."""
        products = self.effects.query("kind == 'moderation' and (ci_lower > 0 or ci_upper < 0)")
        known = set(zip(products["predictor"], products["outcome"], strict=True))
        return [
            (m.moderator, m.predictor, m.outcome)
            for m in self.story.estimate.specification.moderations
            if (product_key(m.predictor, m.moderator), m.outcome) in known
        ]

    def told(self) -> list[str]:
        """Which effects are direct, which pass through others, which do both, and which are not established."""
        if self.mediated.empty:
            return []
        said = [self.story.say("mediation.about")]
        for kind, rows in self.mediated.groupby(pd.Categorical(self.mediated["type"], TYPES), observed=True):
            paths = self.story.listed([self.story.arrow(row) for row in rows.itertuples()])
            said.append(self.story.say(f"mediation.{kind}", paths=paths))
        return said

    def table(self) -> pd.DataFrame:
        """Direct and indirect effects with intervals, f² and the kind of mediation."""
        story = self.story
        shown = ["predictor", "outcome", "direct", "direct_ci_lower", "direct_ci_upper", "f_squared", "indirect",
                 "indirect_ci_lower", "indirect_ci_upper"]  # fmt: skip
        table = self.mediated.assign(mediation=self.mediated["type"])[[*shown, "mediation"]]
        return story.named(table, predictor=story.label, outcome=story.label, mediation="mediation_type")

    def folded(self) -> Fold | None:
        """Both tables behind a fold: of mediation, and of slopes where the theory has moderations."""
        shown = [("mediation", self.table, self.effects)] if len(self.mediated) else []
        if self.story.estimate.specification.moderations:
            shown.append(("slopes", self.slope_table, self.slopes))
        tables = [self.story.show_table(name, table(), digits=2, data=data) for name, table, data in shown]
        return show_fold(self.story.say("mediation.fold"), *tables)

    def slope_table(self) -> pd.DataFrame:
        """Every moderated path at low, middle and high values of its moderator."""
        shown = ["predictor", "outcome", "moderator", "at", "estimate", "se", "ci_lower", "ci_upper"]
        name = self.story.label
        return self.story.named(self.slopes[shown], predictor=name, outcome=name, moderator=name, at=self._at)

    def _at(self, value: Any) -> str:
        return self.story.say(f"slope.{'low' if value < 0 else 'high' if value > 0 else 'middle'}")

    def plot_slopes(self, moderation: tuple[str, str, str]) -> Figure:
        """The outcome over the predictor where the moderator is low, at its mean and high."""
        moderator, predictor, outcome = moderation
        own = self.slopes.query("moderator == @moderator and predictor == @predictor and outcome == @outcome")
        paths = self.story.paths.set_index(["predictor", "outcome"])["estimate"]
        level = paths.get((moderator, outcome), 0.0)
        lines = [
            (self.story.say(f"slope.{key}_line", moderator=self.story.label(moderator)), level * at, slope)
            for key, at, slope in zip(("low", "middle", "high"), own["at"], own["estimate"], strict=True)
        ]
        x, y = (self.story.say("slope.axis", construct=self.story.label(end)) for end in (predictor, outcome))
        return charts.slopes(x, y, lines)
