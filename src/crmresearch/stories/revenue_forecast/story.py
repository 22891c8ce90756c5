"""What will be sold in the coming periods, how each method did before, and what to plan with, in sentences."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from crmresearch.data.transactions.transactions import Transactions
from crmresearch.mining.forecasting.forecast_made import LED, RevenueForecast
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
        facts |= {"every": self.say(f"rhythm.{self.made.rhythm.period}")} if self.made.rhythm else {}
        facts |= {"simple": self.say("forecaster.naive", **facts)}
        return facts | ({"origins": len(evaluation.origins), "windows": evaluation.windows} if evaluation else {})

    def unit(self, count: int, ending: str = "") -> str:
        """So many periods in words."""
        return self.say(f"unit.{self.made.series.period}{ending}", count=count)

    def method(self, key: str) -> str:
        """Name of a method in a sentence."""
        return self.say(f"forecaster.{key}")

    def method_cell(self, key: str) -> str:
        """Name of a method in a table or figure."""
        name = self.method(key)
        return name[:1].upper() + name[1:]

    @property
    def chosen(self) -> str:
        """Name of the method in use."""
        return self.method(self.made.chosen)

    def findings(self) -> list[str]:
        """What to expect, by which method, whether its intervals hold, and what the model of customers was worth."""
        if self.forecast is None:
            return [self.say("forecast.none", reason=self.reason)]
        return [self.headline(), self.record(), *self.held(), *self.tracked(), *self.newcomers()]

    def headline(self) -> str:
        """The revenue and purchases of the horizon, with the interval to plan with."""
        row, purchases = self.made.plan.loc[LED], self.made.plan["estimate"].get("purchases", np.nan)
        ends = interval(row, "interval_80_")
        return self.say("forecast.headline", estimate=row["estimate"], purchases=purchases, method=self.chosen, **ends)

    def record(self) -> str:
        """How the method did at the earlier origins, and whether it is shown to beat the last period's number."""
        record = self.made.record
        p = told_p_value(record.p) if np.isfinite(record.p) else ""
        told = self.say(f"forecast.record_{record.verdict}", method=self.chosen, ratio=record.ratio, p=p)
        others = self.some([self.method(name) for name in record.alike], 6)
        return f"{told} {self.say('forecast.alike', others=others)}" if record.alike else told

    def held(self) -> Iterator[str]:
        """How often the intervals of the method held what came."""
        if (row := self.made.held) is not None:
            told = self.say(f"forecast.held_{row['verdict']}", row, method=self.chosen, **interval(row))
            wider = self.say("forecast.by_record") if self.made.plan.loc[LED, "by_record"] else ""
            yield f"{told} {wider}".strip()

    def tracked(self) -> Iterator[str]:
        """What BG/NBD expected after the calibration, and what came."""
        for row in self.made.tracking_sums().itertuples():
            if not row.learned and np.isfinite(row.off):
                side = self.say(f"forecast.{'more' if row.off > 0 else 'less'}", share=abs(row.off) / 100)
                yield self.say("forecast.tracked", row, side=side, after=self.unit(row.periods))

    def newcomers(self) -> Iterator[str]:
        """Which part of the purchases came from customers nobody knew at the origin."""
        evaluation = self.made.evaluation
        if (since := self.made.series.closed_since) is not None:
            yield self.say("forecast.closed", since=self.made.series.day(since))
        elif evaluation and np.isfinite(evaluation.share_new):
            yield self.say("forecast.newcomers", share=evaluation.share_new)

    def follows(self) -> list[str]:
        """What to plan with, and when not to."""
        if self.forecast is None:
            return [self.say("forecast.do_nothing")]
        row, series = self.made.plan.loc[LED], self.made.series
        facts = {"estimate": row["estimate"], **interval(row, "interval_80_"), "least": row["interval_95_lower"]}
        simple = self.made.record.verdict in ("not_shown", "untested") and "simple"
        told = self.sentences("forecast.do_", "plan" if facts["upper"] > 0 else "zero", simple, "again", **facts)
        season, opened = len(series) < 2 * series.season and "season", series.closed_since is None and "new"
        return [*told, *self.sentences("forecast.never_", season, "beyond", opened)]

    def data_told(self) -> list[str]:
        """What the data are, and what is counted."""
        book, told = self.transactions.codebook, []
        if self.forecast is not None:
            sums = self.made.series.total[["purchases", "revenue"]].sum()
            told = [self.say(f"forecast.series_{self.made.series.period}", sums)]
        return [f"{self.text(book.title)}: {self.text(book.about)}", *told, *map(self.text, self.transactions.notes)]

    def limits(self) -> list[str]:
        """What these results cannot say."""
        about = self.text(self.transactions.codebook.about)
        return self.sentences("forecast.limit_", "same", "first", "few", "company", about=about)

    def method_notes(self) -> list[str]:
        """How the results were made, a sentence a step, with the numbers in use."""
        if self.forecast is None:
            return []
        closed, regular = self.made.series.closed_since is not None, self.made.rhythm is not None
        of_customers = ("customers_closed" if closed else "customers_open", "cohorts", "intervals")
        of_payers = ("rhythm", closed and "cohorts", "intervals_rhythm")
        checked = ("origins", "error", "compared", "coverage", "choice") if self.made.evaluation else ()
        steps = "series", "methods", *(of_payers if regular else of_customers), *checked, not regular and "tracking"
        return self.sentences("forecast_method.", *steps)
