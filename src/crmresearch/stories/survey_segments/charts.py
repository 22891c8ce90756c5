"""The figures of survey segments: what speaks for each number, segment profiles, index and path of every segment."""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from crmresearch.palette import ACCENT, ACCENT_BAND, INK, QUIET, RULE, WARM
from crmresearch.segmentation.respondents import STANDS_OUT
from crmresearch.segmentation.stability.stability import NAMED
from crmresearch.sem.groups import ALL
from crmresearch.stories import charts
from crmresearch.stories.survey_segments.story import SurveySegmentStory


def plot_numbers(story: SurveySegmentStory) -> Figure:
    """BIC, entropy R², stability and SLSw over the number of segments, the chosen one marked."""
    table, segments = story.numbers.solutions, story.numbers.segments
    several = table[table.k > 1]
    figure, grid = plt.subplots(2, 2, figsize=(7.4, 5.0), sharex=True, layout="constrained")
    figure.set_label("lines")
    bic, entropy, stability, within = grid.ravel()
    bic.plot(table.k, table.bic, "o-", color=ACCENT, markersize=5)
    entropy.plot(several.k, several.entropy_r2, "o-", color=ACCENT, markersize=5)
    entropy.set_ylim(min(0.6, several.entropy_r2.min() - 0.05), 1)
    stability.fill_between(several.k, several.lower, several.upper, color=ACCENT_BAND, linewidth=0)
    classes, medians = story.say("survey_chart.classes"), story.say("survey_chart.medians")
    stability.plot(several.k, several.stability, "o-", color=ACCENT, markersize=5, label=classes)
    stability.plot(several.k, several.medians_stability, "s--", color=WARM, markersize=4, label=medians)
    stability.legend(frameon=False, fontsize=8.5, loc="lower left")
    for named, colour in ((True, ACCENT), (False, QUIET)):
        part = segments[segments.named == named]
        within.plot(part.k, part.slsw, "o", color=colour, markersize=6, alpha=0.85)
    for axes, key in ((bic, "bic"), (entropy, "entropy"), (stability, "stability"), (within, "slsw")):
        axes.axvline(story.numbers.chosen, color=INK, linewidth=0.9, linestyle="--", zorder=0)
        axes.set_title(story.say(f"survey_chart.{key}"), fontsize=10, loc="left", color=INK)
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        charts.dress(axes)
    for axes in (stability, within):
        axes.axhline(NAMED, color=QUIET, linewidth=0.9)
        axes.set_ylim(0, 1.02)
        axes.set_xlabel(story.say("survey_chart.segments"))
    return figure


def plot_profiles(story: SurveySegmentStory) -> Figure:
    """Segment profile plot (Dolnicar & Leisch, 2014): deviation of every item, a panel a segment."""
    profile = story.found.profile
    size = max(7.4, 1.4 + 1.75 * len(profile)), 1.2 + 0.235 * profile.shape[1]
    figure, panels = plt.subplots(1, len(profile), figsize=size, sharey=True, sharex=True, layout="constrained",
                                  squeeze=False)  # fmt: skip
    figure.set_label("row_bars")
    most = float(np.nanmax(np.abs(profile.to_numpy())))
    ends = np.cumsum([len(items) for items in story.constructs.values()])[:-1]  # of the items of a construct
    for axes, (key, values) in zip(panels[0], profile.iterrows(), strict=True):
        height = charts.label_rows(axes, list(profile.columns), fontsize=8.5)
        colour, ink = (ACCENT, INK) if story.found.stable(key) else (QUIET, QUIET)
        bars = axes.barh(height, np.nan_to_num(values), color=colour, height=0.72)
        for bar, value in zip(bars, values, strict=True):
            bar.set_alpha(1.0 if abs(value) >= STANDS_OUT else 0.35)
        for end in ends:
            axes.axhline(end - 0.5, color=RULE, linewidth=0.8, zorder=0)
        axes.axvline(0, color=INK, linewidth=0.8)
        title = story.say("survey.segment_share", segment=story.label(key, short=True), share=story.found.shares[key])
        axes.set_title(title, fontsize=9.5, color=ink)
        axes.set_xlim(-1.1 * most, 1.1 * most)
        charts.dress(axes)
    figure.supxlabel(story.say("survey_chart.deviation"), fontsize=9.5)
    return figure


def plot_outcomes(story: SurveySegmentStory) -> Figure:
    """Index of satisfaction and loyalty (left) and path between them (right) for everybody and every segment."""
    assert story.models is not None
    keys = [ALL, *story.found.keys]
    colours = [INK, *(ACCENT if story.found.stable(key) else QUIET for key in story.found.keys)]
    figure, (left, right) = plt.subplots(1, 2, figsize=(7.6, 1.3 + 0.42 * len(keys)), sharey=True, layout="constrained")
    figure.set_label("rows")
    for axes in (left, right):
        height = charts.label_rows(axes, [story.label(key, short=True) for key in keys])
        charts.dress(axes, "x")
    table = story.models.index.set_index(["construct", "segment"])
    for construct, marker, offset in zip(story.aims.values(), "os", (-0.12, 0.12), strict=False):
        rows = table.loc[construct].reindex(keys).itertuples()
        for y, colour, row in zip(height + offset, colours, rows, strict=True):
            charts.draw_interval(left, y, row.estimate, row.ci_lower, row.ci_upper, colour, marker)
        left.plot([], [], marker, color=INK, label=story.construct(construct), linestyle="none")
    for y, colour, key in zip(height, colours, keys, strict=True):
        if key in story.steps.index:
            row = story.steps.loc[key]
            charts.draw_interval(right, y, row.estimate, row.ci_lower, row.ci_upper, colour, "D")
        elif key in story.models.small:
            note = story.say("survey.too_small", count=story.models.small[key])
            right.annotate(note, (0, y), (6, 0), textcoords="offset points", va="center", fontsize=8.5, color=QUIET)
    right.axvline(0, color=INK, linewidth=0.8)
    charts.legend_above(left, 2, size=8.5)
    left.set(xlim=(0, 100), xlabel=story.say("survey_chart.index"))
    right.set_xlabel(story.say("survey_chart.path"))
    return figure
