"""A forecast of a shop as it was made: which method to plan with, how that did before, and its tables."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
import pandas as pd

from crmresearch.caution import Caution
from crmresearch.mining.forecasting.periods import PurchaseSeries
from crmresearch.mining.forecasting.rivals import METHODS
from crmresearch.mining.forecasting.rolling_origin import LEVELS, TOLD, Evaluation, record_interval
from crmresearch.value.rhythm import Rhythm

LED = "revenue"  # the quantity by which a method is chosen
WIDTH = "interval_80"
LEAST_WINDOWS = 3  # that do not overlap, from which the spread of errors is known at all


class Record(NamedTuple):
    """How a method did at earlier origins: `verdict`, p against the last period's number, its error as a `ratio` to
    that, and other methods `alike` (not told apart from the lowest error).

    The verdict is shown (better than that number beyond chance), not_shown, untested (too few origins), naive (it is
    that number itself) or unchecked.
    """

    verdict: str
    p: float = np.nan
    ratio: float = np.nan
    alike: Sequence[str] = ()


@dataclass(frozen=True)
class RevenueForecast:
    """Series, forecasts and their record; frames are tidy, money in `series.currency`.

    `series.total` and `series.by_cohort`: what was bought. `coming`, a row a quantity, method and coming period:
    quantity, method, step, start, end, estimate, and the ends interval_80_lower, interval_80_upper,
    interval_95_lower, interval_95_upper; `coming_sums`: over all of them (`over_horizon`); `coming_cohorts`: cohort,
    quantity and estimate of the sum, by cohort. `evaluation`: the same from earlier origins beside what came, None
    where the data are too short. `left_out`: method, quantity and why (`LeftOut`). `tracking`: as the
    module of that name makes it,
    empty where BG/NBD cannot be fitted or customers pay in a `rhythm`, as by contract; it is fitted to the first
    `calibration` periods.
    """

    series: PurchaseSeries
    horizon: int
    coming: pd.DataFrame
    coming_sums: pd.DataFrame
    coming_cohorts: pd.DataFrame
    evaluation: Evaluation | None
    left_out: pd.DataFrame
    tracking: pd.DataFrame
    calibration: int
    cautions: tuple[Caution, ...] = ()
    rhythm: Rhythm | None = None

    @cached_property
    def scores(self) -> pd.DataFrame:
        """Error of each method (`Evaluation.scores`); empty without an evaluation."""
        return self.evaluation.scores() if self.evaluation else pd.DataFrame(columns=["quantity", "method"])

    @cached_property
    def coverage(self) -> pd.DataFrame:
        """How often intervals held what came (`Evaluation.coverage`); empty without an evaluation."""
        return self.evaluation.coverage() if self.evaluation else pd.DataFrame(columns=["quantity", "method"])

    @cached_property
    def record(self) -> "Record":
        """How the chosen method did before, of the revenue."""
        rows = self.scores[self.scores["quantity"] == LED]
        own = rows[rows["method"] == self.chosen]
        if own.empty or not np.isfinite(own["mase"].iloc[0]):
            return Record("unchecked")
        row = own.iloc[0]
        p, alike = float(row["p_value"]), rows.loc[rows["alike"], "method"].drop(own.index, errors="ignore").tolist()
        if self.chosen == METHODS[0]:
            return Record("naive", p, row["ratio"], alike)
        if not np.isfinite(p):
            return Record("untested", p, row["ratio"])
        return Record("shown" if p < TOLD else "not_shown", p, row["ratio"], alike)

    @property
    def held(self) -> pd.Series | None:
        """How often the 80 % intervals of single periods of the revenue held: the row of `coverage`, with `verdict`.

        The verdict is narrow where the interval of the share lies below the level, wide where above, else open.
        """
        rows = self.coverage[(self.coverage["quantity"] == LED) & (self.coverage["method"] == self.chosen)]
        rows = rows[(rows["of"] == "periods") & (rows["level"] == LEVELS[0])] if len(rows) else rows
        if rows.empty:
            return None
        row = rows.iloc[0]
        verdict = "narrow" if row["narrow"] else "wide" if row["ci_lower"] > row["level"] else "open"
        return pd.Series({**row, "verdict": verdict})

    @property
    def too_narrow(self) -> bool:
        """Whether intervals of the revenue by the chosen method are shown to hold less often than they say."""
        rows = self.coverage[(self.coverage["quantity"] == LED) & (self.coverage["method"] == self.chosen)]
        return bool(len(rows) and rows["narrow"].any())

    @cached_property
    def chosen(self) -> str:
        """The method to use: that of the lowest error of revenue before; without an evaluation the simplest."""
        made = set(self.coming_sums.loc[self.coming_sums["quantity"] == LED, "method"])
        if self.evaluation:
            scores = self.scores[(self.scores["quantity"] == LED) & self.scores["method"].isin(made)]
            if scores["mase"].notna().any():
                return str(scores.loc[scores["mase"].idxmin(), "method"])
        return min(made, key=METHODS.index)

    @cached_property
    def plan(self) -> pd.DataFrame:
        """What to plan with over the horizon, by quantity: method, estimate, the four ends, by_record.

        The ends are the wider ones: those of the method or, `by_record`, as far around the estimate as it was off
        before (`record_interval`).
        """
        rows = self.coming_sums[self.coming_sums["method"] == self.chosen].set_index("quantity").assign(by_record=False)
        if self.evaluation is None or self.evaluation.windows < LEAST_WINDOWS:
            return rows
        before = self.evaluation.sums[self.evaluation.sums["method"] == self.chosen]
        for quantity, row in rows.iterrows():
            part = before[before["quantity"] == quantity]
            if len(part):
                ends = record_interval(float(row["estimate"]), part, self.evaluation.windows)
                if ends[f"{WIDTH}_upper"] - ends[f"{WIDTH}_lower"] > row[f"{WIDTH}_upper"] - row[f"{WIDTH}_lower"]:
                    rows.loc[quantity, [*ends, "by_record"]] = [*ends.values(), True]
        return rows.astype({"by_record": bool})

    def period_table(self) -> pd.DataFrame:
        """The coming periods one by one by the chosen method: start, end, revenue, the ends of its 80 % interval,
        purchases, active."""
        rows = self.coming[self.coming["method"] == self.chosen]
        estimates = rows.pivot(index="step", columns="quantity", values="estimate")
        ends = [f"{WIDTH}_lower", f"{WIDTH}_upper"]
        table = rows[rows["quantity"] == LED].set_index("step")[["start", "end", *ends]].join(estimates)
        return table[[name for name in ("start", "end", LED, *ends, "purchases", "active") if name in table]]

    def cohort_table(self) -> pd.DataFrame:
        """One row a cohort: cohort, customers, purchases and revenue so far, coming_purchases and coming_revenue.

        What is to come is that of the coming periods by exponential smoothing of the cohort, missing without any.
        """
        rows = []
        for name, bought in self.series.cohorts().items():
            coming = self.coming_cohorts[self.coming_cohorts["cohort"] == name].set_index("quantity")["estimate"]
            sums = {what: bought[what].sum() for what in ("purchases", "revenue")}
            later = {f"coming_{what}": coming.get(what, np.nan) for what in ("purchases", "revenue")}
            rows.append({"cohort": name, "customers": bought["customer"].nunique(), **sums, **later})
        return pd.DataFrame(rows)

    def tracking_sums(self) -> pd.DataFrame:
        """Repeat purchases learned from and after it: learned, periods, expected, actual, off (%)."""
        parts = self.tracking.groupby("learned", sort=False)
        table = parts.agg(periods=("end", "size"), expected=("expected", "sum"), actual=("actual", "sum")).reset_index()
        return table.assign(off=100 * (table["expected"] / table["actual"].where(table["actual"] > 0) - 1))
