"""What is unusual among the purchases of a shop, why, and what it carries, in sentences made from the results."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from crmresearch.data.transactions.transactions import Transactions
from crmresearch.mining.unusual.unusual_customers import TOGETHER
from crmresearch.mining.unusual.unusual_orders import taken_back
from crmresearch.mining.unusual.unusual_purchases import LISTS, UnusualPurchases
from crmresearch.report.show.number_format import told_cases, told_expected
from crmresearch.stories.story import Story
from crmresearch.stories.unusual_purchases import TEXTS

LEAST = 0.00005  # part of what is usual that is told, as 0.01 %


@dataclass(frozen=True)
class UnusualStory(Story):
    """The unusual orders, customers and days of one shop, ready to be told in `language`."""

    transactions: Transactions
    found: UnusualPurchases
    seed: int
    language: str = "en"

    texts = TEXTS
    packages = ("numpy", "scipy", "pandas", "scikit-learn")

    @property
    def facts(self) -> dict[str, Any]:
        """Numbers in use, which sentences and captions may name."""
        known = {"orders": len(self.found.orders), "customers": len(self.found.customers)}
        unit = self.say(f"unit.{self.unit}")
        used = {"alpha": self.found.alpha, "one_in": 1 / self.found.alpha, "unit": unit}
        return {**known, **used, "currency": self.transactions.codebook.currency}

    @property
    def unit(self) -> str:
        """Whether days are judged, or weeks."""
        return "week" if (self.found.days["unit"] == "week").any() else "day"

    def kind(self, name: str) -> str:
        """What sentences call those of a list."""
        return self.say(f"kind.{'weeks' if name == 'days' and self.unit == 'week' else name}")

    def findings(self) -> list[str]:
        """Of each list how many there are against chance and the rarest, those beyond chance first; what they carry."""
        lists = self.found.summary.sort_values("beyond", ascending=False, kind="stable")
        return [*map(self.counted, lists.itertuples()), *self.carried()]

    def counted(self, row: Any) -> str:
        """How many of a list are listed, how many by chance, and the rarest of them."""
        name = self.kind(row.list)
        if not row.judged:
            return self.say("unusual.not_judged", kind=name)
        key = "none" if not row.listed else "beyond" if row.beyond else "chance"
        first = ""
        if row.listed:
            rarest = self.found.listed(row.list).head(1)
            as_rare = told_cases(float(rarest["p_value"].iloc[0]) * row.judged)
            first = self.say("unusual.first", first=self.reasons(row.list, rarest)[0], as_rare=as_rare)
        facts = {**self.facts, "expected": told_expected(row.expected)}
        return self.say(f"unusual.{key}", row, kind=name, first=first, **facts)

    def in_short(self) -> str:
        """How many are listed of each, against chance: what another report says."""
        parts = [
            self.say("unusual.short_part", row, kind=self.kind(row.list), expected=told_expected(row.expected))
            for row in self.found.summary.itertuples()
        ]
        return self.say("unusual.short", parts=self.listed(parts), **self.facts)

    def carried(self) -> list[str]:
        """What share of the money those listed have, the largest first."""
        rows = self.found.summary.query("share >= 0.0005").sort_values("share", ascending=False)
        means = self.found.without.set_index("left_out")["mean"]
        parts = [self.say("unusual.part", row, kind=self.kind(row.list)) for row in rows.itertuples()]
        mean = {"mean": means["none"], "mean_without": means["orders"]}
        return [self.say("unusual.carried", parts=self.listed(parts), **mean, **self.facts)] if parts else []

    def known(self) -> list[str]:
        """What the data are, and how much of them is looked at."""
        codebook, data = self.transactions.codebook, self.transactions
        told = f"{self.text(codebook.title)}: {self.text(codebook.about)}"
        period = {"first": data.first_day, "last": data.known_until}
        return [told, self.say("unusual.known", **self.facts, **period), *map(self.text, data.notes)]

    def follows(self) -> list[str]:
        """What to look at, and what not to do."""
        listed = dict(zip(self.found.summary["list"], self.found.summary["listed"], strict=True))
        if not sum(listed.values()):
            return [self.say("unusual.nothing_follows")]
        orders, days = self.found.listed("orders"), self.found.listed("days")
        taken = int(taken_back(orders).sum())
        told = self.sentences(
            "unusual.look_",
            taken > 0 and "taken_back", listed["orders"] > taken and "orders", listed["customers"] and "customers",
            (days["purchases"] == 0).any() and "closed", (days["purchases"] > 0).any() and "days",
            count=taken, **self.facts,
        )  # fmt: skip
        return [*told, self.say("unusual.leave_in")]

    def reasons(self, name: str, rows: pd.DataFrame) -> list[str]:
        """Why each row of a list is on it, in words."""
        tell = {"orders": self._order, "customers": self._customer, "days": self._day}[name]
        return [tell(row) for row in rows.reset_index().itertuples()]

    def causes(self, name: str, rows: pd.DataFrame) -> list[str]:
        """What may be behind each row of a list, to be looked at first."""
        if name == "orders":
            high = rows["times"] > 1
            keys = high.map({True: "order_high", False: "order_low"}).mask(taken_back(rows), "taken_back")
        elif name == "customers":
            keys = "customer_" + rows["measure"]
        else:
            low = np.where(rows["measure"] == "revenue", rows["revenue"] < rows["expected_revenue"],
                           rows["purchases"] < rows["expected_purchases"])  # fmt: skip
            high = pd.Series(~low, rows.index)
            keys = high.map({True: "day_high", False: "day_low"}).mask(rows["purchases"] == 0, "day_closed")
        return [self.say(f"cause.{key}") for key in keys]

    def _times(self, times: float) -> str:
        return self.say(f"reason.{'times' if times >= 1 else 'part' if times >= LEAST else 'hardly'}", times=times)

    def _order(self, row: Any) -> str:
        numbered = isinstance(row.order, str)
        what = self.say(f"reason.{'order' if numbered else 'purchase'}", row, date=row.day.date())
        facts = {"what": what, "times_usual": self._times(row.times), **self.facts}
        facts |= {"value": getattr(row, row.measure)}
        return self.say(f"reason.{row.measure}_{row.compared}", row, **facts)

    def _customer(self, row: Any) -> str:
        facts = {**self.facts, "times_usual": self._times(row.times) if row.times > 0 else ""}
        if row.measure == "together":
            facts |= {f"place_{name}": self._place(name, row) for name in TOGETHER}
        return self.say(f"reason.customer_{row.measure}", row, **facts)

    def _place(self, name: str, row: Any) -> str:
        """Where a customer stands among the others in a number: all only where it is all, else a share cut off."""
        side, share = getattr(row, f"side_{name}"), getattr(row, f"place_{name}")
        if side == "alike":
            return self.say("place.alike")
        of = "all" if share == 1 else "share"
        return self.say(f"place.{name}_{side}_{of}", share=np.floor(1000 * share + 1e-9) / 1000)

    def _day(self, row: Any) -> str:
        date = row.day.date()
        what = self.say(f"reason.{self.unit}", weekday=self.say(f"weekday.{row.weekday}"), date=date)
        value, expected = getattr(row, row.measure), getattr(row, f"expected_{row.measure}")
        key = "nothing" if row.purchases == 0 else row.measure
        times = self._times(max(value, 1e-9) / expected)
        facts = {"what": what, "value": value, "expected": expected, "times_usual": times, **self.facts}
        return self.say(f"reason.day_{key}", **facts)

    def limits(self) -> list[str]:
        """What these lists cannot say."""
        return self.sentences("unusual.limit_", "rate", "own", "clean", "forest", **self.facts)

    @property
    def published(self) -> dict[str, str]:
        """The purchases."""
        return {"data": self.transactions.codebook.citation}

    def methods_paragraph(self) -> list[str]:
        """What was judged, against what, at which rate, as a paper tells it."""
        facts = {"title": self.text(self.transactions.codebook.title), "cited": self.citation("data"), **self.facts}
        return [self.say(f"methods.{key}", seed=self.seed, **facts) for key in ("data", "unusual", "unusual_rate")]


def of_list(story: UnusualStory, name: str) -> pd.DataFrame:
    """A list as told: those listed, with reason, what to look at, and how many as rare were to be expected."""
    assert name in LISTS
    rows = story.found.listed(name)
    judged = int(getattr(story.found, name)["p_value"].notna().sum())
    told = rows.assign(
        reason=story.reasons(name, rows),
        cause=story.causes(name, rows),
        as_rare=judged * rows["p_value"],
    )
    return told.reset_index() if name == "customers" else told.reset_index(drop=True)
