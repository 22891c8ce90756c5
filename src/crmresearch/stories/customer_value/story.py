"""What a company's transactions say about its customers, in sentences and tables made from the results."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import ibis
import pandas as pd

from crmresearch.data.cohorts import pooled_retention
from crmresearch.data.customers import CustomerTable
from crmresearch.data.transactions.transactions import Transactions
from crmresearch.segmentation.contract import Segmenter
from crmresearch.segmentation.methods.abc_classes import gini
from crmresearch.segmentation.scoring.evaluation import Evaluation
from crmresearch.stories.customer_value import TEXTS
from crmresearch.stories.story import Story, caution_table
from crmresearch.value.forecast import CustomerForecast

TOP = 0.2  # the share of customers whose part of the spend is told
FORECAST_COLUMNS = ("p_alive", "expected_value")  # of the customer table, where there is a forecast
MOST_NAMED = 5  # segments of one method that a warning names


@dataclass(frozen=True)
class CustomerStory(Story):
    """One company's customers at a cut-off date, told with what they did after it.

    `methods` and `left_out` are what `fit_methods` returned; `evaluation` holds the scores of the methods fitted.
    """

    texts = TEXTS

    transactions: Transactions
    table: CustomerTable
    forecast: CustomerForecast
    methods: Sequence[Segmenter]
    left_out: pd.DataFrame
    evaluation: Evaluation
    language: str = "en"

    def method_name(self, key: str) -> str:
        """Name of a row of the evaluation for readers."""
        known = TEXTS.catalogue("en")
        return self.say(f"method.{key}") if f"method.{key}" in known else key.replace("_", " ")

    @cached_property
    def scores(self) -> pd.DataFrame:
        """The evaluator's scores, best R² of log spend first."""
        return self.evaluation.scores.sort_values("r2_log", ascending=False, kind="stable").reset_index(drop=True)

    def findings(self) -> list[str]:
        """Concentration, activity, what predicts best, and whether segments beat a naive number; headline first."""
        frame = self.table.frame
        spend = frame["monetary_total"].clip(lower=0).sort_values(ascending=False)
        active = {"customers": len(frame), "active": float(frame["holdout_active"].mean()), "days": self.forecast.days}
        if spend.sum() > 0:
            top = float(spend.iloc[: max(1, round(TOP * len(spend)))].sum() / spend.sum())
            told = [self.say("customers.headline", top=TOP, share=top, **active)]
        else:
            told = [self.say("customers.headline_no_spend", **active)]
        return [*told, *self._best(), *self._forecast_total()]

    def _best(self) -> list[str]:
        """The best of each kind and the verdict between segments and single numbers; nothing where nobody differs."""
        kinds = [kind for kind in ("segmentation", "naive", "forecast") if (self.scores.kind == kind).any()]
        best = {kind: self.scores[self.scores.kind == kind].iloc[0] for kind in kinds}
        if any(pd.isna(row.r2_log) for row in best.values()):  # the warnings say so
            return []
        told = []
        for kind, row in best.items():
            facts = {"r2": row.r2_log, "lower": row.r2_log_lower, "upper": row.r2_log_upper}
            facts |= {"method": self.method_name(row.method), "k": int(row.k) if pd.notna(row.k) else 0}
            key = f"customers.best_{kind}" if row.r2_log_lower > 0 else "customers.best_nothing"
            told.append(self.say(key, kind=self.say(f"customers.best_kind_{kind}"), **facts))
        if "segmentation" not in best:
            return told
        single = max((row for kind, row in best.items() if kind != "segmentation"), key=lambda row: row.r2_log)
        differences = self.evaluation.against(single.method).query("metric == 'r2_log'").set_index("method")
        paired = differences.loc[best["segmentation"].method]
        verdict = "segments_win" if paired.lower > 0 else "segments_lose" if paired.upper < 0 else "segments_tie"
        facts = {"difference": paired.difference, "lower": paired.lower, "upper": paired.upper}
        return [*told, self.say(f"customers.{verdict}", single=self.method_name(single.method), **facts)]

    def _forecast_total(self) -> list[str]:
        if self.forecast.frame is None:
            return []
        expected = float(self.forecast.frame["expected_purchases"].sum())
        actual = float(self.table.frame["holdout_purchases"].sum())
        name = self.model_name(self.forecast.model)
        return [self.say("customers.forecast", model=name, expected=expected, actual=actual)]

    def quality(self) -> list[str]:
        """What the data are, and which lines were left out."""
        codebook, table = self.transactions.codebook, self.table
        best = self.transactions.table.group_by("customer").agg(best=ibis._.amount.max())
        only_returns = int(best.filter(best.best < 0).count().execute())
        return [
            f"{self.text(codebook.title)}: {self.text(codebook.about)}",
            self.say(
                "customers.window",
                first=self.transactions.first_day,
                cutoff=table.cutoff,
                end=table.holdout_end,
                customers=len(table.frame),
                currency=codebook.currency,
            ),
            *([self.say("customers.only_returns", customers=only_returns)] if only_returns else []),
            *map(self.text, self.transactions.notes),
        ]

    def concentration(self) -> list[str]:
        """How unequal spend is."""
        frame = self.table.frame
        one = self.say("customers.one_time", one=float((frame["frequency"] == 1).mean()))
        if not frame["monetary_total"].max() > 0:
            return [self.say("customers.no_spend"), one]
        return [self.say("customers.concentration", gini=gini(frame["monetary_total"])), one]

    def retention(self, cohorts: pd.DataFrame) -> list[str]:
        """How many come back in the first month, and in the last one that half of the customers have lived through."""
        pooled = pooled_retention(cohorts)
        after = pooled[pooled["months"] > 0]
        if after.empty:
            return [self.say("customers.retention_none")]
        first, last = after.iloc[0], after[after["of_all"] >= min(0.5, after["of_all"].max())].iloc[-1]
        told = [self.say("customers.retention_first", share=first["share"], customers=int(first["customers"]))]
        if last["months"] > 1:
            facts = {"months": int(last["months"]), "share": last["share"], "customers": int(last["customers"])}
            told.append(self.say("customers.retention_last", **facts))
        return told

    @cached_property
    def customers(self) -> pd.DataFrame:
        """The customer table with the individual forecasts as columns."""
        return self.forecast.beside(self.table.frame)

    def model_name(self, model: str) -> str:
        """Name of a purchase model for readers."""
        return self.say(f"value_model.{model}")

    def scores_view(self) -> pd.DataFrame:
        """The scores for readers: kind, method, k, coverage, smallest share, R², AUC, Gini, capture."""
        shown = ["kind", "method", "k", "coverage", "smallest_share", "r2_log", "r2_log_lower", "r2_log_upper", "auc"]
        view = self.scores[[*shown, "gini", "capture"]].rename(columns={"r2_log": "r2"})
        view["kind"] = [self.say(f"kind.{kind}") for kind in view.kind]
        view["method"] = [self.method_name(key) for key in view.method]
        view["k"] = [int(k) if pd.notna(k) else None for k in view.k]
        return view

    def comparison(self) -> list[str]:
        """Which segmentations differ from the reference beyond the uncertainty, and how far capture goes."""
        view = self.evaluation.differences.query("metric == 'r2_log'").dropna()
        ours = self.scores.loc[self.scores.kind == "segmentation", "method"]
        view = view[view.method.isin(ours)]
        told = []
        sides = {"customers.better_than": view[view.lower > 0], "customers.worse_than": view[view.upper < 0]}
        for key, part in sides.items():
            if len(part):
                names = self.listed([self.method_name(name) for name in part.method])
                reference = self.method_name(self.evaluation.reference)
                told.append(self.say(key, methods=names, reference=reference))
        captured = self.scores.dropna(subset=["capture"]).sort_values("capture", ascending=False, kind="stable")
        if len(captured):
            best = captured.iloc[0]
            told.append(
                self.say(
                    "customers.capture",
                    method=self.method_name(best.method),
                    share=best.capture,
                    lower=best.capture_lower,
                    upper=best.capture_upper,
                )
            )
        return told

    def differences_view(self) -> pd.DataFrame:
        """Paired differences in R² of log spend to the reference, for readers."""
        view = self.evaluation.differences.query("metric == 'r2_log'")
        names = [self.method_name(key) for key in view.method]
        interval = view[["difference", "lower", "upper"]].set_axis(["difference", "ci_lower", "ci_upper"], axis=1)
        return interval.assign(method=names)[["method", "difference", "ci_lower", "ci_upper"]].reset_index(drop=True)

    def warnings(self) -> pd.DataFrame:
        """All warnings of the evaluator and of the value models: code, severity, quantity, message; gravest first."""
        rows = []
        small = self.evaluation.warnings
        labels = {(m.name, segment.key): self.text(segment.label) for m in self.methods for segment in m.segments}
        for (code, severity, method), part in small.groupby(["code", "severity", "method"], dropna=False, sort=False):
            named = [
                f"{labels.get((method, row.segment), row.segment)} ({row.customers:,.0f})"
                for row in part.itertuples()
                if isinstance(row.segment, str)
            ]
            if len(named) > MOST_NAMED:
                named = [
                    *named[: MOST_NAMED - 1],
                    self.say("customers.more_segments", count=len(named) - MOST_NAMED + 1),
                ]
            message = self.say(f"customer_caution.{code}", segments=self.listed(named or ["–"]), count=len(part))
            quantity = self.method_name(method) if isinstance(method, str) else ""
            rows.append((code, severity, quantity, message))
        for caution in self.forecast.value.cautions if self.forecast.value else ():
            message = self.say(f"value_caution.{caution.code}", parameter=caution.quantity, **caution.facts)
            rows.append((caution.code, caution.severity, caution.quantity, message))
        for row in self.left_out.itertuples():
            lacks_forecast = self.forecast.frame is None and any(name in row.reason for name in FORECAST_COLUMNS)
            key = "customers.needs_forecast" if lacks_forecast else "customers.left_out"
            message = self.say(key, reason=row.reason)
            rows.append(("method_left_out", "weak", self.method_name(row.method), message))
        for row in self.forecast.failures.itertuples():
            key = "customers.no_forecast" if row.model == self.forecast.model else "customers.no_model"
            message = self.say(key, reason=row.reason)
            rows.append((key.removeprefix("customers."), "weak", self.model_name(row.model), message))
        return caution_table(rows)

    def limits(self) -> list[str]:
        """What these results cannot say."""
        about = self.text(self.transactions.codebook.about)
        return [
            self.say("customers.limit_uplift"),
            self.say("customers.limit_advice"),
            self.say("customers.limit_company", about=about),
            self.say("customers.limit_segments"),
        ]

    def method_notes(self) -> list[str]:
        """How the results were made, a sentence a step, with the numbers in use."""
        evaluation, forecast = self.evaluation, self.forecast
        facts: dict[str, object] = {"cutoff": self.table.cutoff, "end": self.table.holdout_end, "days": forecast.days}
        facts |= {"folds": evaluation.folds, "resamples": evaluation.resamples, "rate": forecast.rate}
        steps = ["windows", "learning", "scores", "intervals", *(["value"] if forecast.value else [])]
        return [self.say(f"customer_method.{step}", **facts) for step in steps]

    def glossary(self) -> list[str]:
        """The terms of the report, each with what it means, in the order of the alphabet."""
        return sorted(self.say(key) for key in TEXTS.catalogue("en") if key.startswith("customer_term."))
