"""The figures of priorities: the map with error bars, and the empty corners of the necessary conditions."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from crmresearch.palette import ACCENT, QUIET, WARM
from crmresearch.sem.priorities.ceilings import CEILINGS, ceiling, ordered
from crmresearch.stories import charts
from crmresearch.stories.priorities.story import PrioritiesStory

STYLES = {"necessary": ("D", WARM), "not_shown": ("o", ACCENT)}
PANELS = 6  # corners that are drawn
NAME = 0.36  # of the width of the map, for a column of names


def plot_map(story: PrioritiesStory) -> Figure:
    """Performance against importance of every construct with intervals; a diamond is a necessary condition."""
    table = story.found.table.dropna(subset=["importance", "performance"])
    words = (story.say(f"priorities_chart.{name}") for name in ("importance", "performance"))
    figure, axes = charts.chart(8.2, 2.6 + 0.28 * len(table), *words, grid="both", kind="points")
    if table.empty:
        return figure
    kinds = np.where(table["necessary"], *STYLES)
    for kind, (marker, colour) in STYLES.items():
        part = table[kinds == kind]
        numbers = part["importance"], part["importance_lower"], part["importance_upper"]
        ends = part["performance_lower"], part["performance_upper"]
        name = story.say(f"priorities_chart.{kind}")
        charts.draw_interval(axes, part["performance"], *numbers, colour, marker, size=6, width=1.3, label=name)
        axes.vlines(part["importance"], *ends, color=colour, linewidth=1.3)
    low, high = min(0.0, table["importance_lower"].min()), table["importance_upper"].max()
    width = 1.04 * (high - low)
    means = table.query("level == 'construct'")[["importance", "performance"]].mean()
    axes.axvline(means["importance"], color=QUIET, linestyle="--", linewidth=1)
    axes.plot([low, low + width], [means["performance"]] * 2, color=QUIET, linestyle="--", linewidth=1)
    axes.set_xlim(low, low + width * (1 + NAME))
    axes.set_xticks([tick for tick in axes.get_xticks() if low <= tick <= high])
    names, colours = [charts.wrapped(story.label(key)) for key in table["construct"]], [STYLES[k][1] for k in kinds]
    x, y = table[["importance", "performance"]].to_numpy(float).T
    charts.name_beside(axes, x, y, names, colours, width, right=low + width)
    charts.legend_above(axes)
    return figure


def plot_corners(story: PrioritiesStory) -> Figure:
    """Respondents by condition and target under both ceilings, a panel a condition, those of largest d first."""
    effects = story.found.necessity.leading_effects.dropna(subset="d").sort_values("d", ascending=False, kind="stable")
    shown = effects["d"].head(PANELS)
    titles = [story.say("priorities_chart.corner", condition=story.label(str(key)), d=d) for key, d in shown.items()]
    figure, panels = charts.panels(titles, (2.3, 2.4), (1.4, 0.9), kind="points")
    figure.supylabel(story.label(story.found.target), fontsize=9.5)
    for axes, condition in zip(panels, shown.index, strict=True):
        _corner(story, axes, str(condition))
    handles = panels[0].get_legend_handles_labels() if panels else ([], [])
    figure.legend(*handles, loc="outside upper center", ncols=2, frameon=False, fontsize=9)
    return figure


def _corner(story: PrioritiesStory, axes: Axes, condition: str) -> None:
    x, y = story.found.scores[[condition, story.found.target]].to_numpy().T
    sign = -1.0 if condition in story.found.necessity.low else 1.0
    points = ordered(sign * x, y)
    axes.plot(x, y, "o", color=QUIET, markersize=2.5, alpha=0.5)
    for name, style, colour in zip(CEILINGS, ("-", "--"), (WARM, ACCENT), strict=True):
        at, height = ceiling(name, points).drawn(points).T
        axes.plot(sign * at, height, style, color=colour, linewidth=1.5, label=story.say(f"ceiling.{name}"))
    axes.set_ylim(y.min() - 0.04 * np.ptp(y), y.max() + 0.06 * np.ptp(y))
    charts.dress(axes)
