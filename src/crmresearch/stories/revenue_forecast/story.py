"""What will be sold in the coming periods, how each method did before, and what to plan with, in sentences."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from crmresearch.data.transactions.transactions import Transactions
from crmresearch.mining.periods import QUANTITIES
from crmresearch.mining.revenue_forecast import RevenueForecast
from crmresearch.mining.rolling_origin import TOLD
from crmresearch.report.show.number_format import told_p_value
from crmresearch.stories.campaign import PurchasesStory
from crmresearch.stories.revenue_forecast import TEXTS
from crmresearch.stories.story import interval

LED = "revenue"  # the quantity the page leads with


@dataclass(frozen=True)
class RevenueForecastStory(PurchasesStory):
    """The forecast of one shop, ready to be told; None with the `reason` where its purchases cannot be forecast."""

    texts = TEXTS
    packages = ("numpy", "scipy", "pandas", "statsmodels")

    transactions: Transactions
    forecast: RevenueForecast | None
    reason: str
    seed: int
    language: str = "en"

    @cached_property
    def facts(self) -> dict[str, Any]:
        """Numbers in use, which sentences and captions may name."""
        facts: dict[str, Any] = {"currency": self.transactions.codebook.currency, "seed": self.seed}
        if self.forecast is None:
            return facts
        series, coming = self.forecast.series, self.forecast.coming
        facts |= {"horizon": self.unit(self.forecast.horizon), "unit": self.unit(1, bare=True), "periods": len(series)}
        facts |= {"known": self.unit(len(series)), "units": self.unit(2, bare=True), "season": series.season}
        facts |= {"start": coming["start"].min(), "end": coming["end"].max(), "last": series.ends()[-1]}
        facts |= {"calibration": series.ends()[self.forecast.calibration - 1], "first": series.day(0)}
        evaluation = self.forecast.evaluation
        facts["simple"] = self.say("forecaster.naive", **facts)
        return facts | ({"origins": len(evaluation.origins), "windows": evaluation.windows} if evaluation else {})

    def tell(self, key: str, **facts: Any) -> str:
        """A sentence that may name `facts` of the story."""
        return self.say(key, **{**self.facts, **facts})

    def unit(self, count: int, bare: bool = False) -> str:
        """So many periods in words, `bare` the word alone."""
        assert self.forecast is not None
        return self.say(f"unit.{self.forecast.series.period}{'_word' if bare else ''}", count=count)

    def method(self, key: str) -> str:
        """Name of a method in a sentence."""
        return self.tell(f"forecaster.{key}")

    def method_cell(self, key: str) -> str:
        """Name of a method in a table or figure."""
        name = self.method(key)
        return name[:1].upper() + name[1:]

    @cached_property
    def plan(self) -> pd.DataFrame:
        """`RevenueForecast.plan` by quantity."""
        assert self.forecast is not None
        return self.forecast.plan().set_index("quantity")

    @cached_property
    def scores(self) -> pd.DataFrame:
        """`RevenueForecast.scores`, computed once."""
        assert self.forecast is not None
        return self.forecast.scores

    @cached_property
    def coverage(self) -> pd.DataFrame:
        """`RevenueForecast.coverage`, computed once."""
        assert self.forecast is not None
        return self.forecast.coverage

    def score(self, method: str) -> pd.Series | None:
        """The score of a method for the revenue, None where it has none."""
        rows = self.scores[(self.scores["quantity"] == LED) & (self.scores["method"] == method)]
        return rows.iloc[0] if len(rows) and np.isfinite(rows["mase"].iloc[0]) else None

    def findings(self) -> list[str]:
        """What to expect, by which method, whether its intervals hold, and what the model of customers was worth."""
        if self.forecast is None:
            return [self.say("forecast.none", reason=self.reason)]
        return [self.headline(), *self.record(), *self.held(), *self.tracked(), *self.newcomers()]

    def headline(self) -> str:
        """The revenue and purchases of the horizon, with the interval to plan with."""
        row = self.plan.loc[LED]
        facts = {"estimate": row["estimate"], "purchases": self.plan.loc["purchases", "estimate"]}
        ends = interval(row, "interval_80_")
        return self.tell("forecast.headline", method=self.method(row["method"]), **facts, **ends)

    def record(self) -> Iterator[str]:
        """How the method did at the earlier origins, and whether it is shown to beat the last period's number."""
        method = str(self.plan.loc[LED, "method"])
        score = self.score(method)
        if score is None:
            yield self.tell("forecast.unchecked")
            return
        key = "naive" if method == "naive" else "shown" if score["p_value"] < TOLD else "not_shown"
        if key == "not_shown" and not np.isfinite(score["p_value"]):
            key = "untested"
        others = self.scores[(self.scores["quantity"] == LED) & (self.scores["method"] != method)]
        alike = [self.method(name) for name in others.loc[others["alike"], "method"]]
        p = "" if not np.isfinite(score["p_value"]) else told_p_value(score["p_value"])
        facts = {"method": self.method(method), "ratio": score["ratio"], "mase": score["mase"], "p": p}
        told = self.tell(f"forecast.record_{key}", **facts)
        rest = self.say("forecast.alike", others=self.some(alike)) if alike else ""
        yield f"{told} {rest}".strip()

    def held(self) -> Iterator[str]:
        """How often the intervals of the method held what came."""
        row = self.plan.loc[LED]
        rows = self.coverage
        if not len(rows):
            return
        own = rows[(rows["quantity"] == LED) & (rows["method"] == row["method"]) & (rows["of"] == "periods")]
        for one in own[own["level"] == 0.8].itertuples():
            key = "record" if row["by_record"] else "open" if one.ci_lower <= one.level <= one.ci_upper else "wide"
            facts = {"share": one.share, "held": one.held, "tried": one.tried, "method": self.method(row["method"])}
            yield self.tell(f"forecast.held_{key}", **facts, **interval(one))

    def tracked(self) -> Iterator[str]:
        """What BG/NBD expected after the calibration, and what came."""
        assert self.forecast is not None
        sums = self.forecast.tracking_sums()
        for row in sums[~sums["learned"].astype(bool)].itertuples():
            if np.isfinite(row.off):
                side = self.say(f"forecast.{'more' if row.off > 0 else 'less'}", share=abs(row.off) / 100)
                facts = {"expected": row.expected, "actual": row.actual, "side": side, "after": self.unit(row.periods)}
                yield self.tell("forecast.tracked", **facts)

    def newcomers(self) -> Iterator[str]:
        """Which part of the purchases came from customers nobody knew at the origin."""
        assert self.forecast is not None
        if self.forecast.series.closed_since is not None:
            yield self.tell("forecast.closed", since=self.forecast.series.day(self.forecast.series.closed_since))
        elif self.forecast.evaluation:
            sums = self.forecast.evaluation.parts[["known", "new"]].sum()
            if sums.sum() > 0:
                yield self.tell("forecast.newcomers", share=sums["new"] / sums.sum())

    def follows(self) -> list[str]:
        """What to plan with, and when not to."""
        if self.forecast is None:
            return [self.say("forecast.do_nothing")]
        row = self.plan.loc[LED]
        ends = {"estimate": row["estimate"], **interval(row, "interval_80_"), "least": row["interval_95_lower"]}
        told = [self.tell("forecast.do_plan", method=self.method(row["method"]), **ends)]
        score = self.score(str(row["method"]))
        if score is None or not score["p_value"] < TOLD:
            told.append(self.tell("forecast.do_simple"))
        return [*told, self.tell("forecast.do_again"), *self.never()]

    def never(self) -> list[str]:
        """When the forecast must not be used."""
        assert self.forecast is not None
        short = len(self.forecast.series) < 2 * self.forecast.series.season
        opened = self.forecast.series.closed_since is None
        return self.sentences("forecast.never_", short and "season", "beyond", opened and "new", **self.facts)

    def data_told(self) -> list[str]:
        """What the data are, and what is counted."""
        codebook = self.transactions.codebook
        told = [f"{self.text(codebook.title)}: {self.text(codebook.about)}"]
        if self.forecast is not None:
            sums = self.forecast.series.total[list(QUANTITIES[:2])].sum()
            told.append(self.tell(f"forecast.series_{self.forecast.series.period}", **sums))
        return [*told, *map(self.text, self.transactions.notes)]

    def limits(self) -> list[str]:
        """What these results cannot say."""
        about = self.text(self.transactions.codebook.about)
        return [self.say(f"forecast.limit_{key}", about=about) for key in ("same", "first", "few", "company")]

    def method_notes(self) -> list[str]:
        """How the results were made, a sentence a step, with the numbers in use."""
        if self.forecast is None:
            return []
        closed = "closed" if self.forecast.series.closed_since is not None else "open"
        steps = ("series", "methods", f"customers_{closed}", "cohorts", "intervals")
        checked = ("origins", "error", "compared", "coverage", "choice") if self.forecast.evaluation else ()
        return [self.tell(f"forecast_method.{step}") for step in (*steps, *checked, "tracking")]
