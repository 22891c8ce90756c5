"""Who is about to leave, told from a churn study: findings, what to trust, what follows."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from crmresearch.data.survey.survey import Survey
from crmresearch.data.transactions.transactions import Transactions
from crmresearch.mining.churn.churn_study import ChurnStudy
from crmresearch.mining.churn.warners import NAIVE
from crmresearch.stories.campaign import PurchasesStory
from crmresearch.stories.churn_warning import TEXTS
from crmresearch.stories.margins import at_margins, margins_named


@dataclass(frozen=True)
class ChurnStory(PurchasesStory):
    """One company's customers who may leave; `intentions` of a `survey` stand beside it, both None without one."""

    texts = TEXTS
    packages = ("numpy", "scipy", "pandas", "scikit-learn")

    transactions: Transactions
    study: ChurnStudy
    survey: Survey | None = None
    intentions: pd.DataFrame | None = None
    language: str = "en"

    def warner(self, key: str) -> str:
        """Name of a warner for readers; under contract the purchase model is another."""
        contract = "_contract" if self.study.warning.rhythm and key == "purchase_model" else ""
        return self.say(f"warner.{key}{contract}")

    def warners(self, keys: list[str]) -> str:
        """Names of warners in a sentence."""
        return self.listed([self.warner(key) for key in keys])

    def label(self, key: str) -> str:
        """Name of a warner in tables and figures, none where there is no key."""
        name = self.warner(key) if key else ""
        return name[:1].upper() + name[1:]

    @cached_property
    def facts(self) -> dict[str, Any]:
        """Numbers in use, which every sentence and caption may name."""
        study, warning, offer = self.study, self.study.warning, self.study.offer
        known: dict[str, Any] = {"horizon": warning.horizon, "cutoff": warning.today.cutoff}
        known |= {"leader": self.warner(study.leader), "who": self.say(f"who.{warning.who}", horizon=warning.horizon)}
        known |= {**vars(offer), "margins": at_margins(study.margins(warning.today.table), self.language)}
        known |= {"currency": self.transactions.codebook.currency, "false_alarms": study.false_alarms}
        known |= {"resamples": study.resamples, "horizon_weeks": warning.horizon // 7}
        known |= {"at_risk": len(warning.today.customers), "customers": len(warning.today.table.frame)}
        if (check := study.check) is not None and check.churned is not None:
            known |= {"start": check.cutoff, "checked": len(check.churned), "churned": float(check.churned.mean())}
        return known

    def findings(self) -> list[str]:
        """Who may leave, who tells it best, how early, what an offer would have earned, how large a test must be."""
        return [*self.headline(), *self.best(), *self.early(), *self.earned(), *self.tested(), *self.stated()]

    def headline(self) -> list[str]:
        """How many are at risk today, how many of them are expected to leave, and how it was one horizon earlier."""
        lost = self.study.expected_lost
        key = "headline_lost" if np.isfinite(lost) else "headline"
        told = self.say(f"churn.{key}", lost=lost, share=lost / max(1, self.facts["at_risk"]))
        return [self.say("churn.headline_checked" if self.study.check else "churn.headline_unchecked", told=told)]

    def best(self) -> list[str]:
        """Which warner ranks best beyond chance, and against recency."""
        scores, others = self.study.scores, self.warners(self.study.rivals)
        if scores is None:
            return []
        alone = self.say(f"churn.best_{'alike' if self.study.rivals else 'alone'}", others=others)
        facts = {"others": others, "alone": alone, "naive": scores.set_index("warner").loc[NAIVE, "auc"]}
        key = "best_naive" if self.study.nothing_better else "best"
        return [self.say(f"churn.{key}", self.study.of_leader(scores), **facts)]

    def early(self) -> list[str]:
        """How early the leader would have warned at the rate of false alarms."""
        study, key = self.study, "early" if self.study.foreseen else "early_few"
        return [self.say(f"churn.{key}", study.of_leader(study.lead.summary), **self.facts)] if study.lead else []

    def silence(self) -> list[str]:
        """Who warns earliest, beyond chance, and that silence alone cannot warn in time, where it cannot."""
        if (lead := self.study.lead) is None:
            return []
        return self.sentences("churn.early_", "most", NAIVE in lead.never and "silence", names=self.warners(lead.alike))

    def earned(self) -> list[str]:
        """What the list of the leader would have earned at the assumed success, against everybody and nobody."""
        if (money := self.study.money) is None:
            return [self.say(f"churn.{self.study.unpaid}")] if self.study.check else []
        row = money.result.of(self.study.leader)
        keys = f"offer_{money.result.outcome(self.study.leader)}", np.isfinite(row["break_even"]) and "break_even"
        return [" ".join(self.sentences("churn.", *keys, **row))]

    def tested(self) -> list[str]:
        """How large the groups of a test must be."""
        money = self.study.money
        return [self.say("churn.test" if money.lists_needed else "churn.no_test", money.test)] if money else []

    def lists(self) -> list[str]:
        """Whose list earns most, beyond chance, and the share of customers at which profit was highest."""
        if (money := self.study.money) is None:
            return []
        alike = money.result.alike
        key = "not" if self.study.leader not in alike else "alone" if len(alike) == 1 else "among"
        told = self.say(f"churn.lists_{key}", names=self.warners(alike))
        return [told, self.say("churn.best_share", money.result.of(self.study.leader))]

    def stated(self) -> list[str]:
        """What the survey says of satisfaction and the intention to stay, and what it cannot say."""
        if self.survey is None or self.intentions is None or self.intentions.empty:
            return []
        row, title = self.intentions.iloc[0], self.text(self.survey.codebook.title)
        return [self.say("churn.stated", row, title=title, text=self.question(row["item"]))]

    def question(self, item: str) -> str:
        """The text of an item of the survey."""
        return self.text(self.survey.codebook.items[item].text) if self.survey else item

    def follows(self) -> list[str]:
        """Whom to call, with what in mind, and the test that must come with it; or why nothing follows."""
        called, money = self.study.called, self.study.money
        if not len(self.study.customers):
            return [self.say("churn.do_nothing")]
        call = "rank" if called is None else "call" if called else "call_nobody"
        test = f"test_{money.lists_needed}" if money and money.lists_needed else None
        keys = self.study.nothing_better and "recency", call, test
        return self.sentences("churn.do_", *keys, count=called, **(money.test if money else {}))

    def order(self) -> list[str]:
        """In which order the list is, and which number to believe where a line holds two."""
        better = self.study.beats_p_alive
        two = None if better is None else "two_better" if better else "two_open"
        return self.sentences("churn.order_", "gain" if "gain" in self.study.customers else "risk", two)

    def limits(self) -> list[str]:
        """What this cannot say."""
        keys = ("definition", "assumed", "silence", "company", "contract")
        return self.sentences("churn.limit_", *keys, about=self.text(self.transactions.codebook.about))

    def method_notes(self) -> list[str]:
        """How the results were made, a sentence a step, with the numbers in use."""
        keys = ["definition", "warners_contract" if self.study.warning.rhythm else "warners", "learned"]
        keys += ["scores", "lead", *(["offer", "test"] if self.study.money else [])] if self.study.check else []
        keys += ["survey"] if self.stated() else []
        margins = margins_named(self.study.margins(self.study.warning.today.table), self.language)
        return [*self.sentences("churn_method.", *keys), *margins, self.say("methods.seed", seed=self.study.seed)]
