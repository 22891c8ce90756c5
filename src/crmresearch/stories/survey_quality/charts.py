"""The figures of a survey's quality: the answers to every item, and the longest run of one answer."""

import numpy as np
from matplotlib.figure import Figure

from crmresearch.palette import ACCENT
from crmresearch.stories import charts
from crmresearch.stories.survey_quality.story import SurveyQualityStory


def plot_answers(story: SurveyQualityStory) -> Figure:
    """Share of every answer among the answers to each item, an item a row."""
    answers = story.quality.answers
    shares = answers.pivot(index="item", columns="answer", values="share").reindex(story.quality.items.columns)
    whole = all(float(answer).is_integer() for answer in shares.columns)
    shares.columns = [f"{answer:.0f}" if whole else f"{answer:g}" for answer in shares.columns]
    words = story.say("quality_chart.share"), story.say("quality_chart.answer"), ""
    shares = 100 * shares.fillna(0)
    return charts.heat_map(shares, (0.52, 0.27), (2.4, 1.4), words, labels=9, vmin=0, linewidths=0.5)


def plot_runs(story: SurveyQualityStory) -> Figure:
    """How many respondents have which longest run of one and the same answer."""
    counts = story.quality.lining["longest_run"].value_counts().sort_index()
    lengths = np.arange(counts.index.min(), counts.index.max() + 1)
    names = story.say("quality_chart.run"), story.say("quality_chart.respondents")
    figure, axes = charts.chart(7.2, 3.2, *names, grid="y", kind="bars")
    axes.bar(lengths, counts.reindex(lengths, fill_value=0), color=ACCENT, width=0.8)
    return figure
