"""The figures of a comparison: stability × validity, forest, gains, agreement, transitions, flows, profiles."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from scipy.cluster.hierarchy import leaves_list, linkage
from scipy.spatial.distance import squareform
from sklearn.isotonic import isotonic_regression

from crmresearch.segmentation.contract import Floats
from crmresearch.segmentation.monitoring.drift import transition_matrix
from crmresearch.stories.alluvial import draw_alluvial
from crmresearch.stories.comparison.story import ComparisonStory

INK, QUIET = "#1f2933", "#8a949e"
COLOURS = {"rfm": "#1f5f8b", "value": "#b26a00", "stage": "#2e7d32", "clusters": "#8e3b8a", "tree": "#b3261e"}
MARKERS = {"rfm": "o", "value": "s", "stage": "^", "clusters": "D", "tree": "P", "own": "X", "other": "v"}
FONT = 8.5
GAIN_METHODS = 4  # families whose best segmentation is drawn: more curves are one grey band


def plot_validity_stability(story: ComparisonStory) -> Figure:
    """R² against ARI of the refits, a point a segmentation; dashed lines: the best single number and no segments."""
    table = story.segmentations.dropna(subset=["ari", "r2"])
    figure, axes = plt.subplots(figsize=(9.0, 6.4), layout="constrained")
    for family, part in table.groupby("family", sort=False):
        axes.plot(part["ari"], part["r2"], MARKERS[family], color=COLOURS.get(family, INK), markersize=7,
                  label=story.say(f"family.{family}"), linestyle="none")  # fmt: skip
    single = story.single
    left = np.floor(10 * float(table["ari"].min()) - 0.5) / 10
    width = 1 - left
    axes.plot([left, 1], [single["r2"]] * 2, color=QUIET, linestyle="--", linewidth=1)
    axes.set_xlim(left, 1 + 0.36 * width)  # room for the names on the right
    axes.text(left + 0.01 * width, single["r2"], story.name(single["method"]), fontsize=FONT, color=QUIET, va="bottom")
    low, high = axes.get_ylim()
    _names_on_the_right(axes, story, table, (high - low) / 34, width)
    axes.set_xticks(np.arange(np.ceil(10 * left) / 10, 1.001, 0.1))
    axes.set(xlabel=story.say("chart.ari"), ylabel=story.say("chart.validity"))
    axes.legend(frameon=False, loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=6, fontsize=9)
    axes.grid(color="#e4e7eb", linewidth=0.8)
    axes.spines[["top", "right"]].set_visible(False)
    return figure


def _names_on_the_right(axes: Axes, story: ComparisonStory, table: pd.DataFrame, gap: float, width: float) -> None:
    """A name for every point in one column, in the order of height, apart by `gap`, tied to its point."""
    ordered = table.sort_values("r2")
    heights = spread(ordered["r2"].to_numpy(float), gap)
    for (_, row), height in zip(ordered.iterrows(), heights, strict=True):
        colour = COLOURS.get(str(row["family"]), INK)
        axes.plot(
            [row["ari"], 1 + 0.03 * width, 1 + 0.06 * width],
            [row["r2"], height, height],
            color=colour,
            linewidth=0.6,
            alpha=0.45,
        )
        axes.text(1 + 0.07 * width, height, story.name(row["method"]), fontsize=FONT, color=colour, va="center")


def spread(heights: Floats, gap: float) -> Floats:
    """Ascending heights (n,) moved apart to at least `gap`, as little as possible in squares (isotonic regression)."""
    steps = gap * np.arange(len(heights))
    placed: Floats = isotonic_regression(heights - steps) + steps
    return placed


def plot_forest(story: ComparisonStory) -> Figure:
    """R² of every segmentation with its interval, in blocks of equal number, beside the best single number."""
    table = story.segmentations
    blocks = list(dict.fromkeys(table["block"]))
    sizes = [int((table["block"] == block).sum()) for block in blocks]
    figure, panels = plt.subplots(
        len(blocks), 1, figsize=(8.2, 1.3 + 0.27 * len(table) + 0.25 * len(blocks)), layout="constrained", sharex=True,
        height_ratios=[size + 1 for size in sizes], squeeze=False,
    )  # fmt: skip
    single = story.single
    for axes, block in zip(panels[:, 0], blocks, strict=True):
        rows = table[table["block"] == block]
        height = np.arange(len(rows))
        axes.axvspan(single["r2_lower"], single["r2_upper"], color="#eef1f4", zorder=0)
        axes.axvline(single["r2"], color=QUIET, linestyle="--", linewidth=1)
        for y, row in zip(height, rows.itertuples(), strict=True):
            colour = COLOURS.get(str(row.family), INK)
            axes.hlines(y, row.r2_lower, row.r2_upper, color=colour, linewidth=1.8)
            axes.plot(row.r2, y, MARKERS[str(row.family)], color=colour, markersize=5.5)
        axes.set_yticks(height, [story.name(key) for key in rows["method"]])
        axes.set_ylim(len(rows) - 0.4, -0.6)
        title = story.say("block.equal", k=block) if block else story.say("block.other")
        axes.set_title(title, loc="left", fontsize=10, fontweight="bold")
        axes.grid(axis="x", color="#e4e7eb", linewidth=0.8)
        axes.spines[["top", "right", "left"]].set_visible(False)
        axes.tick_params(axis="y", length=0)
    panels[-1, 0].set_xlabel(f"{story.say('chart.r2')} ({story.name(single['method'])}: - -)")
    return figure


def plot_gains(story: ComparisonStory) -> Figure:
    """Share of spend held by the best-ranked customers: the best of each family and the best single number."""
    gains = story.benchmark.evaluation.gains
    ordered = story.segmentations.sort_values("gini", ascending=False, kind="stable")
    leaders = ordered.drop_duplicates("family")["method"].iloc[:GAIN_METHODS]
    figure, axes = plt.subplots(figsize=(6.4, 5.0), layout="constrained")
    styles = ["-", (0, (6, 2)), (0, (2, 1.5)), (0, (6, 2, 1, 2)), "-"]
    colours = ["#1f5f8b", "#8e3b8a", "#2e7d32", "#b3261e", "#b26a00"]
    shown = [*leaders, story.single["method"]]
    for method, style, colour in zip(shown, styles, colours, strict=False):
        part = gains[gains["method"] == method]
        axes.plot([0, *part["share"]], [0, *part["captured"]], linestyle=style, color=colour, linewidth=1.7,
                  label=story.name(method))  # fmt: skip
    axes.plot([0, 1], [0, 1], color=QUIET, linestyle="--", linewidth=1, label=story.say("chart.random"))
    axes.set(xlim=(0, 1), ylim=(0, 1), xlabel=story.say("chart.gains_share"), ylabel=story.say("chart.gains_captured"))
    axes.legend(frameon=False, loc="lower right", fontsize=9)
    axes.spines[["top", "right"]].set_visible(False)
    return figure


def plot_agreement(story: ComparisonStory) -> Figure:
    """Adjusted mutual information of every two segmentations, each pair once, neighbours alike (average linkage)."""
    square = story.benchmark.agreement.pivot_table(index="method", columns="other", values="ami", sort=False)
    apart = np.clip(1 - square.to_numpy(), 0, None)
    np.fill_diagonal(apart, 0)
    order = leaves_list(linkage(squareform(apart, checks=False), "average", optimal_ordering=True))
    square = square.iloc[order, order]
    square = square.iloc[1:, :-1]
    square = square.where(np.tri(len(square), dtype=bool))
    side = 0.29 * len(square)
    figure, axes = plt.subplots(figsize=(side + 2.6, side + 2.0), layout="constrained")
    sns.heatmap(square, cmap="Blues", vmin=0, vmax=1, ax=axes, square=True, annot=100 * square, fmt=".0f",
                annot_kws={"fontsize": 6.5}, xticklabels=[story.name(key) for key in square.columns],
                yticklabels=[story.name(key) for key in square.index],
                cbar_kws={"label": story.say("chart.agreement"), "shrink": 0.6})  # fmt: skip
    axes.set(xlabel="", ylabel="")
    axes.tick_params(axis="x", rotation=90, labelsize=FONT)
    axes.tick_params(axis="y", rotation=0, labelsize=FONT)
    return figure


def plot_transitions(story: ComparisonStory) -> Figure:
    """Where the customers of each segment of the lead method were one window later, by frozen cut points."""
    method = story.lead
    moves = transition_matrix(story.benchmark.before[method], story.benchmark.after[method])
    labels = story.labels(method)
    square = moves.pivot_table(index="before", columns="after", values="share", sort=False, dropna=False)
    square = square.loc[square.notna().any(axis=1)]
    figure, axes = plt.subplots(figsize=(0.62 * square.shape[1] + 3.4, 0.42 * len(square) + 1.9), layout="constrained")
    sns.heatmap(100 * square, annot=True, fmt=".0f", cmap="Blues", vmin=0, vmax=100, ax=axes, annot_kws={"fontsize": 8},
                cbar_kws={"label": story.say("chart.moved_share")},
                xticklabels=[labels.get(key, key) for key in square.columns],
                yticklabels=[labels.get(key, key) for key in square.index])  # fmt: skip
    axes.set_xlabel(story.say("chart.moved_to", cutoff=story.table.cutoff))
    axes.set_ylabel(story.say("chart.moved_from", earlier=story.earlier.cutoff))
    axes.tick_params(axis="x", rotation=40 if max(map(len, labels.values())) > 5 else 0, labelsize=FONT)
    plt.setp(axes.get_xticklabels(), ha="right" if max(map(len, labels.values())) > 5 else "center")
    axes.tick_params(axis="y", rotation=0, labelsize=FONT)
    return figure


def plot_flows(story: ComparisonStory) -> Figure:
    """Ribbons from the segments of one method to those of the lead, as wide as their customers are many."""
    figure, axes = plt.subplots(figsize=(8.4, 5.6), layout="constrained")
    stages = [story.benchmark.segments(method) for method in (story.rival, story.lead)]
    names = [story.labels(method) for method in (story.rival, story.lead)]
    draw_alluvial(axes, stages, names, [story.name(story.rival), story.name(story.lead)])
    return figure


def plot_profiles(story: ComparisonStory) -> Figure:
    """Mean of every feature in each segment of the lead method, in standard deviations from all customers."""
    profiles = story.profiles()
    limit = float(np.nanmax(np.abs(profiles.to_numpy())))
    figure, axes = plt.subplots(
        figsize=(0.75 * profiles.shape[1] + 2.6, 0.42 * len(profiles) + 1.9), layout="constrained"
    )
    sns.heatmap(profiles, annot=True, fmt="+.1f", cmap="RdBu_r", center=0, vmin=-limit, vmax=limit, ax=axes,
                annot_kws={"fontsize": 8}, cbar_kws={"label": story.say("chart.deviation")})  # fmt: skip
    axes.set(xlabel="", ylabel="")
    axes.tick_params(axis="x", rotation=40, labelsize=FONT)
    plt.setp(axes.get_xticklabels(), ha="right")
    axes.tick_params(axis="y", rotation=0, labelsize=FONT)
    return figure
