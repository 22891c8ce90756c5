"""What the value models say: estimates, which purchase model fits, values with intervals, forecasts and holdout."""

import pandas as pd

from crmresearch.segmentation.contract import Segmenter
from crmresearch.stories.customer_value.story import CustomerStory

SAME_AIC = 2  # models closer than that have about the same support (Burnham & Anderson 2002, section 2.6)
MOST_REPEATS = 7  # repeat purchases from which customers are pooled in the calibration table
SHOWN_DIGITS = {"p_alive": 2, "expected_purchases": 2, "expected_spend": 2, "value": 2}


def parameters(story: CustomerStory) -> pd.DataFrame:
    """Estimates of the purchase and the spend model with standard errors: model, parameter, estimate, se."""
    value = story.forecast.value
    rows = []
    for fit in (value.purchases, value.spend) if value else ():
        model = story.model_name(story.forecast.model if value and fit is value.purchases else "gamma_gamma")
        for name, estimate, error in zip(fit.parameters._fields, fit.parameters, fit.standard_errors, strict=True):
            rows.append({"model": model, "parameter": name, "estimate": estimate, "se": error})
    return pd.DataFrame(rows, columns=["model", "parameter", "estimate", "se"])


def calibration(story: CustomerStory) -> pd.DataFrame:
    """Expected and actual purchases in the holdout by repeat purchases before: repeat, customers, both means."""
    columns = ["repeat", "customers", "expected", "actual"]
    if story.forecast.frame is None:
        return pd.DataFrame(columns=columns)
    repeat = story.table.frame["repeat"].clip(upper=MOST_REPEATS)
    actual = story.table.frame["holdout_purchases"]
    both = pd.DataFrame({"expected": story.forecast.frame["expected_purchases"], "actual": actual})
    table = both.groupby(repeat).agg(
        customers=("actual", "size"), expected=("expected", "mean"), actual=("actual", "mean")
    )
    return table.rename_axis("repeat").reset_index()[columns]


def models_view(story: CustomerStory) -> pd.DataFrame:
    """The purchase models side by side for readers, with the error of the total in the holdout."""
    models = story.forecast.models
    view = models.rename(columns={"actual": "holdout", "parameters": "parameter_count"})
    off = (models["expected"] / models["actual"].where(models["actual"] > 0) - 1).astype(float)
    view = view.assign(model=[story.model_name(key) for key in models["model"]], off=100 * off)
    shown = ["model", "parameter_count", "log_likelihood", "aic", "expected", "holdout", "off", "absolute_error"]
    return view[shown]


def model_sentences(story: CustomerStory) -> list[str]:
    """Which purchase model fits the time before the cut-off best, and which foresaw the holdout best."""
    models = story.forecast.models
    if story.forecast.frame is None:
        return [story.say("customers.value_none")]
    told = [story.say("customers.value_rate", rate=story.forecast.rate, days=story.forecast.days)]
    if story.forecast.model == "bg_nbd":  # by its formula: a customer can only leave after a repeat purchase
        told.append(story.say("customers.value_alive"))
    if len(models) > 1:
        ordered = models.sort_values("aic", kind="stable")
        first, second = ordered.iloc[0], ordered.iloc[1]
        ahead = second.aic - first.aic
        key = "customers.value_fit" if ahead >= SAME_AIC else "customers.value_fit_same"
        told.append(
            story.say(key, model=story.model_name(first.model), ahead=ahead, second=story.model_name(second.model))
        )
        closest = models.sort_values("absolute_error", kind="stable").iloc[0]
        told.append(
            story.say(
                "customers.value_error",
                model=story.model_name(closest.model),
                error=closest.absolute_error,
                largest=models["absolute_error"].max(),
            )
        )
    return told


def interval_sentences(story: CustomerStory, intervals: pd.DataFrame, resamples: int) -> list[str]:
    """What a customer is worth, of all and in the segment worth most, with intervals."""
    values = intervals[intervals["quantity"] == "value"]
    if values.empty:
        return [story.say("customers.worth_unknown")] if story.forecast.value else []
    everyone, parts = values.iloc[0], values.iloc[1:]
    currency = story.transactions.codebook.currency
    bounds = {"lower": everyone.ci_lower, "upper": everyone.ci_upper}
    told = [story.say("customers.worth", value=everyone.estimate, currency=currency, resamples=resamples, **bounds)]
    if len(parts) > 1:
        ordered = parts.sort_values("estimate", ascending=False, kind="stable")
        best, least = ordered.iloc[0], ordered.iloc[-1]
        labels = _labels(story)
        told.append(
            story.say(
                "customers.worth_most",
                best=labels.get(best.group, best.group),
                value=best.estimate,
                lower=best.ci_lower,
                upper=best.ci_upper,
                least=labels.get(least.group, least.group),
                low=least.estimate,
            )
        )
    return told


def intervals_view(story: CustomerStory, intervals: pd.DataFrame) -> pd.DataFrame:
    """One row a segment: customers and each forecast with its interval, for readers."""
    labels = {**_labels(story), "all": story.say("customers.all")}
    rows = []
    for group, part in intervals.groupby("group", sort=False):
        row = {"segment": labels.get(str(group), str(group)), "customers": int(part["customers"].iloc[0])}
        for line in part.itertuples():
            d = SHOWN_DIGITS[line.quantity]
            row[line.quantity] = f"{line.estimate:,.{d}f}\u00a0({line.ci_lower:,.{d}f}–{line.ci_upper:,.{d}f})"
        rows.append(row)
    return pd.DataFrame(rows, columns=["segment", "customers", *SHOWN_DIGITS])


def told_by(story: CustomerStory, name: str) -> Segmenter | None:
    """The fitted method of this name, None where it was left out."""
    return next((method for method in story.methods if method.name == name), None)


def _labels(story: CustomerStory) -> dict[str, str]:
    method = told_by(story, "rfm_eight_mean")
    return {segment.key: story.text(segment.label) for segment in method.segments} if method else {}
