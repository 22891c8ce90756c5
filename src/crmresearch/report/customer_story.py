"""What a company's transactions say about its customers, in sentences and tables made from the results."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import pandas as pd

from crmresearch.data.customers import CustomerTable
from crmresearch.data.transactions import Transactions
from crmresearch.phrases import catalogue, listed, say
from crmresearch.segmentation.abc_classes import gini
from crmresearch.segmentation.clv import CustomerValue
from crmresearch.segmentation.contract import Segmenter
from crmresearch.segmentation.evaluate import Evaluation

TOP = 0.2  # the share of customers whose part of the spend is told
MOST_REPEATS = 7  # repeat purchases from which customers are pooled in the calibration table
SEVERITIES = ["inadmissible", "unidentified", "weak", "note"]


def with_forecast(customers: pd.DataFrame, forecast: pd.DataFrame) -> pd.DataFrame:
    """The customer table with the forecast of `CustomerValue` as columns expected_value and expected_purchases."""
    return customers.assign(expected_value=forecast["value"], expected_purchases=forecast["expected_purchases"])


@dataclass(frozen=True)
class CustomerStory:
    """One company's customers at a cut-off date, told with what they did after it.

    `methods` are the fitted segmenters of `evaluation`; `forecast` is `CustomerValue.forecast` over the holdout.
    """

    transactions: Transactions
    table: CustomerTable
    methods: Sequence[Segmenter]
    value: CustomerValue
    forecast: pd.DataFrame
    evaluation: Evaluation
    language: str = "en"

    def say(self, key: str, **facts: object) -> str:
        """A sentence of `crmresearch.phrases` in the language of the story."""
        return say(key, self.language, **facts)

    def text(self, texts: dict[str, str]) -> str:
        """A text of a codebook or a method in the language of the story."""
        return texts.get(self.language, texts["en"])

    def method_name(self, key: str) -> str:
        """Name of a row of the evaluation for readers."""
        known = catalogue("en")
        return self.say(f"method.{key}") if f"method.{key}" in known else key.replace("_", " ")

    @cached_property
    def scores(self) -> pd.DataFrame:
        """The evaluator's scores, best R² of log spend first."""
        return self.evaluation.scores.sort_values("r2_log", ascending=False, kind="stable").reset_index(drop=True)

    @property
    def horizon_days(self) -> int:
        """Days of the holdout."""
        assert self.table.holdout_end is not None
        return (self.table.holdout_end - self.table.cutoff).days

    @property
    def headings(self) -> dict[str, str]:
        """Column headings of the reader's tables."""
        columns = [key for key in catalogue("en") if key.startswith("column.")]
        return {key.removeprefix("column."): self.say(key) for key in columns}

    def findings(self) -> list[str]:
        """Concentration, activity, what predicts best, and whether segments beat a naive number; headline first."""
        frame = self.table.frame
        spend = frame["monetary_total"].clip(lower=0).sort_values(ascending=False)
        top = float(spend.iloc[: max(1, round(TOP * len(spend)))].sum() / spend.sum())
        best = {kind: self.scores[self.scores.kind == kind].iloc[0] for kind in ("segmentation", "naive", "forecast")}
        told = [
            self.say(
                "customers.headline",
                customers=len(frame),
                top=TOP,
                share=top,
                active=float(frame["holdout_active"].mean()),
                days=self.horizon_days,
            )
        ]
        if any(pd.isna(row.r2_log) for row in best.values()):  # nobody differs: the warnings say so
            return [*told, *self._forecast_total()]
        for kind, row in best.items():
            told.append(
                self.say(
                    f"customers.best_{kind}",
                    method=self.method_name(row.method),
                    r2=row.r2_log,
                    lower=row.r2_log_lower,
                    upper=row.r2_log_upper,
                    k=int(row.k) if pd.notna(row.k) else 0,
                )
            )
        single = max((best["naive"], best["forecast"]), key=lambda row: row.r2_log)
        segments = best["segmentation"]
        if segments.r2_log_lower > single.r2_log:
            verdict = "segments_win"
        else:
            verdict = "segments_lose" if single.r2_log_lower > segments.r2_log else "segments_tie"
        told.append(self.say(f"customers.{verdict}"))
        return [*told, *self._forecast_total()]

    def _forecast_total(self) -> list[str]:
        expected = float(self.forecast["expected_purchases"].sum())
        actual = float(self.table.frame["holdout_purchases"].sum())
        return [self.say("customers.forecast", expected=expected, actual=actual)]

    def quality(self) -> list[str]:
        """What the data are, and which lines were left out."""
        codebook, table = self.transactions.codebook, self.table
        return [
            f"{self.text(codebook.title)}: {self.text(codebook.about)}",
            self.say(
                "customers.window",
                first=self.transactions.first_day,
                cutoff=table.cutoff,
                end=table.holdout_end,
                customers=len(table.frame),
            ),
            *self.transactions.notes,
        ]

    def concentration(self) -> list[str]:
        """How unequal spend is."""
        frame = self.table.frame
        one = float((frame["frequency"] == 1).mean())
        return [self.say("customers.concentration", gini=gini(frame["monetary_total"]), one=one)]

    @cached_property
    def customers(self) -> pd.DataFrame:
        """The customer table with the individual forecasts as columns expected_value and expected_purchases."""
        return with_forecast(self.table.frame, self.forecast)

    def segment_table(self, method: Segmenter) -> pd.DataFrame:
        """Segments of one method: label, customers, share, spend before and after, active after, what to do."""
        segments = method.predict(self.customers)
        frame = self.table.frame.assign(segment=segments)
        grouped = frame.groupby("segment", observed=False)
        strategies = catalogue("en")
        rows = []
        for segment in method.segments:
            part = grouped.get_group(segment.key) if (segments == segment.key).any() else frame.iloc[:0]
            key = f"strategy.{segment.key}"
            rows.append(
                {
                    "segment": self.text(segment.label),
                    "customers": len(part),
                    "share": len(part) / len(frame),
                    "spend_before": part["monetary_total"].mean(),
                    "spend_after": part["holdout_spend"].mean(),
                    "active_after": part["holdout_active"].mean(),
                    "strategy": self.say(key) if key in strategies else "–",
                }
            )
        return pd.DataFrame(rows)

    def calibration(self) -> pd.DataFrame:
        """Expected and actual purchases in the holdout by repeat purchases before: repeat, customers, both means."""
        repeat = self.table.frame["repeat"].clip(upper=MOST_REPEATS)
        both = pd.DataFrame(
            {"expected": self.forecast["expected_purchases"], "actual": self.table.frame["holdout_purchases"]}
        )
        table = both.groupby(repeat).agg(
            customers=("actual", "size"), expected=("expected", "mean"), actual=("actual", "mean")
        )
        return table.rename_axis("repeat").reset_index()

    def parameters(self) -> pd.DataFrame:
        """Estimates of the purchase and the spend model with standard errors."""
        rows = []
        for fit in (self.value.purchases, self.value.spend):
            model = type(fit).__name__.removesuffix("Fit")
            for name, estimate, error in zip(fit.parameters._fields, fit.parameters, fit.standard_errors, strict=True):
                rows.append({"model": model, "parameter": name, "estimate": estimate, "se": error})
        return pd.DataFrame(rows)

    def scores_view(self) -> pd.DataFrame:
        """The scores for readers: kind, method, k, coverage, smallest share, R², AUC, Gini, capture."""
        shown = ["kind", "method", "k", "coverage", "smallest_share", "r2_log", "r2_log_lower", "r2_log_upper", "auc"]
        view = self.scores[[*shown, "gini", "capture"]].rename(columns={"r2_log": "r2"})
        view["kind"] = [self.say(f"kind.{kind}") for kind in view.kind]
        view["method"] = [self.method_name(key) for key in view.method]
        view["k"] = [int(k) if pd.notna(k) else None for k in view.k]
        return view

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
        labels = {
            (m.name, segment.key): self.text(segment.label).lower() for m in self.methods for segment in m.segments
        }
        for (code, severity, method), part in small.groupby(["code", "severity", "method"], dropna=False, sort=False):
            named = [
                f"{labels.get((method, row.segment), row.segment)} ({row.customers:,.0f})"
                for row in part.itertuples()
                if isinstance(row.segment, str)
            ]
            message = self.say(
                f"customer_caution.{code}", segments=listed(named or ["–"], self.language), count=len(part)
            )
            quantity = self.method_name(method) if isinstance(method, str) else ""
            rows.append((code, severity, quantity, message))
        for flag in self.value.warnings:
            message = self.say(f"value_caution.{flag.code}", parameter=flag.quantity, **flag.facts)
            rows.append((flag.code, flag.severity, flag.quantity, message))
        rows.sort(key=lambda row: SEVERITIES.index(row[1]))
        return pd.DataFrame(rows, columns=["code", "severity", "quantity", "message"])

    def limits(self) -> list[str]:
        """What these results cannot say."""
        about = self.text(self.transactions.codebook.about)
        return [
            self.say("customers.limit_uplift"),
            self.say("customers.limit_company", about=about),
            self.say("customers.limit_segments"),
        ]
