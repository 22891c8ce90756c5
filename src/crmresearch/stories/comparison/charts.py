"""The figures of a comparison: stability × validity, forest, gains, agreement, transitions, flows, profiles."""

from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

from crmresearch.palette import QUIET, SERIES, SHADE
from crmresearch.segmentation.monitoring.drift import transition_matrix
from crmresearch.segmentation.stability.agreement import likeness
from crmresearch.stories import charts
from crmresearch.stories.charts import FAMILIES, FONT
from crmresearch.stories.comparison.story import ComparisonStory

HALF = 0.5  # of the customers, whom a campaign would choose among; behind them all curves meet
LINES: list[Any] = ["-", (0, (6, 2)), (0, (2, 1.5)), (0, (6, 2, 1, 2)), "--"]


def plot_validity_stability(story: ComparisonStory) -> Figure:
    """R² against ARI of the refits, a point a segmentation; dashed lines: the best single number and no segments."""
    table, single = story.ranking.segmentations.dropna(subset=["ari", "r2"]), story.ranking.single
    figure, axes = charts.chart(
        9.0, 6.4, story.say("chart.ari"), story.say("chart.validity"), grid="both", kind="points"
    )
    for family, part in table.groupby("family", sort=False):
        marker, colour = FAMILIES[family]
        name = story.say(f"family.{family}")
        axes.plot(part["ari"], part["r2"], marker, color=colour, markersize=7, label=name, linestyle="none")
    left = np.floor(10 * float(table["ari"].min()) - 0.5) / 10
    width = 1 - left
    axes.plot([left, 1], [single["r2"]] * 2, color=QUIET, linestyle="--", linewidth=1)
    axes.set_xlim(left, 1 + 0.36 * width)  # room for the names on the right
    name = story.method_name(single["method"])
    axes.text(left + 0.01 * width, single["r2"], name, fontsize=FONT, color=QUIET, va="bottom")
    labels, colours = story.names(table["method"]), [FAMILIES[key][1] for key in table["family"]]
    charts.name_beside(axes, table["ari"].to_numpy(float), table["r2"].to_numpy(float), labels, colours, width)
    axes.set_xticks(np.arange(np.ceil(10 * left) / 10, 1.001, 0.1))
    charts.legend_above(axes, 6)
    return figure


def plot_forest(story: ComparisonStory) -> Figure:
    """R² of every segmentation with its interval, in blocks of equal number, beside the best single number."""
    table, single = story.ranking.segmentations, story.ranking.single
    blocks = list(dict.fromkeys(table["block"]))
    sizes = [int((table["block"] == block).sum()) for block in blocks]
    figure, panels = plt.subplots(
        len(blocks), 1, figsize=(8.2, 1.3 + 0.27 * len(table) + 0.25 * len(blocks)), layout="constrained", sharex=True,
        height_ratios=[size + 1 for size in sizes], squeeze=False,
    )  # fmt: skip
    figure.set_label("rows")
    for axes, block in zip(panels[:, 0], blocks, strict=True):
        rows = table[table["block"] == block]
        axes.axvspan(single["r2_lower"], single["r2_upper"], color=SHADE, zorder=0)
        axes.axvline(single["r2"], color=QUIET, linestyle="--", linewidth=1)
        heights = charts.label_rows(axes, story.names(rows["method"]))
        for y, row in zip(heights, rows.itertuples(), strict=True):
            marker, colour = FAMILIES[str(row.family)]
            charts.draw_interval(axes, y, row.r2, row.r2_lower, row.r2_upper, colour, marker)
        title = story.say("block.equal", k=block) if block else story.say("block.other")
        axes.set_title(title, loc="left", fontsize=10, fontweight="bold")
        charts.dress(axes, "x")
    panels[-1, 0].set_xlabel(f"{story.say('chart.r2')} ({story.method_name(single['method'])}: - -)")
    return figure


