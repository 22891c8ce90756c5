"""The figures of a survey's quality: the answers to every item, and the longest run of one answer."""

import matplotlib.pyplot as plt
import numpy as np
import seaborn as sns
from matplotlib.figure import Figure

from crmresearch.stories.survey_quality.story import SurveyQualityStory

ACCENT = "#1f5f8b"


def plot_answers(story: SurveyQualityStory) -> Figure:
    """Share of every answer among the answers to each item, an item a row."""
    answers = story.quality.answers
    shares = answers.pivot(index="item", columns="answer", values="share").reindex(story.quality.items.columns)
    whole = all(float(answer).is_integer() for answer in shares.columns)
    labels = [f"{answer:.0f}" if whole else f"{answer:g}" for answer in shares.columns]
    figure, axes = plt.subplots(figsize=(2.4 + 0.52 * len(labels), 1.4 + 0.27 * len(shares)), layout="constrained")
    sns.heatmap(100 * shares.fillna(0), annot=True, fmt=".0f", cmap="Blues", vmin=0, ax=axes, annot_kws={"fontsize": 8},
                xticklabels=labels, cbar_kws={"label": story.say("quality_chart.share")}, linewidths=0.5)  # fmt: skip
    axes.set(xlabel=story.say("quality_chart.answer"), ylabel="")
    axes.tick_params(axis="y", rotation=0, labelsize=9)
    return figure


def plot_runs(story: SurveyQualityStory) -> Figure:
    """How many respondents have which longest run of one and the same answer."""
    counts = story.quality.lining["longest_run"].value_counts().sort_index()
    lengths = np.arange(counts.index.min(), counts.index.max() + 1)
    figure, axes = plt.subplots(figsize=(7.2, 3.2), layout="constrained")
    axes.bar(lengths, counts.reindex(lengths, fill_value=0), color=ACCENT, width=0.8)
    axes.set(xlabel=story.say("quality_chart.run"), ylabel=story.say("quality_chart.respondents"))
    axes.grid(axis="y", color="#e4e7eb", linewidth=0.8)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)
    return figure


def seen(story: SurveyQualityStory, figure: str) -> dict[str, object]:
    """What the alternative text of a figure (answers, runs) names."""
    if figure == "runs":
        longest = story.quality.lining["longest_run"]
        return {"least": int(longest.min()), "most": int(longest.max()), "median": longest.median()}
    answers = story.quality.answers
    common = answers.loc[answers.groupby("item", sort=False)["share"].idxmax()]
    return {"items": len(common), "answers": story.some([f"{row.item} {row.answer:g}" for row in common.itertuples()])}
