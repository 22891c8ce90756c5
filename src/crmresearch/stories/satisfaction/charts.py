"""The figures of a satisfaction report: model picture, forest of paths, index of every construct."""

from collections.abc import Callable, Mapping
from typing import Any

import pandas as pd
from matplotlib.figure import Figure

from crmresearch.palette import ACCENT, INK, QUIET, WARM
from crmresearch.sem.covariance.result import CbEstimate
from crmresearch.sem.picture import model_picture
from crmresearch.sem.pls.result import PlsEstimate
from crmresearch.stories import charts
from crmresearch.stories.satisfaction.covariance import CovarianceStory
from crmresearch.stories.satisfaction.story import SatisfactionStory

STYLES = {"pls": (ACCENT, "o", -0.22), "plsc": (QUIET, "s", 0.02), "cbsem": (WARM, "D", 0.26)}  # last: place in a row

INTERVAL = ["estimate", "ci_lower", "ci_upper"]


def plot_model(story: SatisfactionStory, estimate: PlsEstimate | CbEstimate | None = None) -> Figure:
    """An estimate as a picture, by default that of PLS: loadings, path coefficients with intervals, R²."""
    words = ("width", "zero", "negative", "loading", "weight")
    key = {word: story.say(f"satisfaction_chart.key_{word}") for word in words}

    def stage(name: str) -> str:
        return story.say(f"stage.{name}")

    return model_picture(estimate or story.estimate, label=story.label, stage=stage, words=key)


def plot_covariance(covariance: CovarianceStory) -> Figure:
    """The covariance structure as a picture: standardised loadings and paths with intervals, R²."""
    return plot_model(covariance.story, covariance.estimate)


def plot_paths(story: SatisfactionStory, covariance: CovarianceStory) -> Figure:
    """Every path coefficient with its interval: PLS, PLSc, and CB-SEM where it passes the gate.

    The axis holds every estimate and the intervals of PLS and CB-SEM; longer ones of PLSc are cut at its ends.
    """
    paths = story.estimate.paths
    frames = {e: paths[paths.estimator == e] for e in story.estimate.estimators}
    first = frames["pls"]
    if covariance.trustworthy and covariance.estimate is not None:
        structure = covariance.estimate
        cb = structure.standardised(structure.paths).set_index(["predictor", "outcome"])
        frames["cbsem"] = cb.reindex(pd.MultiIndex.from_frame(first[["predictor", "outcome"]]))
    ends = ["predictor", "outcome"]
    rows = {(row.predictor, row.outcome): story.arrow(row) for row in first.itertuples()}
    known = pd.concat({estimator: frame.reset_index().set_index(ends) for estimator, frame in frames.items()})
    figure = by_estimator(
        known, rows, story.say("satisfaction_chart.paths_axis"), lambda one: story.say(f"satisfaction_chart.{one}")
    )
    points = pd.concat([frame["estimate"] for frame in frames.values()])
    kept = pd.concat([frame for estimator, frame in frames.items() if estimator != "plsc"])
    low, high = min(points.min(), kept.ci_lower.min(), 0.0), max(points.max(), kept.ci_upper.max())
    margin = 0.08 * (high - low)
    figure.axes[0].set_xlim(low - margin, high + margin)
    return figure


def by_estimator(
    known: pd.DataFrame, rows: Mapping[Any, str], x: str, named: Callable[[str], str], row: float = 0.4
) -> Figure:
    """Estimates with intervals in labelled rows, a mark an estimator, by which `known` is indexed first, and zero.

    `x`: what the axis is called; `named`: what an estimator is called; `row`: inches of a row.
    """
    figure, axes, height = charts.row_chart([*rows.values()], x, top=1.1, row=row)
    marks = {estimator: (named(estimator), *style) for estimator, style in STYLES.items()}
    charts.draw_marks(axes, height, known[INTERVAL], [*rows], marks, size=4.5, width=1.5)
    axes.axvline(0, color=INK, linewidth=0.8)
    charts.legend_above(axes)
    return figure


def plot_index(story: SatisfactionStory) -> Figure:
    """The index of every construct with its interval on the whole scale from 0 to 100."""
    frame = story.index.dropna(subset="estimate")
    labels = [story.label(key) for key in frame.construct]
    figure, axes, height = charts.row_chart(labels, story.say("satisfaction_chart.index_axis"), top=1.1, row=0.4)
    charts.draw_interval(axes, height, frame["estimate"], frame.ci_lower, frame.ci_upper, ACCENT, size=7, width=2.2)
    for place in zip(frame["estimate"], height, strict=True):
        text = f"{place[0]:.1f}"
        axes.annotate(text, place, (0, 7), textcoords="offset points", ha="center", fontsize=9, color=INK)
    axes.set_xlim(0, 100)
    return figure
