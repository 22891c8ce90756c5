"""The tables of parameter recovery: shares as percentages with the Monte-Carlo error behind them."""

import numpy as np
import pandas as pd

from crmresearch.stories.parameter_recovery.story import ParameterRecoveryStory

RATES = ("coverage", "target_coverage", "type_one", "power")


def _rate(story: ParameterRecoveryStory, table: pd.DataFrame, name: str) -> list[str]:
    """A column of shares with their error; a dash where there is none."""
    told = zip(table[name], table[f"{name}_error"], strict=True)
    return [story.say("rate.share", share=s, error=e) if np.isfinite(s) else story.say("rate.none") for s, e in told]


def pooled(story: ParameterRecoveryStory, moderations: bool = False) -> pd.DataFrame:
    """Rates of all paths, or all moderations, together: a row a population, sample size and estimator."""
    table = story.recovery.pooled(moderations)
    kept = [name for name in RATES if table[name].notna().any()]
    shown = table.assign(**{name: _rate(story, table, name) for name in kept})
    return story.named(shown, scenario="scenario", estimator="word")[["scenario", "n", "estimator", "bias", *kept]]


def paths(story: ParameterRecoveryStory) -> pd.DataFrame:
    """Every path in the largest samples from a population of factors: a row a path and estimator."""
    table = story.recovery.rates[story.recovery.rates["n"] == story.recovery.sizes[-1]].query("scenario == 'factors'")
    rates = {name: _rate(story, table, name) for name in ("coverage", "rejected")}
    shown = story.named(table, outcome=story.label, predictor=story.label, estimator="word").assign(**rates)
    return shown[["outcome", "predictor", "estimator", "true", "target", "bias", "sd", "coverage", "rejected"]]


def power(story: ParameterRecoveryStory) -> pd.DataFrame:
    """Power by size of the true path, of 0 the type I error: a row an estimator and size, a column a sample size."""
    table = story.recovery.power.query("scenario == 'factors'")
    table = story.named(table.assign(rate=_rate(story, table, "rejected")), estimator="word")
    wide = table.pivot(index=["estimator", "size"], columns="n", values="rate").loc[list(table["estimator"].unique())]
    return wide.fillna(story.say("rate.none")).rename(columns=lambda n: f"n = {n:,}").reset_index()


def segments(story: ParameterRecoveryStory) -> pd.DataFrame:
    """Paths to satisfaction in every planted segment by PLSc, against the truth."""
    table = story.groups.paths.query("estimator == 'plsc'")
    table = table[table["outcome"] == story.truth.specification.theory.satisfaction]
    shown = story.named(table, group=story.group, predictor=story.label, covered="covered")
    shown = shown.sort_values(["predictor", "group"], kind="stable", ignore_index=True)
    return shown[["predictor", "group", "respondents", "true", "estimate", "ci_lower", "ci_upper", "covered"]]


def differences(story: ParameterRecoveryStory) -> pd.DataFrame:
    """Differences between segments by PLSc that were planted or claimed: a row a path and two segments."""
    table = story.groups.differences.query("estimator == 'plsc' and (abs(true) >= 0.005 or told)")
    words = ["right" if row.right else "wrong" if row.told else "missed" for row in table.itertuples()]
    names = {"outcome": story.label, "predictor": story.label, "group": story.group, "other": story.group}
    shown = story.named(table.assign(verdict=words), verdict="told", **names)
    return shown[["outcome", "predictor", "group", "other", "true", "difference", "ci_lower", "ci_upper", "verdict"]]
