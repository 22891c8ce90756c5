"""The figures of parameter recovery: coverage against the band it should lie in, power over the size of the sample."""

from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from crmresearch.palette import GRID, INK, shades
from crmresearch.sem.recovery.recovery import BAND
from crmresearch.stories import charts
from crmresearch.stories.parameter_recovery.story import ENOUGH, ParameterRecoveryStory
from crmresearch.stories.satisfaction.charts import STYLES

MARKERS = "osD^vPX<>*" * 3


def plot_coverage(story: ParameterRecoveryStory) -> Figure:
    """Coverage of 95% intervals with its Monte-Carlo interval: a row a population and size, a mark an estimator."""
    cells = list(dict.fromkeys((scenario, n) for scenario, n, _ in story.pooled.index))
    labels = [story.say("recovery_chart.row", scenario=story.say(f"scenario.{s}"), n=n) for s, n in cells]
    figure, axes, height = charts.row_chart(labels, story.say("recovery_chart.coverage"), top=1.2, row=0.5)
    axes.axvspan(*BAND, color=GRID, zorder=0)
    axes.axvline(0.95, color=INK, linewidth=0.8)
    for estimator, (colour, marker, offset) in STYLES.items():
        rows = story.pooled.reindex([(*cell, estimator) for cell in cells])
        low, high = (rows["coverage"] + sign * 1.96 * rows["coverage_error"] for sign in (-1, 1))
        numbers, name = (rows["coverage"], low, high.clip(upper=1)), story.say(f"word.{estimator}")
        charts.draw_interval(axes, height + offset, *numbers, colour, marker, label=name)
    axes.xaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    charts.legend_above(axes)
    return figure


def plot_power(story: ParameterRecoveryStory) -> Figure:
    """Share of samples in which PLSc tells a path from zero, over respondents: a line a size of the true path."""
    table = story.recovery.power.query("scenario == 'factors' and estimator == 'plsc'")
    figure, axes = charts.chart(7.2, 4.2, story.say("recovery_chart.n"), story.say("recovery_chart.power"), grid="y")
    sizes = sorted(set(table["size"]))
    for size, colour, marker in zip(sizes, shades(len(sizes)), MARKERS, strict=False):
        rows = table[table["size"] == size].sort_values("n")
        label = story.say(f"recovery_chart.{'size' if size else 'null'}", size=size)
        error, line = 1.96 * rows["rejected_error"], "-" if size else ":"
        axes.errorbar(rows["n"], rows["rejected"], error, color=colour, linestyle=line, marker=marker, label=label)
    axes.axhline(ENOUGH, color=INK, linewidth=0.8, linestyle="--")
    axes.set_xscale("log")
    axes.set_xticks(story.recovery.sizes, [f"{n:,}" for n in story.recovery.sizes])
    axes.minorticks_off()
    axes.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    charts.legend_above(axes, 4)
    return figure
