"""The figures of a strategy: the decisions as a matrix, and the importance of every factor with its interval."""

from itertools import pairwise

from matplotlib.figure import Figure

from crmresearch.palette import ACCENT, PALE, QUIET, RULE, SHADE, WARM
from crmresearch.stories import charts
from crmresearch.stories.marketing_strategy.story import MarketingStrategyStory

FACES = {"strengthen": WARM, "keep": ACCENT, "reduce": PALE, "undecided": SHADE}


def plot_decisions(story: MarketingStrategyStory) -> Figure:
    """Factors in the order of their stages by segments, a cell its decision with importance and performance."""
    names, parts = story.segments, [story.strategy.of(segment) for segment in story.drivers.segments]
    stages = parts[0]["stage"]
    rows = [f"{story.stage(s)} · {story.factor(key)}" if s else story.factor(key) for key, s in stages.items()]
    cells = [
        [
            (
                story.say(f"decision.{row.decision}"),
                story.say(
                    f"matrix.{'cell' if row.importance == row.importance else 'none'}",
                    importance=row.importance,
                    performance=row.performance,
                ),
                FACES[row.decision],
            )
            for row in (part.loc[key] for part in parts)
        ]
        for key in stages.index
    ]
    return charts.matrix(rows, names, cells, [y for y, (one, next_) in enumerate(pairwise(stages)) if one != next_])


def plot_importance(story: MarketingStrategyStory) -> Figure:
    """Importance of every factor with its interval, a panel a segment; the cut dashed, the too little shaded."""
    names, x = list(map(story.factor, story.drivers.factors)), story.say("strategy_chart.importance")
    figure, panels, height = charts.row_panels(story.segments, names, x)
    for axes, segment in zip(panels, story.drivers.segments, strict=True):
        rows = story.strategy.of(segment)
        axes.axvspan(0, story.strategy.rule.relevant, color=RULE, linewidth=0, zorder=0)
        axes.axvline(rows["importance_cut"].iloc[0], color=QUIET, linestyle="--", linewidth=1)
        numbers = rows["importance"], rows["importance_lower"], rows["importance_upper"]
        charts.draw_interval(axes, height, *numbers, ACCENT, size=4.5, width=1.5)
    return figure
