"""The figures of a satisfaction report: model picture, forest of paths, index of every construct."""

from collections.abc import Collection, Sequence
from typing import Literal

import pandas as pd
from matplotlib.figure import Figure

from crmresearch.diagram.path_diagram import Arrow, Ellipse, Indicator, Moderation, plot_path_diagram
from crmresearch.models.specification import product_key
from crmresearch.palette import ACCENT, INK, QUIET, WARM
from crmresearch.stories import charts
from crmresearch.stories.satisfaction.covariance import CovarianceStory
from crmresearch.stories.satisfaction.story import SatisfactionStory

STYLES = {"pls": (ACCENT, "o", -0.22), "plsc": (QUIET, "s", 0.02), "cbsem": (WARM, "D", 0.26)}  # last: place in a row

INTERVAL = ["estimate", "ci_lower", "ci_upper"]


def plot_model(story: SatisfactionStory, estimator: str = "pls") -> Figure:
    """The estimated model as a picture: loadings, path coefficients with intervals, R²."""
    estimate, spec = story.estimate, story.estimate.specification
    loadings, r2, paths = (
        table[table["estimator"] == estimator] for table in (estimate.loadings, estimate.r_squared, estimate.paths)
    )
    formative = [c.key for c in spec.constructs if c.measurement == "composite_b" and c.items]
    weights = estimate.weights[estimate.weights["construct"].isin(formative)]
    values = pd.concat([loadings[~loadings["construct"].isin(formative)], weights])
    numbers = paths.set_index(["predictor", "outcome"])[INTERVAL].astype(float)
    arrows = [Arrow(p.predictor, p.outcome, *numbers.loc[p.predictor, p.outcome]) for p in spec.paths]
    if spec.components:  # their weights, which are arrows to what they make up
        made = estimate.components[estimate.components["estimator"] == estimator]
        arrows += [Arrow(m.component, m.construct, m.estimate, m.ci_lower, m.ci_upper) for m in made.itertuples()]
    moderations = [
        Moderation(m.moderator, m.predictor, m.outcome, *numbers.loc[product_key(m.predictor, m.moderator), m.outcome])
        for m in spec.moderations
    ]
    return _picture(story, values, r2, arrows, moderations, formative=formative)


def plot_covariance(covariance: CovarianceStory) -> Figure:
    """The covariance structure as a picture: standardised loadings and paths with intervals, R²."""
    estimate = covariance.estimate
    assert estimate is not None
    paths = estimate.standardised(estimate.paths)
    arrows = [Arrow(p.predictor, p.outcome, p.estimate, p.ci_lower, p.ci_upper) for p in paths.itertuples()]
    return _picture(covariance.story, estimate.loadings, estimate.r_squared, arrows, left_out=estimate.left_out)


def _picture(
    story: SatisfactionStory,
    values: pd.DataFrame,
    r2: pd.DataFrame,
    arrows: Sequence[Arrow],
    moderations: Sequence[Moderation] = (),
    *,
    formative: Collection[str] = (),
    left_out: Collection[str] = (),
) -> Figure:
    """A model as a picture with the standardised `values` of its items (1 of an item without) and its paths."""
    known = values.set_index(["construct", "item"])["standardized"]
    shares = r2.set_index("outcome")["estimate"]
    ellipses = []
    for construct in story.estimate.specification.constructs:
        if construct.key in left_out:
            continue
        mode: Literal["formative", "reflective"] = "formative" if construct.key in formative else "reflective"
        items = tuple(Indicator(i, float(known.get((construct.key, i), 1.0)), mode) for i in construct.items)
        share = float(shares[construct.key]) if construct.key in shares else None
        stage = story.say(f"stage.{construct.stage}") if construct.stage else None
        ellipses.append(Ellipse(construct.key, story.label(construct.key), share, items, stage))
    words = ("width", "zero", "negative", "loading", "weight")
    key = {word: story.say(f"satisfaction_chart.key_{word}") for word in words}
    figure = plot_path_diagram(ellipses, arrows, moderations, words=key)
    figure.set_label("path_diagram")
    return figure


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
    labels = [story.arrow(row) for row in first.itertuples()]
    figure, axes, height = charts.row_chart(labels, story.say("satisfaction_chart.paths_axis"), top=1.1, row=0.4)
    for estimator, frame in frames.items():
        colour, marker, offset = STYLES[estimator]
        middle, low, high = (frame[column] for column in INTERVAL)
        name, place = story.say(f"satisfaction_chart.{estimator}"), height + offset
        charts.draw_interval(axes, place, middle, low, high, colour, marker, size=4.5, width=1.5, label=name)
    points = pd.concat([frame["estimate"] for frame in frames.values()])
    kept = pd.concat([frame for estimator, frame in frames.items() if estimator != "plsc"])
    low, high = min(points.min(), kept.ci_lower.min(), 0.0), max(points.max(), kept.ci_upper.max())
    margin = 0.08 * (high - low)
    axes.set_xlim(low - margin, high + margin)
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
