"""The figure of the checks of a model: paths as estimated, and as they stand beside a copula term."""

from matplotlib.figure import Figure

from crmresearch.palette import ACCENT, INK, WARM
from crmresearch.stories import charts
from crmresearch.stories.model_checks.story import ModelChecksStory


def plot_corrected(story: ModelChecksStory) -> Figure:
    """Every path that could be tested, with and without its copula term, a row each."""
    assert story.checks.copulas is not None
    tested = story.checks.copulas.paths.dropna(subset="copula")
    labels = [story.joined((row.predictor, row.outcome)) for row in tested.itertuples()]
    figure, axes, height = charts.row_chart(labels, story.say("check_chart.path"), top=1.2, row=0.5)
    names = [story.say(f"check_chart.{key}") for key in ("before", "after")]
    axes.plot(tested["estimate"], height - 0.14, "o", color=ACCENT, markersize=5.5, label=names[0])
    numbers = tested["corrected"], tested["ci_lower"], tested["ci_upper"]
    charts.draw_interval(axes, height + 0.14, *numbers, WARM, "s", label=names[1])
    axes.axvline(0, color=INK, linewidth=0.8)
    charts.legend_above(axes, 2)
    return figure
