"""What the first days of new customers foretell, when they buy again and how long they stay, in sentences."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from crmresearch.data.transactions.transactions import Transactions
from crmresearch.mining.foretell import FIRST_SPEND, MEAN, RIVALS
from crmresearch.mining.new_customers import NewCustomers
from crmresearch.mining.newcomers import as_day
from crmresearch.mining.survival import survival_at
from crmresearch.mining.trial_scores import Tested
from crmresearch.stories.campaign import PurchasesStory
from crmresearch.stories.margins import at_margins, margins_named
from crmresearch.stories.new_customers import TEXTS
from crmresearch.stories.story import interval
from crmresearch.value.back_check import LARGE

RISE = 0.05  # of the chance to buy again that a test of a reminder should find
TENTH = 0.1
HARDLY = 0.05  # of Gini; less more than sorting by spend so far is told as hardly more


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
        found = self.found.prospects
        known: dict[str, Any] = {"currency": self.transactions.codebook.currency}
        known |= {"resamples": self.resamples, "quiet": self.quiet_days, "last": self.transactions.known_until}
        if found is not None:
            known |= {"days": found.days, "asked": found.horizon, "newcomers": len(found.first.people)}
            known |= {"margins": at_margins(found.margins, self.language)}
        if found is not None and found.main is not None:
            known |= {"horizon": found.main.trial.horizon, "tested": int(found.main.trial.tests.sum())}
        if (stay := self.found.retention) is not None:
            known |= {"silence": stay.silence}
        if (second := self.found.conversion) is not None:
            known |= {"until": second.until}
        return known

    def tell(self, key: str, **facts: Any) -> str:
        """A sentence that may name `facts` of the story."""
        return self.say(key, **{**self.facts, **facts})

    def method(self, key: str) -> str:
        """Name of a rival."""
        return self.say(f"new_method.{key}")

    def feature(self, name: str) -> str:
        """Name of a feature of the first days."""
        assert self.found.prospects is not None
        kind, about = self.found.prospects.first.meaning[name]
        about = self.grouping(about) if kind == "attribute" else about
        return self.say(f"new_feature.{kind}", about=about)

    def findings(self) -> list[str]:
        """What the first days tell and which way of telling leads; the second purchase; how long customers stay."""
        return [*self.foretold()[:2], *self.second()[:1], *self.stay()[:1]]

    def foretold(self) -> list[str]:
        """How far the first days foretell, by the trial of the longest horizon, then by the others."""
        found = self.found.prospects
        if found is None or found.main is None:
            return [self.none("prospects")]
        told = []
        for one in found.trials:
            told += self._of_trial(one)
        return told

    def none(self, part: str) -> str:
        """Why a part is missing."""
        reason = self.found.failures.get(part) or self.tell("new.no_trial")
        return self.say(f"new.none_{part}", reason=reason)

    def _of_trial(self, one: Tested) -> list[str]:
        trial, how = one.trial, f"new.{one.trial.kind}"
        facts: dict[str, Any] = {"horizon": trial.horizon, "learned": int(trial.teaches.sum())}
        facts |= {"tested": int(trial.tests.sum()), "cut": as_day(trial.cut) if trial.cut is not None else ""}
        trial_told = self.tell(how, **facts)
        if one.lead is None:
            return [self.tell("new.nothing", how=trial_told, **facts)]
        row = one.scores.set_index("method").loc[one.lead]
        facts |= {"capture": row["capture"], "gini": row["gini"], "how": trial_told, "lead": self.method(one.lead)}
        told = [self.tell("new.capture", **interval(row, "capture_"), **facts)]
        others = [self.method(name) for name in one.alike if name != one.lead]
        table = one.scores.set_index("method")["gini"]
        worse = [name for name in RIVALS if name in table.index and name not in (*one.alike, MEAN)]
        beaten = [self.say("new.with_gini", name=self.method(name), gini=table[name]) for name in worse]
        key = "simple" if one.lead == FIRST_SPEND else "alike" if others else "alone"
        facts |= {"others": self.listed(others), "beaten": self.listed(beaten), "beaten_count": len(beaten)}
        hardly = one.lead != FIRST_SPEND and row["gini"] - table[FIRST_SPEND] < HARDLY
        facts["hardly"] = self.say("new.hardly", simple=table[FIRST_SPEND]) if hardly else ""
        told.append(self.tell(f"new.lead_{key}{'' if beaten else '_all'}", **facts))
        return told

    def calibrated(self) -> list[str]:
        """How far the sums and the groups of the trials are right."""
        told = []
        for one in self.found.prospects.trials if self.found.prospects else ():
            method = one.lead or MEAN
            sums = one.scores.set_index("method").loc[method, ["expected", "actual"]]
            facts = {"horizon": one.trial.horizon, "lead": self.method(method), **sums}
            if not sums["actual"] > 0:
                told.append(self.tell("new.nobody_spent", **facts))
                continue
            table = one.calibration(method)
            held = int(table["expected"].between(table["ci_lower"], table["ci_upper"]).sum())
            facts |= {"off": sums["expected"] / sums["actual"] - 1, "held": held, "groups": len(table)}
            told.append(self.tell("new.calibrated", **facts))
        return told

    def signs(self) -> list[str]:
        """Which features of the first days go with the spend that followed."""
        found = self.found.prospects
        if found is None or found.signs.empty:
            return [self.say("new.signs_none")]
        told = found.signs[found.signs["told"]]
        names = [self.say("new.sign", name=self.feature(row.feature), r=row.correlation) for row in told.itertuples()]
        rest = len(found.signs) - len(told)
        return [self.tell("new.signs" if names else "new.signs_nothing", names=self.some(names), rest=rest)]

    def listed_customers(self) -> list[str]:
        """Whom the list holds."""
        found = self.found.prospects
        if found is None or found.main is None:
            return [self.none("prospects")]
        key = "list_today" if found.fresh else "list_tested"
        return [self.tell(f"new.{key}", count=len(found.customers)), *margins_named(found.margins, self.language)]

    def second(self) -> list[str]:
        """Who buys a second time, and by when."""
        found = self.found.conversion
        if found is None:
            return [self.none("conversion")]
        row = found.shares.iloc[-1]
        if found.remind is None:
            return [self.tell("new.second_nobody")]
        facts = {"share": row["converted"], "most": found.most, "day": found.remind, **interval(row)}
        told = [self.tell("new.second", **facts)]
        first = found.weeks.iloc[0]
        told.append(self.tell("new.week_cools" if found.cools else "new.week_same", first=first["hazard"], **facts))
        return [*told, *self.differences(found.groups, found.tests, "second")]

    def stay(self) -> list[str]:
        """How long customers stay before their first long silence."""
        found = self.found.retention
        if found is None:
            return [self.none("retention")]
        start, last = survival_at(found.curve, 0), found.months.iloc[-1]
        facts = {"once": 1 - start["survival"], "months": last["months"], "share": last["survival"]}
        key = "new.stay_contract" if found.rhythm else "new.stay"
        told = [self.tell(key, **facts, **interval(last))]
        if np.isfinite(found.returned):
            told.append(self.tell("new.returned", share=found.returned))
        if last["model"] > last["survival"]:
            told.append(self.tell("new.stay_model", months=last["months"], model=last["model"]))
        return [*told, *self.differences(found.groups, found.tests, "stay")]

    def differences(self, groups: pd.DataFrame, tests: pd.DataFrame, what: str) -> list[str]:
        """In which groups customers buy again, or stay, more than in others, beyond chance only."""
        if tests.empty:
            return [self.say("new.no_groups")]
        told = []
        sign = -1 if what == "second" else 1
        for row in tests[tests["told"]].itertuples():
            part = groups[groups["grouping"] == row.grouping]
            best = part[part["first" if sign > 0 else "last"]]
            facts = {"grouping": self.grouping(row.grouping), "chi2": row.chi2, "df": row.df, "days": row.days}
            named = [self.group(row.grouping, group) for group in best["group"]]
            key = "some" if len(best) < len(part) else "unnamed"
            told.append(self.tell(f"new.groups_{what}_{key}", groups=self.some(named), **facts))
        alike = [self.grouping(name) for name in tests.loc[~tests["told"], "grouping"]]
        return told + ([self.say("new.groups_alike", names=self.listed(alike))] if alike else [])

    def grouping(self, name: str) -> str:
        """Name of a grouping: of an attribute as the codebook calls it."""
        attributes = self.transactions.codebook.attributes
        return self.text(attributes[name]) if name in attributes else self.say(f"new_grouping.{name}")

    def group(self, grouping: str, value: str) -> str:
        """Name of a group."""
        if grouping == "basket":
            return self.say(f"new_basket.{value}")
        return str(value) or self.say("new.others")

    def follows(self) -> list[str]:
        """In whom to invest and how much at most, whether to remind and when, and the test of it; or why nothing."""
        told, found = [], self.found.prospects
        if found is None or found.main is None or found.main.lead is None:
            told.append(self.say("new.do_nobody"))
        else:
            top = found.customers.head(max(1, round(TENTH * len(found.customers))))
            key = "new.do_invest" if found.fresh else "new.do_later"
            sums = found.main.scores.set_index("method").loc[found.main.lead]
            off = sums["expected"] / sums["actual"] - 1
            check = self.say("new.check_wrong" if off > LARGE else "new.check_right", off=off)
            facts = {"worth": top["worth"].mean(), "least": top["worth"].iloc[-1], "check": check}
            told.append(self.tell(key, count=len(top), **facts))
        second = self.found.conversion
        if second is not None and second.remind is not None:
            facts = {"day": second.remind, "chance": second.chance_after(second.remind), "most": second.most}
            if facts["chance"] > 1 - 2 * RISE:
                return [*told, self.tell("new.do_remind_none", **facts)]
            told.append(self.tell("new.do_remind" if second.cools else "new.do_remind_any", **facts))
            arm = second.arm(RISE)
            facts |= {"risen": min(1.0, facts["chance"] + RISE), "arm": arm, "months": second.months_for(2 * arm)}
            told.append(self.tell("new.do_test", **facts))
        return told

    def known(self) -> list[str]:
        """Who is taken for a new customer."""
        codebook, found = self.transactions.codebook, self.found.conversion
        told = [f"{self.text(codebook.title)}: {self.text(codebook.about)}"]
        if found is not None:
            came = found.people["came"]
            facts = {"count": len(came), "first": as_day(came.min()), "latest": as_day(came.max())}
            told.append(self.tell("new.known_quiet" if self.quiet_days else "new.known", **facts))
        return [*told, *map(self.text, self.transactions.notes)]

    def limits(self) -> list[str]:
        """What these data cannot say."""
        about = self.text(self.transactions.codebook.about)
        return self.sentences("new.limit_", "uplift", "silence", "same", "company", about=about)

    def method_notes(self) -> list[str]:
        """How the results were made, a sentence a step, with the numbers in use."""
        found, keys = self.found, []
        if found.prospects is not None and found.prospects.main is not None:
            keys += ["newcomers", "first_days", "rule", "rivals", "scores"]
        keys += ["second"] if found.conversion is not None else []
        keys += ["stay", "stay_contract" if found.retention.rhythm else "stay_model"] if found.retention else []
        return self.sentences("new_method_note.", *keys, **self.facts)
