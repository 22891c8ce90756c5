"""What the first days of new customers foretell, when they buy again and how long they stay, in sentences."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from crmresearch.data.transactions.transactions import Transactions
from crmresearch.mining.newcomers.conversion import Conversion
from crmresearch.mining.newcomers.new_customers import NewCustomers
from crmresearch.mining.newcomers.retention import Retention
from crmresearch.mining.newcomers.trial_scores import Tested
from crmresearch.stories.campaign import PurchasesStory
from crmresearch.stories.margins import at_margins, margins_named
from crmresearch.stories.new_customers import TEXTS


@dataclass(frozen=True)
class NewCustomersStory(PurchasesStory):
    """The new customers of one company; every method returns sentences in `language`."""

    texts = TEXTS
    packages = ("numpy", "scipy", "pandas", "scikit-learn", "statsmodels")

    transactions: Transactions
    found: NewCustomers
    quiet_days: int
    resamples: int
    language: str = "en"

    @property
    def facts(self) -> dict[str, Any]:
        """Numbers in use, which sentences and captions may name."""
        known: dict[str, Any] = {"currency": self.transactions.codebook.currency, "resamples": self.resamples}
        known |= {"quiet": self.quiet_days, "last": self.transactions.known_until, **self.found.facts}
        if self.found.prospects is not None:
            known["margins"] = at_margins(self.found.prospects.margins, self.language)
        return known

    def method(self, key: str) -> str:
        """Name of a rival."""
        return self.say(f"new_method.{key}")

    def feature(self, name: str) -> str:
        """Name of a feature of the first days."""
        assert self.found.prospects is not None
        kind, about = self.found.prospects.first.meaning[name]
        return self.say(f"new_feature.{kind}", about=self.grouping(about) if kind == "attribute" else about)

    def grouping(self, name: str) -> str:
        """Name of a grouping: of an attribute as the codebook calls it."""
        attributes = self.transactions.codebook.attributes
        return self.text(attributes[name]) if name in attributes else self.say(f"new_grouping.{name}")

    def group(self, grouping: str, value: str) -> str:
        """Name of a group."""
        return self.say(f"new_basket.{value}") if grouping == "basket" else str(value) or self.say("new.others")

    def findings(self) -> list[str]:
        """What the first days tell and which way of telling leads; the second purchase; how long customers stay."""
        return [*self.foretold()[:2], *self.second()[:1], *self.stay()[:1]]

    def none(self, part: str) -> str:
        """Why a part is missing."""
        reason = self.found.failures.get(part) or self.say("new.no_trial")
        return self.say(f"new.none_{part}", reason=reason)

    def foretold(self) -> list[str]:
        """How far the first days foretell, by the trial of the longest horizon, then by the others."""
        return [told for one in self.found.trials for told in self._of_trial(one)] or [self.none("prospects")]

    def _of_trial(self, one: Tested) -> list[str]:
        facts = {**one.trial.facts, "how": self.say(f"new.{one.trial.kind}", **one.trial.facts)}
        if one.verdict == "nothing":
            return [self.say("new.nothing", **facts)]
        beaten = [self.say("new.with_gini", name=self.method(name), gini=gini) for name, gini in one.worse.items()]
        facts |= {"lead": self.method(one.used), "beaten": self.listed(beaten), "beaten_count": len(beaten)}
        facts["others"] = self.listed([self.method(name) for name in one.alike if name != one.used])
        facts["hardly"] = self.say("new.hardly", hardly=one.hardly) if one.hardly is not None else ""
        lead = f"new.lead_{one.verdict}{'' if beaten else '_all'}"
        return [self.say(key, one.best, **facts) for key in ("new.capture", lead)]

    def calibrated(self) -> list[str]:
        """How far the sums and the groups of the trials are right."""
        told = []
        for one in self.found.trials:
            key = "new.calibrated" if one.money["actual"] > 0 else "new.nobody_spent"
            told.append(self.say(key, one.money, lead=self.method(one.used), horizon=one.trial.horizon))
        return told

    def signs(self) -> list[str]:
        """Which features of the first days go with the spend that followed."""
        if self.found.prospects is None or self.found.prospects.signs.empty:
            return [self.say("new.signs_none")]
        signs = self.found.prospects.signs
        told = signs[signs["told"]]
        names = [self.say("new.sign", row, name=self.feature(row.feature)) for row in told.itertuples()]
        key = "new.signs" if names else "new.signs_nothing"
        return [self.say(key, names=self.some(names), rest=len(signs) - len(told))]

    def listed_customers(self) -> list[str]:
        """Whom the list holds."""
        found = self.found.prospects
        if found is None or found.main is None:
            return [self.none("prospects")]
        key = "new.list_today" if found.fresh else "new.list_tested"
        return [self.say(key, count=len(found.customers)), *margins_named(found.margins, self.language)]

    def second(self) -> list[str]:
        """Who buys a second time, and by when."""
        found = self.found.conversion
        if found is None or found.remind is None:
            return [self.say("new.second_nobody") if found else self.none("conversion")]
        week = self.say("new.week_cools" if found.cools else "new.week_same", found.weeks.iloc[0])
        return [self.say("new.second", found.shares.iloc[-1]), week, *self.differences(found, "second")]

    def stay(self) -> list[str]:
        """How long customers stay before their first long silence."""
        found = self.found.retention
        if found is None:
            return [self.none("retention")]
        last, stay = found.months.iloc[-1], "stay_contract" if found.rhythm else "stay"
        keys = stay, np.isfinite(found.returned) and "returned", last["model"] > last["survival"] and "stay_model"
        told = self.sentences("new.", *keys, **last, once=found.once, returned=found.returned)
        return [*told, *self.differences(found, "stay")]

    def differences(self, found: Conversion | Retention, what: str) -> list[str]:
        """In which groups customers buy again, or stay, more than in others, beyond chance only."""
        told = [] if len(found.tests) else [self.say("new.no_groups")]
        for row in found.tests[found.tests["told"]].itertuples():
            named = [self.group(row.grouping, group) for group in found.standing(row.grouping)]
            facts = {"grouping": self.grouping(row.grouping), "groups": self.some(named)}
            told.append(self.say(f"new.groups_{what}_{'some' if named else 'unnamed'}", row, **facts))
        alike = [self.grouping(name) for name in found.tests.loc[~found.tests["told"], "grouping"]]
        return told + ([self.say("new.groups_alike", names=self.listed(alike))] if alike else [])

    def follows(self) -> list[str]:
        """In whom to invest and how much at most, whether to remind and when, and the test of it; or why nothing."""
        found, second = self.found.prospects, self.found.conversion
        if found is None or found.main is None or found.main.lead is None:
            told = [self.say("new.do_nobody")]
        else:
            check = self.say("new.check_wrong" if found.main.too_high else "new.check_right", found.main.money)
            told = [self.say("new.do_invest" if found.fresh else "new.do_later", found.top, check=check)]
        if second is not None and second.reminder is not None:
            told.append(self.say(f"new.remind_{second.reminder}"))
            told += [] if second.reminder == "little" else [self.say("new.do_test", second.test_plan)]
        return told

    def known(self) -> list[str]:
        """Who is taken for a new customer."""
        codebook, second = self.transactions.codebook, self.found.conversion
        came = [self.say("new.known_quiet" if self.quiet_days else "new.known", second.came)] if second else []
        about = f"{self.text(codebook.title)}: {self.text(codebook.about)}"
        return [about, *came, *map(self.text, self.transactions.notes)]

    def limits(self) -> list[str]:
        """What these data cannot say."""
        about = self.text(self.transactions.codebook.about)
        return self.sentences("new.limit_", "uplift", "silence", "same", "company", about=about)

    def method_notes(self) -> list[str]:
        """How the results were made, a sentence a step, with the numbers in use."""
        stay = self.found.retention
        keys = ["newcomers", "first_days", "rule", "rivals", "scores"] if self.found.trials else []
        keys += ["second"] if self.found.conversion else []
        keys += ["stay", "stay_contract" if stay.rhythm else "stay_model"] if stay else []
        return self.sentences("new_method_note.", *keys)
