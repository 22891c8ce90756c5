"""The figures of a monitoring report: migration, moves in a step, shares against ageing, drift and foresight."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from crmresearch.palette import ACCENT, INK, PALE, QUIET, WARM, shades
from crmresearch.segmentation.contract import Floats
from crmresearch.segmentation.monitoring.drift import SHIFTED, WATCH
from crmresearch.stories import charts
from crmresearch.stories.monitoring.story import MonitoringStory
from crmresearch.stories.time_charts import name_days, places

NOT_YET = "not_yet"


def plot_migration(story: MonitoringStory) -> Figure:
    """The customers of the last cut-off in the frozen segments of every cut-off, most spend at the top."""
    monitoring = story.monitoring
    order = [*monitoring.ranks["segment"], NOT_YET]
    kind = pd.CategoricalDtype(order)
    stages = [monitoring.assigned[day].astype("object").fillna(NOT_YET).astype(kind) for day in monitoring.cutoffs]
    hues = shades(len(order) - 1)
    names = {**story.labels, NOT_YET: story.say("monitoring_chart.not_yet")}
    labels = [names, *[dict.fromkeys(names, "")] * (len(stages) - 2), names]
    days = [str(day) for day in monitoring.cutoffs]
    return charts.ribbons((9.5, 5.6), stages, labels, days, dict(zip(order, [*hues, PALE], strict=True)))


def plot_transitions(story: MonitoringStory) -> Figure:
    """Share of each segment's customers in each segment one step later, all steps together."""
    order = list(story.monitoring.ranks["segment"])
    counts = story.monitoring.transitions.groupby(["before", "after"])["customers"].sum().unstack().loc[order, order]
    number = counts.sum(axis=1)
    share = 100 * counts.div(number.where(number > 0), axis=0)
    share.index = [f"{story.labels[key]} ({n:,})" for key, n in number.items()]
    shade, after, before = (story.say(f"monitoring_chart.{word}") for word in ("row_share", "after", "before"))
    share, words = share.rename(columns=story.labels), (shade, after, before)
    style = {"vmin": 0, "vmax": 100, "linewidths": 0.5}
    return charts.heat_map(share, (0.62, 0.46), (3.4, 1.9), words, labels=9, numbers=9, turned=55, **style)


def plot_ageing(story: MonitoringStory) -> Figure:
    """Shares of the first customers in every segment: then, expected now of growing older, and now."""
    assert story.ageing is not None
    shares, order = story.ageing.shares, list(story.monitoring.ranks["segment"])
    last = shares[shares["cutoff"] == story.now.cutoff].set_index("segment").reindex(order)
    labels = [story.labels[key] for key in order]
    figure, axes, height = charts.row_chart(labels, story.say("monitoring_chart.share"), top=1.3, row=0.42)
    dates = {"first": story.monitoring.first, "last": story.now.cutoff}
    names = {key: story.say(f"monitoring_chart.{key}", **dates) for key in ("expected", "first", "observed")}
    axes.hlines(height, last["lower"], last["upper"], color=PALE, linewidth=9, zorder=1, label=names["expected"])
    axes.vlines(last["expected"], height - 0.2, height + 0.2, color=QUIET, linewidth=2, zorder=2)
    axes.plot(last["first"], height, "o", color=ACCENT, fillstyle="none", markersize=7, label=names["first"])
    axes.plot(last["observed"], height, "o", color=WARM, markersize=6, label=names["observed"])
    axes.xaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    charts.legend_above(axes, size=8.5, middle=0.4)
    return figure


def plot_drift(story: MonitoringStory) -> Figure:
    """PSI against the first cut-off over time, with what growing older explains and the conventional bounds."""
    windows = story.monitoring.windows
    figure, axes, days = _over_time(story, windows, "psi")
    known = windows["psi_known"].fillna(0.0)
    if story.ageing is not None:
        drift = story.ageing.drift
        lower, upper = (np.concatenate([[0.0], drift[c]]) for c in ("expected_lower", "expected_upper"))
        name = story.say("monitoring_chart.psi_expected")
        axes.fill_between(days, lower, upper, color=QUIET, alpha=0.45, linewidth=1.5, label=name)
    axes.plot(days, known, "o-", color=WARM, linewidth=1.8, label=story.say("monitoring_chart.psi_known"))
    if not np.allclose(known, windows["psi"]):
        axes.plot(days, windows["psi"], "s--", color=ACCENT, linewidth=1.6, label=story.say("monitoring_chart.psi_all"))
    for bound in (WATCH, SHIFTED):
        axes.axhline(bound, color=INK, linewidth=0.8, linestyle=":")
        text = story.say("monitoring_chart.bound", bound=bound)
        axes.text(1.01, bound, text, fontsize=8, color=INK, va="center", transform=axes.get_yaxis_transform())
    axes.set_ylim(bottom=0)
    charts.legend_above(axes, size=8.5)
    return figure


def plot_foresight(story: MonitoringStory) -> Figure:
    """R² of log spend in the step after each cut-off: frozen (bar: its difference to anew), learned anew, a number."""
    windows = story.monitoring.windows.dropna(subset=["r2_frozen"])
    figure, axes, days = _over_time(story, windows, "r2")
    axes.plot(days, windows["r2_naive"], "^:", color=QUIET, linewidth=1.4, label=story.say("monitoring_chart.naive"))
    if story.learns:
        anew = windows["r2_refitted"].fillna(windows["r2_frozen"])
        axes.plot(days, anew, "s--", color=ACCENT, linewidth=1.6, label=story.say("monitoring_chart.refitted"))
    # the interval of the paired difference, drawn where the frozen segments are measured against those learned anew
    reach = np.array([windows["difference"] - windows["lower"], windows["upper"] - windows["difference"]])
    axes.errorbar(days, windows["r2_frozen"], np.nan_to_num(reach), fmt="o-", color=WARM, linewidth=1.8, capsize=4,
                  label=story.say("monitoring_chart.frozen"))  # fmt: skip
    axes.set_ylim(bottom=min(0.0, float(windows["r2_frozen"].min())))
    charts.legend_above(axes, size=8.5)
    return figure


def _over_time(story: MonitoringStory, windows: pd.DataFrame, measure: str) -> tuple[Figure, Axes, Floats]:
    """An empty chart of a measure over the cut-offs, and where they stand."""
    days = places(windows["cutoff"].tolist())
    names = story.say("monitoring_chart.cutoff"), story.say(f"monitoring_chart.{measure}")
    figure, axes = charts.chart(7.2, 3.8, *names, grid="y")
    name_days(axes, [str(day) for day in story.monitoring.cutoffs[: len(days)]])
    return figure, axes, days
