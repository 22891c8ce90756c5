"""The figures of what followed from loyalty: effects on purchases and profit, and value by satisfaction."""

import numpy as np
from matplotlib.figure import Figure

from crmresearch.palette import ACCENT, INK, QUIET, SKY, WARM
from crmresearch.stories import charts
from crmresearch.stories.profit_link.story import ProfitLinkStory
from crmresearch.strategy.profit_link import LEVELS

STYLES = {"stated": (ACCENT, "o"), "corrected": (WARM, "s"), "true": (QUIET, "^")}


def plot_effects(story: ProfitLinkStory) -> Figure:
    """Per cent more for each standard deviation of loyalty, a row an outcome and control, a mark a measure."""
    table = story.link.effects
    rows = list(dict.fromkeys(zip(table["outcome"], table["control"], strict=True)))
    labels = [f"{story.say(f'outcome.{outcome}')} · {story.say(f'control.{control}')}" for outcome, control in rows]
    figure, axes, height = charts.row_chart(labels, story.say("link_chart.change"), top=1.2, row=0.62)
    measures = [measure for measure in STYLES if measure in set(table["measure"])]
    offsets = np.linspace(-0.22, 0.22, len(measures)) if len(measures) > 1 else [0.0]
    for measure, offset in zip(measures, offsets, strict=True):
        part = table[table["measure"] == measure].set_index(["outcome", "control"]).reindex(rows)
        estimate, lower, upper = (100 * part[column] for column in ("change", "change_lower", "change_upper"))
        colour, marker = STYLES[measure]
        name = story.say(f"measure.{measure}")
        charts.draw_interval(axes, height + offset, estimate, lower, upper, colour, marker, label=name)
    for outcome, effect in (story.planted or {}).items():
        if (outcome, "none") in rows:
            y = height[rows.index((outcome, "none"))]
            label = story.say("link_chart.planted") if outcome == rows[0][0] else "_"
            axes.vlines(100 * np.expm1(effect), y - 0.4, y + 0.4, color=INK, linestyle="--", linewidth=1, label=label)
    axes.axvline(0, color=INK, linewidth=0.8)
    charts.legend_above(axes, 2)
    return figure


def plot_value(story: ProfitLinkStory) -> Figure:
    """Share of customers of high, middle and low value among the more and the less satisfied."""
    cells = story.link.cells
    order = [level for level in reversed(LEVELS) if level in set(cells["satisfaction"])]
    labels = [story.say(f"level.{level}") for level in order]
    figure, axes, height = charts.row_chart(labels, story.say("link_chart.share"), top=1.2, row=0.62)
    for value, colour, marker, offset in zip(LEVELS, (SKY, QUIET, WARM), "o^s", (0.2, 0, -0.2), strict=True):
        part = cells[cells["value"] == value].set_index("satisfaction").reindex(order)
        estimate, lower, upper = (100 * part[column] for column in ("share", "ci_lower", "ci_upper"))
        name = story.say(f"value_level.{value}")
        charts.draw_interval(axes, height + offset, estimate, lower, upper, colour, marker, label=name)
    axes.axvline(100 / 3, color=INK, linestyle="--", linewidth=1)
    charts.legend_above(axes)
    return figure
