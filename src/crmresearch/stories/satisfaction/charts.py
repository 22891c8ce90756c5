"""The figures of a satisfaction report: model picture, forest of paths, index of every construct."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from scipy.stats import norm

from crmresearch.diagram.path_diagram import Arrow, Ellipse, Indicator, Moderation, plot_path_diagram
from crmresearch.models.specification import product_key
from crmresearch.stories.satisfaction.covariance import CovarianceStory
from crmresearch.stories.satisfaction.story import SatisfactionStory

INK, ACCENT, QUIET, WARM = "#1f2933", "#1f5f8b", "#8a949e", "#b26a00"
ROW_HEIGHT = 0.32  # inches


def plot_model(story: SatisfactionStory, estimator: str = "pls") -> Figure:
    """The estimated model as a picture: loadings, path coefficients with intervals, R²."""
    estimate, spec = story.estimate, story.estimate.specification
    loadings = estimate.loadings[estimate.loadings.estimator == estimator].set_index("item")["standardized"]
    weights = estimate.weights.set_index("item")["standardized"]
    r2 = estimate.r_squared[estimate.r_squared.estimator == estimator].set_index("outcome")["estimate"]
    paths = estimate.paths[estimate.paths.estimator == estimator].set_index(["predictor", "outcome"])
    ellipses = []
    for construct in spec.constructs:
        formative = construct.measurement == "composite_b"
        values = weights if formative else loadings
        indicators = tuple(
            Indicator(item, float(values[item]), "formative" if formative else "reflective") for item in construct.items
        )
        share = float(r2[construct.key]) if construct.key in r2 else None
        ellipses.append(Ellipse(construct.key, story.label(construct.key), share, indicators, construct.stage))

    def numbers(predictor: str, outcome: str) -> tuple[float, float, float]:
        row = paths.loc[(predictor, outcome)]
        return float(row.estimate), float(row.ci_lower), float(row.ci_upper)

    arrows = [Arrow(p.predictor, p.outcome, *numbers(p.predictor, p.outcome)) for p in spec.paths]
    moderations = [
        Moderation(m.moderator, m.predictor, m.outcome, *numbers(product_key(m.predictor, m.moderator), m.outcome))
        for m in spec.moderations
    ]
    return plot_path_diagram(ellipses, arrows, moderations, words=_key(story))


def _key(story: SatisfactionStory) -> dict[str, str]:
    """The words of the key below a model picture."""
    return {
        key: story.say(f"satisfaction_chart.key_{key}") for key in ("width", "zero", "negative", "loading", "weight")
    }


def plot_covariance(covariance: CovarianceStory) -> Figure:
    """The covariance structure as a picture: standardised loadings and paths with intervals, R²."""
    estimate, story = covariance.estimate, covariance.story
    assert estimate is not None
    loadings = estimate.loadings.set_index(["construct", "item"])["standardized"]
    r2 = estimate.r_squared.set_index("outcome")["estimate"]
    ellipses = []
    for construct in story.estimate.specification.constructs:
        if construct.key in estimate.left_out:
            continue
        single = len(construct.items) == 1
        values = [1.0 if single else float(loadings[construct.key, item]) for item in construct.items]
        indicators = tuple(Indicator(i, v, "reflective") for i, v in zip(construct.items, values, strict=True))
        share = float(r2[construct.key]) if construct.key in r2 else None
        ellipses.append(Ellipse(construct.key, story.label(construct.key), share, indicators, construct.stage))
    z = norm.ppf(0.5 + estimate.confidence / 2)
    arrows = [
        Arrow(
            row.predictor,
            row.outcome,
            row.standardized,
            *(row.standardized + side * z * row.standardized_se for side in (-1, 1)),
        )
        for row in estimate.paths.itertuples()
    ]
    return plot_path_diagram(ellipses, arrows, words=_key(story))


def plot_paths(story: SatisfactionStory, covariance: CovarianceStory) -> Figure:
    """Every path coefficient with its interval: PLS, PLSc, and CB-SEM where it passes the gate.

    The axis holds every estimate and the intervals of PLS and CB-SEM; longer ones of PLSc are cut at its ends.
    """
    paths = story.estimate.paths
    frames = {e: paths[paths.estimator == e].reset_index(drop=True) for e in story.estimate.estimators}
    first = frames["pls"]
    at = pd.MultiIndex.from_frame(first[["predictor", "outcome"]])
    if covariance.trustworthy and covariance.estimate is not None:
        cb = covariance.estimate.paths.set_index(["predictor", "outcome"]).reindex(at).reset_index()
        z = norm.ppf(0.5 + story.confidence / 2)
        reach = z * cb["standardized_se"]
        frames["cbsem"] = cb.assign(
            estimate=cb["standardized"], ci_lower=cb["standardized"] - reach, ci_upper=cb["standardized"] + reach
        )
    labels = [f"{story.label(row.predictor)} → {story.label(row.outcome)}" for row in first.itertuples()]
    figure, axes = _rows(len(labels), labels)
    height = np.arange(len(labels))
    styles = {"pls": (ACCENT, "o", -0.22), "plsc": (QUIET, "s", 0.02), "cbsem": (WARM, "D", 0.26)}
    for estimator, frame in frames.items():
        colour, marker, offset = styles[estimator]
        name = story.say(f"satisfaction_chart.{estimator}")
        axes.hlines(height + offset, frame.ci_lower, frame.ci_upper, color=colour, linewidth=1.5)
        axes.plot(frame["estimate"], height + offset, marker, color=colour, markersize=4.5, label=name)
    points = np.concatenate([frame["estimate"].dropna() for frame in frames.values()])
    kept = pd.concat([frame for estimator, frame in frames.items() if estimator != "plsc"])
    low, high = min(points.min(), kept.ci_lower.min(), 0.0), max(points.max(), kept.ci_upper.max())
    margin = 0.08 * (high - low)
    axes.set_xlim(low - margin, high + margin)
    axes.axvline(0, color=INK, linewidth=0.8)
    axes.set_xlabel(story.say("satisfaction_chart.paths_axis"))
    axes.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=3, frameon=False, fontsize=9)
    return figure


def plot_index(story: SatisfactionStory) -> Figure:
    """The index of every construct with its interval on the whole scale from 0 to 100."""
    frame = story.index.dropna(subset="estimate").reset_index(drop=True)
    figure, axes = _rows(len(frame), [story.label(key) for key in frame.construct])
    height = np.arange(len(frame))
    axes.hlines(height, frame.ci_lower, frame.ci_upper, color=ACCENT, linewidth=2.2)
    axes.plot(frame["estimate"], height, "o", color=ACCENT, markersize=7)
    for y, value in zip(height, frame["estimate"], strict=True):
        axes.annotate(
            f"{value:.1f}", (value, y), (0, 7), textcoords="offset points", ha="center", fontsize=9, color=INK
        )
    axes.set_xlim(0, 100)
    axes.set_xlabel(story.say("satisfaction_chart.index_axis"))
    return figure


def _rows(count: int, labels: list[str]) -> tuple[Figure, Axes]:
    """An empty chart with one labelled row per entry, the first on top."""
    figure, axes = plt.subplots(figsize=(7.2, 1.1 + ROW_HEIGHT * 1.25 * max(count, 1)), layout="constrained")
    axes.set_yticks(np.arange(count), labels)
    axes.set_ylim(count - 0.4, -0.6)
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.tick_params(axis="y", length=0)
    axes.grid(axis="x", color="#e4e7eb", linewidth=0.8)
    axes.set_axisbelow(True)
    return figure, axes


def seen(story: SatisfactionStory, figure: str) -> dict[str, object]:
    """What the alternative text of a figure (`model`, `covariance`, `paths` or `index`) names."""
    spec, paths = story.estimate.specification, story.paths
    links = [f"{story.label(row.predictor)} → {story.label(row.outcome)}" for row in paths.itertuples()]
    if figure == "model":
        told = [f"{link} {value:.2f}" for link, value in zip(links, paths["estimate"], strict=True)]
        return {"constructs": len(spec.constructs), "items": len(spec.items), "paths": ", ".join(told)}
    if figure == "paths":
        low, high = paths["estimate"].argmin(), paths["estimate"].argmax()
        ends = {"low": paths["estimate"].min(), "high": paths["estimate"].max()}
        return {"count": len(paths), "lowest": links[low], "highest": links[high], **ends}
    defined = story.index.dropna(subset="estimate")
    return {"values": ", ".join(f"{story.label(row.construct)} {row.estimate:.1f}" for row in defined.itertuples())}
