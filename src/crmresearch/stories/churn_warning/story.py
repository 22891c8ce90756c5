"""Who is about to leave, told from a churn study: findings, what to trust, what follows."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from crmresearch.data.survey.survey import Survey
from crmresearch.data.transactions.transactions import Transactions
from crmresearch.mining.churn import Warned
from crmresearch.mining.churn_study import ChurnStudy
from crmresearch.mining.warners import NAIVE, named
from crmresearch.stories.campaign import PurchasesStory
from crmresearch.stories.churn_warning import TEXTS
from crmresearch.stories.margins import at_margins, margins_named
from crmresearch.stories.story import interval, verdict

LATE_ENOUGH = 0.5  # share of the lost warned of, below which most leave unforeseen


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

    @property
    def check(self) -> Warned | None:
        """The warnings made one horizon earlier."""
        return self.study.warning.check

    @cached_property
    def leader(self) -> str:
        """Name of the warner to use."""
        return self.warner(self.study.leader)

    def warner(self, key: str) -> str:
        """Name of a warner for readers; under contract the purchase model is another."""
        contract = "_contract" if self.study.warning.rhythm and key == "purchase_model" else ""
        return self.say(f"warner.{key}{contract}")

    def label(self, key: str) -> str:
        """Name of a warner in tables and figures."""
        name = self.warner(key)
        return name[:1].upper() + name[1:]

    @property
    def facts(self) -> dict[str, Any]:
        """Numbers in use, which sentences and captions may name."""
        study, warning, offer = self.study, self.study.warning, self.study.offer
        known: dict[str, Any] = {"horizon": warning.horizon, "cutoff": warning.today.cutoff, "leader": self.leader}
        known |= {"cost": offer.cost, "success": offer.success, "months": offer.months, "rate": offer.rate}
        known |= {"margins": at_margins(study.margins(warning.today.table), self.language)}
        known |= {"currency": self.transactions.codebook.currency, "false_alarms": study.false_alarms}
        known |= {"resamples": study.resamples, "who": self.say(f"who.{warning.who}", horizon=warning.horizon)}
        known |= {"at_risk": len(warning.today.customers), "customers": len(warning.today.table.frame)}
        if self.check is not None and self.check.churned is not None:
            share = float(self.check.churned.mean())
            known |= {"start": self.check.cutoff, "checked": len(self.check.churned), "churned": share}
        return known

    def tell(self, key: str, **facts: Any) -> str:
        """A sentence that may name `facts` of the story."""
        return self.say(key, **{**self.facts, **facts})

    def score(self, warner: str) -> pd.Series:
        """The scores of one warner at the check."""
        assert self.study.scores is not None
        return self.study.scores.set_index("warner").loc[warner]

    def findings(self) -> list[str]:
        """Who may leave, who tells it best, how early, what an offer would have earned, how large a test must be."""
        return [*self.headline(), *self.best(), *self.early(), *self.earned(), *self.tested(), *self.stated()]

    def headline(self) -> list[str]:
        """How many are at risk today, how many of them are expected to leave, and how it was one horizon earlier."""
        lost = self.study.expected_lost
        key = "headline_lost" if np.isfinite(lost) else "headline"
        told = self.tell(f"churn.{key}", lost=lost, share=lost / max(1, self.facts["at_risk"]))
        return [self.tell("churn.headline_checked" if self.check else "churn.headline_unchecked", told=told)]

    def best(self) -> list[str]:
        """Which warner ranks best beyond chance, and against recency."""
        if self.check is None:
            return []
        best, naive = self.score(self.study.leader), self.score(NAIVE)
        facts = {"auc": best["auc"], **interval(best, "auc_"), "naive": naive["auc"]}
        others = [self.warner(name) for name in self.study.alike if name != self.study.leader]
        if self.study.leader == NAIVE:
            return [self.tell("churn.best_naive", others=self.listed(others), **facts)]
        alone = self.tell("churn.best_alike", others=self.listed(others)) if others else self.tell("churn.best_alone")
        return [self.tell("churn.best", alone=alone, **facts)]

    def early(self) -> list[str]:
        """How early the leader would have warned at the rate of false alarms."""
        if self.study.lead is None:
            return []
        row = self.study.lead.summary.set_index("warner").loc[self.study.leader]
        curve = self.study.lead.curve.query("warner == @self.study.leader and weeks == weeks.min()").iloc[0]
        facts = {"warned": row["warned"], "lead": row["lead"], "horizon_weeks": self.facts["horizon"] // 7}
        key = "early" if row["warned"] >= LATE_ENOUGH else "early_few"
        return [self.tell(f"churn.{key}", **facts, **interval(curve))]

    def silence(self) -> list[str]:
        """Who warns earliest, beyond chance, and that silence alone cannot warn in time, where it cannot."""
        if self.study.lead is None:
            return []
        best = self.listed([self.warner(name) for name in named(self.study.lead.alike)])
        nobody = self.study.lead.summary.set_index("warner").loc[NAIVE, "warned"] == 0
        return self.sentences("churn.early_", "most", nobody and "silence", names=best, **self.facts)

    def earned(self) -> list[str]:
        """What the list of the leader would have earned at the assumed success, against everybody and nobody."""
        if self.study.money is None:
            why = "no_money" if self.study.value is None else "no_risk"
            return [self.tell(f"churn.{why}")] if self.check else []
        lists = self.study.money[1].lists.set_index("warner")
        row, all_of_them = lists.loc[self.study.leader], lists.loc["everybody"]
        facts = {"contacted": row["contacted"], "realised": row["realised"], "everybody": all_of_them["realised"]}
        outcome = "nobody" if row["contacted"] == 0 else verdict(row["ci_lower"], row["ci_upper"])
        told = [self.tell(f"churn.offer_{outcome}", **facts, **interval(row))]
        if np.isfinite(row["break_even"]) and self.facts["cost"] > 0:
            ends = {"low": row["even_lower"], "high": row["even_upper"]}
            told.append(self.tell("churn.break_even", break_even=row["break_even"], **ends))
        return [" ".join(told)]

    def tested(self) -> list[str]:
        """How large the groups of a test must be."""
        if self.study.money is None:
            return []
        rows = self.study.money[2].set_index("outcome")
        churned, profit = rows.loc["churned"], rows.loc["profit"]
        if not np.isfinite(churned["customers"]):
            return [self.tell("churn.no_test")]
        facts = {"needed": churned["customers"], "without": churned["without"], "with_offer": churned["with_offer"]}
        return [self.tell("churn.test", money=profit["customers"], **facts)]

    def lists(self) -> list[str]:
        """Whose list earns most, beyond chance, and the share of customers at which profit was highest."""
        if self.study.money is None:
            return []
        result = self.study.money[1]
        names = [self.warner(name) for name in named(result.alike)]
        among = "alone" if len(result.alike) == 1 else "among"
        key = f"lists_{among}" if self.study.leader in result.alike else "lists_not"
        told = [self.tell(f"churn.{key}", names=self.listed(names))]
        row = result.lists.set_index("warner").loc[self.study.leader]
        ends = {"low": row["best_lower"], "high": row["best_upper"]}
        return [*told, self.tell("churn.best_share", share=row["best_share"], **ends)]

    def stated(self) -> list[str]:
        """What the survey says of satisfaction and the intention to stay, and what it cannot say."""
        if self.survey is None or self.intentions is None or self.intentions.empty:
            return []
        row = self.intentions.iloc[0]
        text = self.text(self.survey.codebook.items[row["item"]].text)
        facts = {"item": row["item"], "text": text, "r": row["correlation"], "respondents": row["respondents"]}
        title = self.text(self.survey.codebook.title)
        return [self.tell("churn.stated", title=title, **facts, **interval(row))]

    def follows(self) -> list[str]:
        """Whom to call, with what in mind, and the test that must come with it; or why nothing follows."""
        customers = self.study.customers
        if not len(customers):
            return [self.tell("churn.do_nothing")]
        told = [self.tell("churn.do_recency")] if self.check and self.study.leader == NAIVE else []
        if "offer" in customers:
            count = int(customers["offer"].sum())
            told.append(self.tell("churn.do_call" if count else "churn.do_call_nobody", count=count))
        else:
            told.append(self.tell("churn.do_rank"))
        if self.study.money is not None:
            row = self.study.money[2].set_index("outcome").loc["churned"]
            if np.isfinite(row["customers"]):
                facts = {"needed": row["customers"], "rounds": row["rounds"], "days": row["days"]}
                many = not np.isfinite(row["rounds"])
                key = "do_test_endless" if many else "do_test" if row["rounds"] <= 1 else "do_test_long"
                told.append(self.tell(f"churn.{key}", **facts))
        return told

    def order(self) -> list[str]:
        """In which order the list is, and which number to believe where a line holds two."""
        told = [self.tell("churn.order_gain" if "gain" in self.study.customers else "churn.order_risk")]
        other = self.study.leader not in ("p_alive", "purchase_model") and "p_alive" in self.study.customers
        key = "better" if self.check and "p_alive" not in self.study.alike else "open"
        return [*told, *([self.tell(f"churn.order_two_{key}")] if other else [])]

    def limits(self) -> list[str]:
        """What this cannot say."""
        keys = ["definition", "assumed", "silence", "company"]
        about = self.text(self.transactions.codebook.about)
        told = [self.tell(f"churn.limit_{key}", about=about) for key in keys]
        return [*told, self.tell("churn.limit_contract")]

    def method_notes(self) -> list[str]:
        """How the results were made, a sentence a step, with the numbers in use."""
        told = ["definition", "warners_contract" if self.study.warning.rhythm else "warners", "learned"]
        told += ["scores", "lead", *(["offer", "test"] if self.study.money else [])] if self.check else []
        margins = margins_named(self.study.margins(self.study.warning.today.table), self.language)
        notes = [self.tell(f"churn_method.{key}") for key in told]
        notes += [self.tell("churn_method.survey")] if self.stated() else []
        return [*notes, *margins, self.say("methods.seed", seed=self.study.seed)]
