"""What will be sold in the coming periods, how each method did before, and what to plan with, in sentences."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from crmresearch.data.transactions.transactions import Transactions
from crmresearch.mining.revenue_forecast import LED, RevenueForecast
from crmresearch.mining.rolling_origin import TOLD
from crmresearch.report.show.number_format import told_p_value
from crmresearch.stories.campaign import PurchasesStory
from crmresearch.stories.revenue_forecast import TEXTS
from crmresearch.stories.story import interval


@dataclass(frozen=True)
class RevenueForecastStory(PurchasesStory):
    """The `forecast` of one shop, ready to be told; None with the `reason` where its purchases cannot be forecast."""

    texts = TEXTS
    packages = ("numpy", "scipy", "pandas", "statsmodels")

    transactions: Transactions
    forecast: RevenueForecast | None
    reason: str
    language: str = "en"

    @property
    def made(self) -> RevenueForecast:
        """The forecast, where there is one."""
        assert self.forecast is not None
        return self.forecast

    @cached_property
    def facts(self) -> dict[str, Any]:
        """Numbers in use, which sentences and captions may name."""
        facts: dict[str, Any] = {"currency": self.transactions.codebook.currency}
        if self.forecast is None:
            return facts
        series, coming, evaluation = self.made.series, self.made.coming, self.made.evaluation
        facts |= {"horizon": self.unit(self.made.horizon), "known": self.unit(len(series)), "season": series.season}
        facts |= {"unit": self.unit(1, "_word"), "units": self.unit(2, "_word"), "periods": len(series)}
        facts |= {"start": coming["start"].min(), "end": coming["end"].max(), "last": series.ends()[-1]}
        facts |= {"calibration": series.ends()[self.made.calibration - 1], "first": series.day(0)}
        facts |= {"simple": self.say("forecaster.naive", **facts)}
        return facts | ({"origins": len(evaluation.origins), "windows": evaluation.windows} if evaluation else {})

    def tell(self, key: str, **facts: Any) -> str:
        """A sentence that may name `facts` of the story."""
        return self.say(key, **{**self.facts, **facts})

    def unit(self, count: int, ending: str = "") -> str:
        """So many periods in words."""
        return self.say(f"unit.{self.made.series.period}{ending}", count=count)

    def method(self, key: str) -> str:
        """Name of a method in a sentence."""
        return self.tell(f"forecaster.{key}")

    def method_cell(self, key: str) -> str:
        """Name of a method in a table or figure."""
        name = self.method(key)
        return name[:1].upper() + name[1:]

    @cached_property
    def score(self) -> pd.Series | None:
        """The score of the chosen method for the revenue, None where it has none."""
        scores = self.made.scores
        rows = scores[(scores["quantity"] == LED) & (scores["method"] == self.made.chosen)]
        return rows.iloc[0] if len(rows) and np.isfinite(rows["mase"].iloc[0]) else None

    def findings(self) -> list[str]:
        """What to expect, by which method, whether its intervals hold, and what the model of customers was worth."""
        if self.forecast is None:
            return [self.say("forecast.none", reason=self.reason)]
        return [self.headline(), self.record(), *self.held(), *self.tracked(), *self.newcomers()]

    def headline(self) -> str:
        """The revenue and purchases of the horizon, with the interval to plan with."""
        row, purchases = self.made.plan.loc[LED], self.made.plan["estimate"].get("purchases", np.nan)
        facts = {"estimate": row["estimate"], "purchases": purchases, "method": self.method(self.made.chosen)}
        return self.tell("forecast.headline", **facts, **interval(row, "interval_80_"))

    def record(self) -> str:
        """How the method did at the earlier origins, and whether it is shown to beat the last period's number."""
        if self.score is None:
            return self.tell("forecast.unchecked")
        p, method = float(self.score["p_value"]), self.made.chosen
        key = "naive" if method == "naive" else "shown" if p < TOLD else "not_shown" if np.isfinite(p) else "untested"
        rivals = self.made.scores.query("quantity == @LED and alike")["method"]
        alike = [self.method(name) for name in rivals if name != method]
        facts = {"method": self.method(method), "ratio": self.score["ratio"], "p": told_p_value(p) if p == p else ""}
        rest = self.say("forecast.alike", others=self.some(alike, 6)) if alike and key != "untested" else ""
        return f"{self.tell(f'forecast.record_{key}', **facts)} {rest}".strip()

    def held(self) -> Iterator[str]:
        """How often the intervals of the method held what came."""
        for row in self.made.coverage.itertuples():
            if (row.quantity, row.method, row.of, row.level) == (LED, self.made.chosen, "periods", 0.8):
                key = "narrow" if row.narrow else "wide" if row.ci_lower > row.level else "open"
                facts = {"share": row.share, "tried": row.tried, "method": self.method(row.method)}
                told = self.tell(f"forecast.held_{key}", **facts, **interval(row))
                wider = self.say("forecast.by_record") if self.made.plan.loc[LED, "by_record"] else ""
                yield f"{told} {wider}".strip()

    def tracked(self) -> Iterator[str]:
        """What BG/NBD expected after the calibration, and what came."""
        for row in self.made.tracking_sums().itertuples():
            if not row.learned and np.isfinite(row.off):
                side = self.say(f"forecast.{'more' if row.off > 0 else 'less'}", share=abs(row.off) / 100)
                facts = {"expected": row.expected, "actual": row.actual, "side": side}
                yield self.tell("forecast.tracked", after=self.unit(row.periods), **facts)

    def newcomers(self) -> Iterator[str]:
        """Which part of the purchases came from customers nobody knew at the origin."""
        if (since := self.made.series.closed_since) is not None:
            yield self.tell("forecast.closed", since=self.made.series.day(since))
        elif self.made.evaluation:
            new, known = (self.made.evaluation.parts[name].sum() for name in ("new", "known"))
            yield from [self.tell("forecast.newcomers", share=new / (new + known))] if new + known else []

    def follows(self) -> list[str]:
        """What to plan with, and when not to."""
        if self.forecast is None:
            return [self.say("forecast.do_nothing")]
        row = self.made.plan.loc[LED]
        facts = {"estimate": row["estimate"], **interval(row, "interval_80_"), "least": row["interval_95_lower"]}
        plan = "plan" if facts["upper"] > 0 else "zero"
        shown = self.score is not None and self.score["p_value"] < TOLD
        simple = not shown and self.made.chosen != "naive" and self.score is not None
        told = self.sentences("forecast.do_", plan, simple and "simple", "again", **self.facts, **facts)
        short = len(self.made.series) < 2 * self.made.series.season
        opened = self.made.series.closed_since is None
        return [*told, *self.sentences("forecast.never_", short and "season", "beyond", opened and "new", **self.facts)]

    def data_told(self) -> list[str]:
        """What the data are, and what is counted."""
        book, told = self.transactions.codebook, []
        if self.forecast is not None:
            sums = self.made.series.total[["purchases", "revenue"]].sum()
            told = [self.tell(f"forecast.series_{self.made.series.period}", **sums)]
        return [f"{self.text(book.title)}: {self.text(book.about)}", *told, *map(self.text, self.transactions.notes)]

    def limits(self) -> list[str]:
        """What these results cannot say."""
        about = self.text(self.transactions.codebook.about)
        return [self.say(f"forecast.limit_{key}", about=about) for key in ("same", "first", "few", "company")]

    def method_notes(self) -> list[str]:
        """How the results were made, a sentence a step, with the numbers in use."""
        if self.forecast is None:
            return []
        customers = "customers_open" if self.made.series.closed_since is None else "customers_closed"
        checked = ("origins", "error", "compared", "coverage", "choice") if self.made.evaluation else ()
        steps = ("series", "methods", customers, "cohorts", "intervals", *checked, "tracking")
        return [self.tell(f"forecast_method.{step}") for step in steps]
