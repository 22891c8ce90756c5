"""The figures of survey segments: what speaks for each number, segment profiles, index and path of every segment."""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from crmresearch.segmentation.stability.stability import NAMED
from crmresearch.sem.groups import ALL
from crmresearch.stories.survey_segments.story import STANDS_OUT, SurveySegmentStory

INK, ACCENT, QUIET, WARM, PALE = "#1f2933", "#1f5f8b", "#8a949e", "#b26a00", "#b9d0e0"


def plot_numbers(story: SurveySegmentStory) -> Figure:
    """BIC, entropy R², stability and SLSw over the number of segments, the chosen one marked."""
    table = story.numbers.solutions
    several = table[table.k > 1]
    figure, grid = plt.subplots(2, 2, figsize=(7.4, 5.0), sharex=True, layout="constrained")
    bic, entropy, stability, within = grid.ravel()
    bic.plot(table.k, table.bic, "o-", color=ACCENT, markersize=5)
    entropy.plot(several.k, several.entropy_r2, "o-", color=ACCENT, markersize=5)
    entropy.set_ylim(min(0.6, several.entropy_r2.min() - 0.05), 1)
    stability.fill_between(several.k, several.lower, several.upper, color=PALE, linewidth=0)
    stability.plot(
        several.k, several.stability, "o-", color=ACCENT, markersize=5, label=story.say("survey_chart.classes")
    )
    stability.plot(several.k, several.medians_stability, "s--", color=WARM, markersize=4,
                   label=story.say("survey_chart.medians"))  # fmt: skip
    stability.legend(frameon=False, fontsize=8.5, loc="lower left")
    segments = story.numbers.segments
    for named, colour in ((True, ACCENT), (False, QUIET)):
        part = segments[segments.named == named]
        within.plot(part.k, part.slsw, "o", color=colour, markersize=6, alpha=0.85)
    for axes, key in ((bic, "bic"), (entropy, "entropy"), (stability, "stability"), (within, "slsw")):
        axes.axvline(story.numbers.chosen, color=INK, linewidth=0.9, linestyle="--", zorder=0)
        axes.set_title(story.say(f"survey_chart.{key}"), fontsize=10, loc="left", color=INK)
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.spines[["top", "right"]].set_visible(False)
    for axes in (stability, within):
        axes.axhline(NAMED, color=QUIET, linewidth=0.9)
        axes.set_ylim(0, 1.02)
        axes.set_xlabel(story.say("survey_chart.segments"))
    return figure


def plot_profiles(story: SurveySegmentStory) -> Figure:
    """Segment profile plot (Dolnicar & Leisch, 2014): deviation of every item, a panel a segment."""
    profile = story.profile
    height = np.arange(profile.shape[1])
    width = max(7.4, 1.4 + 1.75 * len(profile))
    figure, panels = plt.subplots(1, len(profile), figsize=(width, 1.2 + 0.235 * len(height)), sharey=True, sharex=True,
                                  layout="constrained", squeeze=False)  # fmt: skip
    most = float(np.nanmax(np.abs(profile.to_numpy())))
    for axes, key in zip(panels[0], profile.index, strict=True):
        values = profile.loc[key].to_numpy()
        colour = ACCENT if story.stable(key) else QUIET
        strong = np.abs(values) >= STANDS_OUT
        bars = axes.barh(height, np.nan_to_num(values), color=colour, height=0.72)
        for bar, solid in zip(bars, strong, strict=True):
            bar.set_alpha(1.0 if solid else 0.35)
        _construct_lines(axes, story)
        axes.axvline(0, color=INK, linewidth=0.8)
        share = story.sizes[key] / story.sizes.sum()
        title = story.say("survey.segment_share", segment=story.label(key, short=True), share=share)
        axes.set_title(title, fontsize=9.5, color=INK if story.stable(key) else QUIET)
        axes.set_xlim(-1.1 * most, 1.1 * most)
        axes.spines[["top", "right", "left"]].set_visible(False)
        axes.tick_params(axis="y", length=0)
    panels[0][0].set_yticks(height, list(profile.columns), fontsize=8.5)
    panels[0][0].set_ylim(len(height) - 0.4, -0.6)
    figure.supxlabel(story.say("survey_chart.deviation"), fontsize=9.5)
    return figure


def _construct_lines(axes: Axes, story: SurveySegmentStory) -> None:
    """A thin line between the items of one construct and the next."""
    ends = np.cumsum([len(items) for items in story.constructs.values()])[:-1]
    for end in ends:
        axes.axhline(end - 0.5, color="#d5dae0", linewidth=0.8, zorder=0)


def plot_outcomes(story: SurveySegmentStory) -> Figure:
    """Index of satisfaction and loyalty (left) and path between them (right) for everybody and every segment."""
    theory = story.specification.theory
    keys = [ALL, *story.keys]
    height = np.arange(len(keys))
    figure, (left, right) = plt.subplots(1, 2, figsize=(7.6, 1.3 + 0.42 * len(keys)), sharey=True, layout="constrained")
    table = story.models.index.set_index(["construct", "segment"])
    for construct, marker, offset in ((theory.satisfaction, "o", -0.12), (theory.loyalty, "s", 0.12)):
        rows = table.loc[construct].reindex(keys)
        for y, key, row in zip(height, keys, rows.itertuples(), strict=True):
            left.hlines(y + offset, row.ci_lower, row.ci_upper, color=_colour(story, key), linewidth=1.8)
            left.plot(row.estimate, y + offset, marker, color=_colour(story, key), markersize=5.5)
        left.plot([], [], marker, color=INK, label=story.construct(construct), linestyle="none")
    for y, key in zip(height, keys, strict=True):
        if key in story.steps.index:
            row = story.steps.loc[key]
            right.hlines(y, row.ci_lower, row.ci_upper, color=_colour(story, key), linewidth=1.8)
            right.plot(row.estimate, y, "D", color=_colour(story, key), markersize=5.5)
        elif key in story.models.small:
            note = story.say("survey.too_small", count=story.models.small[key])
            right.annotate(note, (0, y), (6, 0), textcoords="offset points", va="center", fontsize=8.5, color=QUIET)
    right.axvline(0, color=INK, linewidth=0.8)
    left.legend(frameon=False, fontsize=8.5, loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=2)
    left.set(xlim=(0, 100), xlabel=story.say("survey_chart.index"))
    right.set_xlabel(story.say("survey_chart.path"))
    left.set_yticks(height, [story.label(key, short=True) for key in keys])
    left.set_ylim(len(keys) - 0.4, -0.6)
    for axes in (left, right):
        axes.spines[["top", "right", "left"]].set_visible(False)
        axes.tick_params(axis="y", length=0)
        axes.grid(axis="x", color="#e4e7eb", linewidth=0.8)
        axes.set_axisbelow(True)
    return figure


def _colour(story: SurveySegmentStory, key: str) -> str:
    if key == ALL:
        return INK
    return ACCENT if story.stable(key) else QUIET
