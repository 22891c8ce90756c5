"""The figures of a comparison of theories: what each explains, and its step from satisfaction to loyalty."""

from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from crmresearch.palette import ACCENT, INK, WARM
from crmresearch.sem.theory_comparison import AIMS
from crmresearch.stories import charts
from crmresearch.stories.satisfaction.charts import STYLES
from crmresearch.stories.theory_comparison.story import TheoryComparisonStory


def plot_explained(story: TheoryComparisonStory) -> Figure:
    """R² of satisfaction and loyalty with intervals, a row a theory."""
    figure, axes, height = charts.row_chart(
        [*story.names.values()], story.say("theory_chart.r_squared"), top=1.1, row=0.5
    )
    for aim, colour, marker, offset in zip(AIMS, (ACCENT, WARM), "os", (-0.14, 0.14), strict=True):
        rows = story.comparison.explained.query("aim == @aim").set_index("theory").loc[list(story.names)]
        numbers = rows["r_squared"], rows["ci_lower"], rows["ci_upper"]
        charts.draw_interval(axes, height + offset, *numbers, colour, marker, label=story.say(f"aim.{aim}"))
    axes.set_xlim(0, 1)
    charts.legend_above(axes)
    return figure


def plot_everywhere(story: TheoryComparisonStory) -> Figure:
    """The direct path from satisfaction to loyalty by survey, theory and estimator that can be read, a row a theory."""
    theories = story.everywhere.groupby("dataset", sort=False)["theory"].unique()
    rows = [(title, name) for title, names in theories.items() for name in ("", *names)]  # its title above a survey
    labels = [name or str(title) for title, name in rows]
    figure, axes, height = charts.row_chart(labels, story.say("theory_chart.direct"), top=1.1, row=0.4)
    for label, (_, name) in zip(axes.get_yticklabels(), rows, strict=True):
        label.set_fontweight("normal" if name else "bold")
    known = story.everywhere.set_index(["estimator", "dataset", "theory"])[["estimate", "ci_lower", "ci_upper"]]
    _draw(story, axes, height, known, rows)
    return figure


def _draw(story: TheoryComparisonStory, axes: Axes, height: Any, known: pd.DataFrame, rows: list[Any]) -> None:
    """Estimates with intervals of every estimator in `known` (indexed by it, then as `rows`), zero, and the legend."""
    for estimator, (colour, marker, offset) in STYLES.items():
        if estimator in known.index:
            part = known.loc[estimator].reindex(rows)
            numbers = part["estimate"], part["ci_lower"], part["ci_upper"]
            name = story.say(f"word.{estimator}")
            charts.draw_interval(axes, height + offset, *numbers, colour, marker, size=4.5, width=1.5, label=name)
    axes.axvline(0, color=INK, linewidth=0.8)
    charts.legend_above(axes)


def plot_steps(story: TheoryComparisonStory) -> Figure:
    """Direct and total effect of satisfaction on loyalty by every estimator that can be read, a row each."""
    rows = [(theory, effect) for theory in story.names for effect in ("direct", "total")]
    labels = [f"{story.names[theory]} · {story.say(f'effect.{effect}')}" for theory, effect in rows]
    figure, axes, height = charts.row_chart(labels, story.say("theory_chart.step"), top=1.1, row=0.42)
    _draw(story, axes, height, story.readable_steps.set_index(["estimator", "theory", "effect"]), rows)
    return figure
