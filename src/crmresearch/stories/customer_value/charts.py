"""The figures of a customer report: Lorenz curve, recency × frequency, scores, forecast against holdout, retention."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.figure import Figure

from crmresearch.segmentation.methods.abc_classes import gini, lorenz_curve
from crmresearch.stories.customer_value.story import CustomerStory

INK, ACCENT, QUIET, WARM = "#1f2933", "#1f5f8b", "#8a949e", "#b26a00"
KIND_COLOURS = {"segmentation": ACCENT, "forecast": WARM, "learner": WARM, "naive": QUIET, "none": QUIET}


def plot_lorenz(story: CustomerStory) -> Figure:
    """Cumulated share of spend against cumulated share of customers, before and after the cut-off."""
    figure, axes = plt.subplots(figsize=(5.2, 4.6), layout="constrained")
    for column, colour, key in (("monetary_total", ACCENT, "before"), ("holdout_spend", WARM, "after")):
        values = story.table.frame[column]
        if not values.sum() > 0:  # nothing to share
            continue
        curve = lorenz_curve(values)
        name = story.say(f"chart.{key}", gini=gini(values))
        axes.plot(curve["customers"], curve["value"], color=colour, linewidth=2, label=name)
    axes.plot([0, 1], [0, 1], color=INK, linewidth=0.8, linestyle="--")
    axes.set(xlabel=story.say("chart.share_customers"), ylabel=story.say("chart.share_spend"), xlim=(0, 1), ylim=(0, 1))
    axes.legend(frameon=False, loc="upper left")
    axes.spines[["top", "right"]].set_visible(False)
    return figure


def plot_recency_frequency(story: CustomerStory) -> Figure:
    """Mean holdout spend of customers by recency and frequency score, with how many they are."""
    cells = story.cells
    mean = cells.pivot_table(index="frequency_score", columns="recency_score", values="spend_after")
    mean = mean.sort_index(ascending=False)
    size = cells.pivot_table(index="frequency_score", columns="recency_score", values="customers").reindex_like(mean)
    texts = [[f"{m:,.0f}\n({int(n):,})" if n == n else "" for m, n in zip(*row, strict=True)]
             for row in zip(mean.to_numpy(), size.to_numpy(), strict=True)]  # fmt: skip
    figure, axes = plt.subplots(figsize=(6.4, 0.75 * len(mean) + 1.5), layout="constrained")
    sns.heatmap(mean, annot=np.array(texts), fmt="", cmap="Blues", ax=axes, annot_kws={"fontsize": 8.5},
                cbar_kws={"label": story.say("chart.mean_spend")})  # fmt: skip
    axes.set(xlabel=story.say("chart.recency_score"), ylabel=story.say("chart.frequency_score"))
    return figure


def plot_scores(story: CustomerStory) -> Figure:
    """R² of log holdout spend of every method with its interval, best on top, coloured by kind."""
    scores = story.scores
    figure, axes = plt.subplots(figsize=(7.2, 0.9 + 0.3 * len(scores)), layout="constrained")
    height = np.arange(len(scores))
    shown: set[str] = set()
    for y, row in zip(height, scores.itertuples(), strict=True):
        group = {"learner": "forecast", "none": "naive"}.get(row.kind, row.kind)
        label = None if group in shown else story.say(f"kind.{group}")
        shown.add(group)
        axes.hlines(y, row.r2_log_lower, row.r2_log_upper, color=KIND_COLOURS[row.kind], linewidth=1.8)
        axes.plot(row.r2_log, y, "o", color=KIND_COLOURS[row.kind], markersize=5.5, label=label)
    axes.set_yticks(height, [story.method_name(key) for key in scores.method])
    axes.set_ylim(len(scores) - 0.4, -0.6)
    axes.set_xlabel(story.say("chart.r2"))
    axes.legend(frameon=False, loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=3, fontsize=9)
    axes.grid(axis="x", color="#e4e7eb", linewidth=0.8)
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.tick_params(axis="y", length=0)
    return figure


def plot_calibration(story: CustomerStory) -> Figure:
    """Expected and actual purchases in the holdout by repeat purchases before the cut-off."""
    table = story.forecast.calibration(story.table.frame)
    figure, axes = plt.subplots(figsize=(6.4, 3.6), layout="constrained")
    labels = [str(repeat) if repeat < table.repeat.max() else f"{repeat}+" for repeat in table.repeat]
    position = np.arange(len(table))
    axes.plot(position, table.actual, "o-", color=INK, label=story.say("chart.actual"))
    axes.plot(position, table.expected, "s--", color=WARM, label=story.say("chart.expected"))
    axes.set_xticks(position, labels)
    axes.set(xlabel=story.say("chart.repeats"), ylabel=story.say("chart.purchases"))
    axes.legend(frameon=False)
    axes.spines[["top", "right"]].set_visible(False)
    return figure


def plot_retention(story: CustomerStory, cohorts: pd.DataFrame) -> Figure:
    """Share of each monthly cohort that buys in the months after."""
    after = cohorts[cohorts.months > 0]
    square = after.pivot_table(index="cohort", columns="months", values="share")
    few = square.shape[1] <= 20
    figure, axes = plt.subplots(figsize=(8.4, 0.45 * len(square) + 1.4), layout="constrained")
    sns.heatmap(100 * square, annot=few, fmt=".0f", cmap="Blues", ax=axes, annot_kws={"fontsize": 8},
                cbar_kws={"label": story.say("chart.retention")})  # fmt: skip
    axes.set(xlabel=story.say("chart.months"), ylabel=story.say("chart.cohort"))
    axes.tick_params(axis="y", rotation=0)
    return figure
