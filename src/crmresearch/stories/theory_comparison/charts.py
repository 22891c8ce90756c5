"""The figures of a comparison of theories: what each explains, and its step from satisfaction to loyalty."""

from matplotlib.figure import Figure

from crmresearch.palette import ACCENT, WARM
from crmresearch.stories import charts
from crmresearch.stories.satisfaction.charts import by_estimator
from crmresearch.stories.theory_comparison.story import TheoryComparisonStory

OF_AIMS = {"satisfaction": (ACCENT, "o", -0.14), "loyalty": (WARM, "s", 0.14)}


def plot_explained(story: TheoryComparisonStory) -> Figure:
    """R² of satisfaction and loyalty with intervals, a row a theory."""
    names, x = [story.names[key] for key in story.each], story.say("theory_chart.r_squared")
    figure, axes, height = charts.row_chart(names, x, top=1.1, row=0.5)
    known = story.comparison.explained.set_index(["aim", "theory"])[["r_squared", "ci_lower", "ci_upper"]]
    marks = {aim: (story.say(f"aim.{aim}"), *style) for aim, style in OF_AIMS.items()}
    charts.draw_marks(axes, height, known, list(story.each), marks)
    axes.set_xlim(0, 1)
    charts.legend_above(axes)
    return figure


def plot_everywhere(story: TheoryComparisonStory) -> Figure:
    """The direct path from satisfaction to loyalty by survey, theory and estimator that can be read, a row a theory."""
    theories = story.everywhere.groupby("dataset", sort=False)["theory"].unique()
    rows = {(title, name): name or str(title) for title, names in theories.items() for name in ("", *names)}
    known = story.everywhere.set_index(["estimator", "dataset", "theory"])
    figure = by_estimator(known, rows, story.say("theory_chart.direct"), lambda one: story.say(f"word.{one}"), 0.42)
    for label, (_, name) in zip(figure.axes[0].get_yticklabels(), rows, strict=True):
        label.set_fontweight("normal" if name else "bold")  # its title above a survey
    return figure


def plot_steps(story: TheoryComparisonStory) -> Figure:
    """Direct and total effect of satisfaction on loyalty by every estimator that can be read, a row each."""
    effects = {effect: story.say(f"effect.{effect}") for effect in ("direct", "total")}
    rows = {(key, effect): f"{story.names[key]} · {told}" for key in story.each for effect, told in effects.items()}
    known = story.reading.steps.set_index(["estimator", "theory", "effect"])
    return by_estimator(known, rows, story.say("theory_chart.step"), lambda one: story.say(f"word.{one}"), 0.42)
