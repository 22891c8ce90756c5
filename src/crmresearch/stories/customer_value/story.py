"""What a company's transactions say about its customers, in sentences made from the results."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import pandas as pd

from crmresearch.caution import SMALL_NUMBER
from crmresearch.data.cohorts import pooled_retention
from crmresearch.data.customers import CustomerTable
from crmresearch.data.transactions.transactions import Transactions
from crmresearch.ranks import LEVEL, Floats
from crmresearch.report.show.paragraphs import Prose
from crmresearch.segmentation.contract import Segmenter
from crmresearch.segmentation.methods.abc_classes import gini, top_share
from crmresearch.segmentation.methods.rfm import RfmCells, recency_frequency
from crmresearch.segmentation.scoring.evaluation import Evaluation
from crmresearch.segmentation.scoring.managerial import targeting
from crmresearch.segmentation.tags import Tags
from crmresearch.stories.campaign import SegmentsStory
from crmresearch.stories.customer_value import TEXTS
from crmresearch.stories.margins import at_margins, margins_named
from crmresearch.stories.story import interval, verdict
from crmresearch.stories.targeting import targeting_sentences
from crmresearch.value.forecast import CustomerForecast, foreseen

TOP = 0.2  # the share of customers whose part of the spend is told
SAME_AIC = 2  # models closer than that have about the same support (Burnham & Anderson 2002, section 2.6)
EIGHT = "rfm_eight_mean"  # the classes whose value and purchases are shown


@dataclass(frozen=True)
class CustomerStory(SegmentsStory):
    """One company's customers at a cut-off date, told with what they did after it.

    `methods` and `left_out` are what `fit_methods` returned; `evaluation` holds the scores of the methods fitted.
    `contact_cost`: of contacting a customer, in the currency; the margin is that of the forecast. `tags` are those of
    the user's own rules, None without any. Sentences that read out one table stand with it in `tables` and `tags`.
    """

    texts = TEXTS

    transactions: Transactions
    table: CustomerTable
    forecast: CustomerForecast
    methods: Sequence[Segmenter]
    left_out: pd.DataFrame
    evaluation: Evaluation
    contact_cost: float = 0.0
    language: str = "en"
    tags: Tags | None = None

    def model_name(self, model: str) -> str:
        """Name of a purchase model for readers."""
        return self.say(f"value_model.{model}")

    @cached_property
    def customers(self) -> pd.DataFrame:
        """The customer table with the individual forecasts as columns."""
        return self.forecast.beside(self.table.frame)

    def segments(self, name: str) -> pd.Series:
        """The segment of every customer by one of the methods fitted."""
        return self.evaluation.segments[name]

    @property
    def sampled(self) -> list[str]:
        """That scores and intervals are of a part of the customers, where they are."""
        scored, customers = self.evaluation.scored, len(self.table.frame)
        if scored is None or scored == customers:
            return []
        return [self.say("customers.sampled", scored=scored, customers=customers, seed=self.evaluation.seed)]

    @property
    def spends(self) -> bool:
        """Whether there is spend to share out: customers bought for more than they returned, all of them together."""
        return float(self.table.frame["monetary_total"].sum()) > 0

    @cached_property
    def scores(self) -> pd.DataFrame:
        """The evaluator's scores, best R² of log spend first."""
        return self.evaluation.scores.sort_values("r2_log", ascending=False, kind="stable").reset_index(drop=True)

    @property
    def _rankable(self) -> pd.DataFrame:
        """The scores among which a best is named: without the forecasts of a value model that did not settle."""
        unsettled = self.forecast.model in self.forecast.unsettled
        return self.scores[self.scores.kind != "forecast"] if unsettled else self.scores

    def findings(self) -> list[str]:
        """Concentration, activity, what predicts best, and whether segments beat a naive number; headline first."""
        frame = self.table.frame
        facts = {"customers": len(frame), "active": float(frame["holdout_active"].mean()), "days": self.forecast.days}
        facts |= {"top": TOP, "share": top_share(frame["monetary_total"], TOP)} if self.spends else {}
        told = self.say("customers.headline" if self.spends else "customers.headline_no_spend", **facts)
        return [told, *self._best(), *self._forecast_total()]

    def _best(self) -> list[str]:
        """The best of each kind and the verdict between segments and single numbers; nothing where nobody differs."""
        scores = self._rankable
        kinds = [kind for kind in ("segmentation", "naive", "forecast") if (scores.kind == kind).any()]
        best = {kind: scores[scores.kind == kind].iloc[0] for kind in kinds}
        if chosen := self.evaluation.smallest_alike():
            best["segmentation"] = scores.set_index("method", drop=False).loc[chosen]
        if any(pd.isna(row.r2_log) for row in best.values()):  # the warnings say so
            return []
        told = []
        for kind, row in best.items():
            key = f"customers.best_{kind}" if row.r2_log_lower > 0 else "customers.best_nothing"
            facts = {"method": self.method_name(row.method), "k": int(row.k) if pd.notna(row.k) else 0}
            told.append(self.say(key, row, kind=self.say(f"customers.best_kind_{kind}"), **facts))
        lead = self._single_against(best["segmentation"].method) if "segmentation" in best else None
        if lead is None:
            return told
        number = f"customers.number_{verdict(lead.lower, lead.upper)}"
        told.append(self.say(number, lead, single=self.method_name(lead.method)))
        if (row := best["segmentation"]).r2_log_lower > 0:
            name = self.method_name(row.method)
            told.append(self.say("scale.money", method=name, spend=row.r2, **interval(row, "r2_")))
        return told

    def _single_against(self, segmentation: str) -> pd.Series | None:
        """The best single number, naive or forecast, against a segmentation; None where there is none to rank."""
        return self.evaluation.best_against(self._singles, segmentation) if self._singles else None

    @property
    def _singles(self) -> list[str]:
        return list(self._rankable.method[self._rankable.kind.isin(["naive", "forecast"])])

    @cached_property
    def lead(self) -> str:
        """The method whose advice the page follows: the one to act by where it has advice, else the RFM classes."""
        chosen = self.fitted(self.evaluation.smallest_alike() or "")
        return chosen.name if chosen and chosen.advice else EIGHT

    def advice(self) -> list[str]:
        """Whose advice the page follows, and which other methods would advise otherwise; nothing without any."""
        if self.fitted(self.lead) is None:
            return []
        others = [self.method_name(m.name) for m in self.methods if m.advice and m.name != self.lead]
        own = "advice" if self.lead == self.evaluation.smallest_alike() else "advice_lead"
        facts = {"lead": self.method_name(self.lead), "others": self.some(others)}
        return self.sentences("customers.follows_", own, bool(others) and "others", **facts)

    def follows(self) -> list[str]:
        """Which segments to act by, whose advice holds and which number ranks customers; or why nothing follows."""
        chosen = self.evaluation.smallest_alike()
        row = self.scores.set_index("method").loc[chosen] if chosen else None
        if row is None or not row.r2_log_lower > 0:
            return [self.say("customers.follows_nothing")]
        told = [self.say("customers.follows_segments", method=self.method_name(str(chosen)), k=int(row.k))]
        told += self.advice()
        lead = self._single_against(str(chosen))
        if lead is not None and (outcome := verdict(lead.lower, lead.upper)) != "loses":
            names = [self.method_name(method) for method in self.evaluation.alike(self._singles)]
            told.append(self.say(f"customers.follows_{outcome}", single=self.first_of(names)))
        return [*told, *(self.targeting_text()[:1] if len(self.targets) else [])]

    def _forecast_total(self) -> list[str]:
        if self.forecast.frame is None:
            return []
        expected, actual = self.forecast.frame["expected_purchases"].sum(), self.table.frame["holdout_purchases"].sum()
        name = self.model_name(self.forecast.model)
        return [self.say("customers.forecast", model=name, expected=float(expected), actual=float(actual))]

    def quality(self) -> list[str]:
        """What the data are, and which lines were left out."""
        codebook, table = self.transactions.codebook, self.table
        facts: dict[str, Any] = {"first": self.transactions.first_day, "cutoff": table.cutoff, "end": table.holdout_end}
        facts |= {"customers": len(table.frame), "currency": codebook.currency}
        only = self.transactions.customers() - self.transactions.buyers
        return [
            f"{self.text(codebook.title)}: {self.text(codebook.about)}",
            *self.sentences("customers.", "window", self.transactions.has_orders and "orders", **facts),
            *self.sentences("customers.", only > 0 and "only_returns", customers=only),
            *map(self.text, self.transactions.notes),
        ]

    def concentration(self) -> list[str]:
        """How unequal spend is."""
        frame, spend = self.table.frame, "concentration" if self.spends else "no_spend"
        facts = {"one": float((frame["frequency"] == 1).mean())}
        facts |= {"gini": gini(frame["monetary_total"])} if self.spends else {}
        return self.sentences("customers.", spend, "one_order" if self.transactions.has_orders else "one_time", **facts)

    def retention(self, cohorts: pd.DataFrame) -> list[str]:
        """How many come back in the first month, and in the last one that half of the customers have lived through."""
        pooled = pooled_retention(cohorts)
        after = pooled[pooled["months"] > 0]
        if after.empty:
            return [self.say("customers.retention_none")]
        first, last = after.iloc[0], after[after["of_all"] >= min(0.5, after["of_all"].max())].iloc[-1]
        told = [self.say("customers.retention_first", first)]
        return told + ([self.say("customers.retention_last", last)] if last["months"] > 1 else [])

    def worth_prose(self) -> Prose:
        """The paragraph that says what a value model tells of these customers."""
        if self.forecast.rhythm:
            return self.prose("worth_contract")
        if self.forecast.tells_dropout or self.forecast.value is None:
            return self.prose("worth")
        return self.prose("worth_waiting")

    def models(self) -> list[str]:
        """Which purchase model fits the time before the cut-off best, and which foresaw the holdout best."""
        forecast, models, margins = self.forecast, self.forecast.best, self.forecast.margin
        if forecast.frame is None:
            return [self.say("customers.value_none")]
        facts = {"rate": forecast.rate, "days": forecast.days, "margins": at_margins(margins, self.language)}
        told = self.sentences("customers.value_", "rate", not margins.whole and "margin", **facts)
        told += [] if margins.whole else margins_named(margins, self.language)
        # by its formula: a customer can only leave BG/NBD after a repeat purchase
        alive, unsettled = forecast.model == "bg_nbd" and "alive", [*map(self.model_name, forecast.unsettled)]
        leaving = "contract" if forecast.rhythm else alive if forecast.tells_dropout else "waiting"
        settled = bool(unsettled) and "unsettled"
        told += self.sentences("customers.value_", leaving, settled, models=self.listed(unsettled))
        if models["aic"].count() > 1:
            first, second = (row for _, row in models.nsmallest(2, "aic").iterrows())
            ahead = second.aic - first.aic
            key = "customers.value_fit" if ahead >= SAME_AIC else "customers.value_fit_same"
            names = {"model": self.model_name(first.model), "second": self.model_name(second.model)}
            told.append(self.say(key, ahead=ahead, **names))
        if len(models) > 1:
            closest, largest = models.loc[models["absolute_error"].idxmin()], models["absolute_error"].max()
            name = self.model_name(closest.model)
            told.append(self.say("customers.value_error", closest, model=name, largest=largest))
        return told

    def worth(self, intervals: pd.DataFrame, draws: Floats, resamples: int) -> list[str]:
        """What a customer is worth, of all and in the segments worth most and least: both of `value_intervals`."""
        values = intervals[intervals["quantity"] == "value"]
        if values.empty:
            return [self.say("customers.worth_unknown")] if self.forecast.value else []
        everyone, parts = values.iloc[0], values.iloc[1:]
        currency = self.transactions.codebook.currency
        told = [self.say("customers.worth", everyone, currency=currency, resamples=resamples)]
        if len(parts) > 1:
            labels, points = self.labels(EIGHT), parts["estimate"].to_numpy(dtype=float)
            names = [labels.get(key, key) for key in parts["group"]]
            told.append(self.say("customers.worth_ends", ends=self.ends(names, points, draws[1:], LEVEL)))
        return [*told, *self._spent_as_foreseen(intervals), *self.sampled]

    def _spent_as_foreseen(self, intervals: pd.DataFrame) -> list[str]:
        """In how many segments what was spent lies in the interval of the outcome, and which was furthest off."""
        if (found := foreseen(intervals)) is None:
            return []
        facts = {"inside": found.inside, "segments": found.segments}
        if (worst := found.worst) is None:
            return [self.say("customers.spend_foreseen", **facts)]
        name = self.labels(EIGHT).get(worst.group, worst.group)
        told = [self.say("customers.spend_missed", worst, worst=name, **facts)]
        return told + self.sentences("customers.", found.wrong and "spend_wrong")

    @cached_property
    def cells(self) -> pd.DataFrame:
        """`recency_frequency` of the RFM cells; no row where they could not be learned."""
        method = self.fitted("rfm_cells")
        if not isinstance(method, RfmCells):
            return pd.DataFrame(columns=["recency_score", "frequency_score", "customers", "spend_after"])
        return recency_frequency(method.scores(self.customers), self.table.frame["holdout_spend"])

    def best_cell(self) -> list[str]:
        """The cell of recency and frequency scores that spent most a customer."""
        cells = self.cells[self.cells["customers"] >= SMALL_NUMBER]  # a mean of a handful is no finding
        if not cells["spend_after"].max() > cells["spend_after"].min():  # none, one, or all alike: no best
            return []
        return [self.say("customers.cells", cells.loc[cells["spend_after"].idxmax()])]

    @cached_property
    def differences(self) -> pd.DataFrame:
        """Differences of all methods to the reference in R² of log spend, with intervals for all at once."""
        others = [name for name in self.scores.method if name != self.evaluation.reference]
        return self.evaluation.simultaneous(others, self.evaluation.reference)

    def comparison(self) -> list[str]:
        """Which segmentations differ from the reference beyond the uncertainty, and how far capture goes."""
        ours = self.scores.loc[self.scores.kind == "segmentation", "method"]
        view = self.differences[self.differences.method.isin(ours)].dropna()
        reference, told = self.method_name(self.evaluation.reference), self.sampled
        for side, key in (("wins", "customers.better_than"), ("loses", "customers.worse_than")):
            names = [self.method_name(row.method) for row in view.itertuples() if verdict(row.lower, row.upper) == side]
            if names:
                told.append(self.say(key, methods=self.listed(names), reference=reference))
        chosen = self.evaluation.smallest_alike()
        for best in self.scores[self.scores.method == chosen].dropna(subset=["capture"]).itertuples():
            told.append(self.say("customers.capture", best, method=self.method_name(best.method)))
        return told

    @cached_property
    def targets(self) -> pd.DataFrame:
        """Profit of contacting the customers who pay by each method: `targeting`; no row where contacts are free."""
        if self.contact_cost == 0:
            return pd.DataFrame()
        money = self.forecast.margin, self.contact_cost
        return targeting(self.evaluation, self.table.frame["holdout_spend"], *money, TOP)

    def targeting_text(self) -> list[str]:
        """Whether targeting by the segmentation to use pays against contacting everybody, where a contact costs."""
        chosen = self.evaluation.smallest_alike()
        if self.targets.empty or chosen is None:
            return [] if chosen is None else [self.say("targeting.free")]
        row = self.targets.set_index("method").loc[chosen]
        money = self.forecast.margin, self.contact_cost, self.transactions.codebook.currency
        return targeting_sentences(row, *money, self.method_name(chosen), self.language)

    def limits(self) -> list[str]:
        """What these results cannot say."""
        about = self.text(self.transactions.codebook.about)
        return self.sentences("customers.limit_", "uplift", "advice", "company", "segments", about=about)

    def method_notes(self) -> list[str]:
        """How the results were made, a sentence a step, with the numbers in use."""
        numbers = {"folds": self.evaluation.folds, "resamples": self.evaluation.resamples, "rate": self.forecast.rate}
        facts = {"cutoff": self.table.cutoff, "end": self.table.holdout_end, "days": self.forecast.days, **numbers}
        windows = "windows_orders" if self.transactions.has_orders else "windows"
        contract = ["contract"] if self.forecast.rhythm else []
        modelled = ["models", "value", *contract] if self.forecast.value else []
        steps = [windows, "learning", "sources", "scores", "intervals", *modelled]
        return [self.say(f"customer_method.{step}", **facts) for step in steps]