def plot_gains(story: ComparisonStory) -> Figure:
    """Share of spend held by the best-ranked half of the customers: the best segmentation, rule and forecast."""
    ordered = story.ranking.everything.sort_values("gini", ascending=False, kind="stable")
    leaders = ordered[ordered["kind"] != "none"].drop_duplicates("kind")["method"]
    figure, axes = charts.chart(
        7.4, 4.6, story.say("chart.gains_share"), story.say("chart.gains_captured"), grid="both", kind="gains"
    )
    gains = story.benchmark.evaluation.gains
    lines, named = [], [*map(story.method_name, leaders), story.say("chart.random")]
    for method in leaders:
        part = gains[(gains["method"] == method) & (gains["share"] <= HALF + 1e-9)]
        lines.append(([0, *part["share"]], [0, *part["captured"]]))
    lines.append(([0, HALF], [0, HALF]))
    for (shares, captured), style, colour in zip(lines, LINES, [*SERIES[: len(leaders)], QUIET], strict=False):
        axes.plot(shares, captured, linestyle=style, color=colour, linewidth=1.8)
    axes.set(xlim=(0, HALF), ylim=(0, 1))
    ends = np.array([captured[-1] for _, captured in lines], dtype=float)
    colours = [*SERIES[: len(leaders)], QUIET]
    charts.name_beside(axes, np.full(len(ends), HALF), ends, named, colours, HALF, right=HALF)
    return figure


def plot_agreement(story: ComparisonStory) -> Figure:
    """Adjusted mutual information of every two segmentations, each pair once, neighbours alike."""
    square = likeness(story.benchmark.agreement).iloc[1:, :-1]
    square = square.where(np.tri(len(square), dtype=bool)).rename(index=story.method_name, columns=story.method_name)
    words = story.say("chart.agreement"), "", ""
    style: dict[str, Any] = {"vmin": 0, "vmax": 1, "square": True, "annot": 100 * square, "cbar_kws": {"shrink": 0.6}}
    return charts.heat_map(square, (0.29, 0.29), (2.6, 2.0), words, numbers=6.5, turned=90, **style)


def plot_transitions(story: ComparisonStory) -> Figure:
    """Where the customers of each segment of the lead method were one window later, by frozen cut points."""
    moves = transition_matrix(story.benchmark.before[story.lead], story.benchmark.after[story.lead])
    labels = story.labels(story.lead)
    square = moves.pivot_table(index="before", columns="after", values="share", sort=False, dropna=False)
    square = 100 * square.loc[square.notna().any(axis=1)].rename(index=labels, columns=labels)
    below, beside = story.say("chart.moved_to"), story.say("chart.moved_from")
    words = story.say("chart.moved_share"), below, beside
    turned = 40 if max(map(len, labels.values())) > 5 else 0
    return charts.heat_map(square, (0.62, 0.42), (3.4, 1.9), words, turned=turned, vmin=0, vmax=100)


def plot_flows(story: ComparisonStory) -> Figure:
    """Ribbons from the segments of one method to those of the lead, as wide as their customers are many."""
    methods = (story.ranking.rival, story.lead)
    stages, names = [story.benchmark.segments(method) for method in methods], [story.labels(m) for m in methods]
    return charts.ribbons((8.4, 5.6), stages, names, [story.method_name(method) for method in methods])


def plot_profiles(story: ComparisonStory) -> Figure:
    """Mean of every feature in each segment of the lead method, in standard deviations from all customers."""
    profiles = story.profiles()
    limit = float(np.nanmax(np.abs(profiles.to_numpy())))
    style: dict[str, Any] = {"fmt": "+.1f", "cmap": "RdBu_r", "center": 0, "vmin": -limit, "vmax": limit}
    words = story.say("chart.deviation"), "", ""
    return charts.heat_map(profiles, (0.75, 0.42), (2.6, 1.9), words, turned=40, **style)
