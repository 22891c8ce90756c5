"""The figures of a forecast: the series and what is to come, cohorts, errors of the methods, tracking."""

import numpy as np
from matplotlib.figure import Figure

from crmresearch.palette import ACCENT, ACCENT_BAND, INK, PALE, QUIET, WARM, shades
from crmresearch.stories import charts
from crmresearch.stories.revenue_forecast.story import RevenueForecastStory
from crmresearch.stories.time_charts import legend_of_all, name_days, places, stacked

SHOWN = ("revenue", "purchases", "active")


def plot_forecast(story: RevenueForecastStory) -> Figure:
    """Revenue, purchases and active customers of every period, and those to come by the method in use."""
    figure, panels = stacked([story.say(f"forecast_chart.{name}") for name in SHOWN], 1.75)
    series, coming = story.made.series, story.made.coming
    known = series.total[series.closed_since or 0 :]
    for axes, name in zip(panels, SHOWN, strict=True):
        axes.plot(places(known["end"]), known[name], color=INK, linewidth=1.4,
                  label=story.say("forecast_chart.known"))  # fmt: skip
        rows = coming[(coming["quantity"] == name) & (coming["method"] == story.made.chosen)]
        days = places(rows["end"])
        for level, colour in ((95, PALE), (80, ACCENT_BAND)):
            ends = rows[f"interval_{level}_lower"], rows[f"interval_{level}_upper"]
            label = story.say("forecast_chart.interval", level=level / 100)
            axes.fill_between(days, *ends, color=colour, linewidth=0, label=label)
        axes.plot(days, rows["estimate"], color=ACCENT, linewidth=2, label=story.say("forecast_chart.coming"))
        top = max(known[name].max(), 1.3 * rows["interval_80_upper"].max())
        axes.set_ylim(min(0.0, float(known[name].min())), 1.05 * float(top) or 1.0)
    legend_of_all(figure, panels[0])
    name_days(panels[-1], [*known["end"], *sorted(set(coming["end"]))], story.say("forecast_chart.end"))
    return figure


def plot_cohorts(story: RevenueForecastStory) -> Figure:
    """Purchases of every cohort of the first purchase."""
    figure, axes = charts.chart(7.6, 3.4, y=story.say("forecast_chart.purchases"), grid="y")
    cohorts = story.made.series.by_cohort
    names = cohorts["cohort"].unique()
    for name, colour, style in zip(names, shades(len(names)), 2 * ("-", "--", ":", "-."), strict=False):
        rows = cohorts[cohorts["cohort"] == name]
        days = places(rows["end"])
        axes.plot(days, rows["purchases"], style, color=colour, linewidth=1.6, label=name)
    axes.yaxis.set_major_formatter("{x:,.0f}")
    name_days(axes, story.made.series.ends(), story.say("forecast_chart.end"))
    charts.legend_above(axes, 4, size=8.5)
    return figure


def plot_errors(story: RevenueForecastStory) -> Figure:
    """Scaled error of every method: a small dot an origin, a large one their mean."""
    assert story.made.evaluation is not None
    losses = [story.made.evaluation.losses(name) for name in SHOWN]
    methods = list(dict.fromkeys(method for table in losses for method in table))
    labels = [story.method_cell(method) for method in methods]
    titles = [story.say(f"quantity.{name}") for name in SHOWN]
    figure, panels, height = charts.row_panels(titles, labels, story.say("forecast_chart.mase"))
    for axes, table in zip(panels, losses, strict=True):
        for y, method in zip(height, methods, strict=True):
            if method in table:
                axes.plot(table[method], np.full(len(table), y), "o", color=QUIET, markersize=3.5, alpha=0.7)
                axes.plot(table[method].mean(), y, "D", color=WARM, markersize=6)
        axes.axvline(1, color=INK, linewidth=0.8, linestyle="--")
        axes.set_xlim(left=0)
    return figure


def plot_tracking(story: RevenueForecastStory) -> Figure:
    """Repeat purchases by period and added up, expected and actual, with the end of what the model has seen."""
    table = story.made.tracking
    titles = [story.say(f"forecast_chart.{name}") for name in ("incremental", "cumulative")]
    figure, panels = stacked(titles, 2.3)
    days = places(table["end"])
    for axes, ending in zip(panels, ("", "_sum"), strict=True):
        axes.plot(days, table[f"actual{ending}"], color=INK, linewidth=1.6, label=story.say("forecast_chart.actual"))
        label = story.say("forecast_chart.expected")
        axes.plot(days, table[f"expected{ending}"], "--", color=WARM, linewidth=2, label=label)
        seen = places(story.facts["calibration"])
        axes.axvline(seen, color=QUIET, linewidth=1, linestyle=":", label=story.say("forecast_chart.calibration"))
        axes.set_ylim(bottom=0)
    legend_of_all(figure, panels[0])
    name_days(panels[-1], list(table["end"]), story.say("forecast_chart.end"))
    return figure
