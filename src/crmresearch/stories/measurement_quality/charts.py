"""The figure of how far constructs are told apart."""

from matplotlib.figure import Figure

from crmresearch.palette import ACCENT, QUIET, WARM
from crmresearch.sem.pls.quality.criteria import CRITERIA
from crmresearch.stories import charts
from crmresearch.stories.measurement_quality.story import MeasurementQualityStory

MOST = 15  # pairs, the closest first


def plot_htmt(story: MeasurementQualityStory) -> Figure:
    """HTMT of the closest pairs of constructs with intervals, and HTMT2 as an empty mark; the cut-off dashed."""
    table = story.study.htmt.sort_values("estimate", ascending=False, kind="stable").head(MOST)
    rows = [f"{story.label(row.construct)} · {story.label(row.other)}" for row in table.itertuples()]
    figure, axes, height = charts.row_chart(rows, story.say("measurement_chart.axis"), top=1.0, row=0.3)
    axes.axvline(CRITERIA["discrimination"].cut_off, color=QUIET, linestyle="--", linewidth=1)
    numbers = table["estimate"], table["ci_lower"], table["ci_upper"]
    charts.draw_interval(axes, height, *numbers, ACCENT, label=story.say("measurement_chart.arithmetic"))
    name = story.say("measurement_chart.geometric")
    axes.plot(table["htmt2"], height, "D", color=WARM, markersize=4.5, fillstyle="none", label=name)
    charts.legend_above(axes)
    return figure
