"""The figures of priorities: the map with error bars, and the empty corners of the necessary conditions."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.pyplot import subplots

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
    words = (story.say(f"priorities_chart.{name}", **story.facts) for name in ("importance", "performance"))
    figure, axes = charts.chart(8.2, 2.6 + 0.28 * len(table), *words, grid="both", kind="points")
    if table.empty:
        return figure
    kinds = np.where(table["necessary"], *STYLES)
    for kind, (marker, colour) in STYLES.items():
        part = table[kinds == kind]
        x, y = (part[name].to_numpy(float) for name in ("importance", "performance"))
        wide, high = (
            np.abs(part[[f"{name}_lower", f"{name}_upper"]].to_numpy(float).T - at)
            for name, at in (("importance", x), ("performance", y))
        )
        axes.errorbar(x, y, high, wide, fmt="none", ecolor=colour, elinewidth=1.3)
        axes.plot(x, y, marker, color=colour, markersize=6, label=story.say(f"priorities_chart.{kind}"))
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
    shown = [str(key) for key in effects.index[:PANELS]]
    columns = min(3, max(len(shown), 1))
    lines = max(-(-len(shown) // columns), 1)
    figure, grid = subplots(lines, columns, figsize=(1.4 + 2.3 * columns, 0.9 + 2.4 * lines), sharey=True,
                            squeeze=False, layout="constrained")  # fmt: skip
    figure.set_label("points")
    figure.supylabel(story.label(story.found.target), fontsize=9.5)
    for axes, condition in zip(grid.ravel(), shown, strict=False):
        d = effects.loc[condition, "d"]
        axes.set_title(story.say("priorities_chart.corner", condition=charts.wrapped(story.label(condition)), d=d),
                       fontsize=9.5, loc="left")  # fmt: skip
        _corner(story, axes, condition)
    for axes in grid.ravel()[len(shown) :]:
        axes.remove()
    handles = grid[0, 0].get_legend_handles_labels() if shown else ([], [])
    figure.legend(*handles, loc="outside upper center", ncols=2, frameon=False, fontsize=9)
    return figure


def _corner(story: PrioritiesStory, axes: Axes, condition: str) -> None:
    x, y = story.found.scores[[condition, story.found.target]].to_numpy().T
    sign = -1.0 if condition in story.found.necessity.low else 1.0
    points = ordered(sign * x, y)
    steps, line = (ceiling(name, points) for name in CEILINGS)
    axes.plot(x, y, "o", color=QUIET, markersize=2.5, alpha=0.5)
    at = np.append(steps.peers[:, 0], points.x[-1])
    axes.step(sign * at, np.append(steps.peers[:, 1], y.max()), where="post", color=WARM, linewidth=1.6,
              label=story.say("ceiling.ce_fdh"))  # fmt: skip
    ends = points.x[[0, -1]]
    axes.plot(sign * ends, line.intercept + line.slope * ends, "--", color=ACCENT, linewidth=1.4,
              label=story.say("ceiling.cr_fdh"))  # fmt: skip
    axes.set_ylim(y.min() - 0.04 * np.ptp(y), y.max() + 0.06 * np.ptp(y))
    charts.dress(axes)
