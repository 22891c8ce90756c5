"""The figures of a monitoring report: migration, moves in a step, shares against ageing, drift and foresight."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.dates import date2num
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from crmresearch.segmentation.monitoring.drift import SHIFTED, WATCH
from crmresearch.stories.alluvial import draw_alluvial
from crmresearch.stories.monitoring.story import MonitoringStory

INK, ACCENT, QUIET, WARM = "#1f2933", "#1f5f8b", "#8a949e", "#b26a00"
NOT_YET = "not_yet"
PALE = "#c9ced4"


def plot_migration(story: MonitoringStory) -> Figure:
    """The customers of the last cut-off in the frozen segments of every cut-off, most spend at the top."""
    monitoring = story.monitoring
    order = [*monitoring.ranks["segment"], NOT_YET]
    stages = []
    for day in monitoring.cutoffs:
        known = monitoring.assigned[day].astype("object")
        filled = known.where(known.notna(), NOT_YET)
        stages.append(pd.Series(pd.Categorical(filled, categories=order), index=known.index, name=str(day)))
    hues = sns.color_palette("viridis", len(order) - 1).as_hex()
    colours = {**dict(zip(order, hues, strict=False)), NOT_YET: PALE}
    names = {**story.labels, NOT_YET: story.say("monitoring_chart.not_yet")}
    shares = dict.fromkeys(names, "")
    labels = [names, *[shares] * (len(stages) - 2), names]
    figure, axes = plt.subplots(figsize=(9.5, 5.6), layout="constrained")
    draw_alluvial(axes, stages, labels, [str(day) for day in monitoring.cutoffs], colours)
    return figure


def plot_transitions(story: MonitoringStory) -> Figure:
    """Share of each segment's customers in each segment one step later, all steps together."""
    order = list(story.monitoring.ranks["segment"])
    moved = story.monitoring.transitions.groupby(["before", "after"])["customers"].sum().unstack()
    counts = moved.reindex(index=order, columns=order).to_numpy(dtype=float)
    number = counts.sum(axis=1, keepdims=True)
    share = 100 * np.divide(counts, number, out=np.full_like(counts, np.nan), where=number > 0)
    labels = [story.labels[key] for key in order]
    rows = [f"{label} ({int(n):,})" for label, n in zip(labels, number[:, 0], strict=True)]
    figure, axes = plt.subplots(figsize=(3.4 + 0.62 * len(order), 1.9 + 0.46 * len(order)), layout="constrained")
    sns.heatmap(share, annot=True, fmt=".0f", cmap="Blues", vmin=0, vmax=100, ax=axes, annot_kws={"fontsize": 9},
                cbar_kws={"label": story.say("monitoring_chart.row_share")}, linewidths=0.5)  # fmt: skip
    axes.set_xticks(np.arange(len(order)) + 0.5, labels, rotation=55, ha="right", rotation_mode="anchor", fontsize=9)
    axes.set_yticks(np.arange(len(order)) + 0.5, rows, rotation=0)
    axes.set(xlabel=story.say("monitoring_chart.after"), ylabel=story.say("monitoring_chart.before"))
    return figure


def plot_ageing(story: MonitoringStory) -> Figure:
    """Shares of the first customers in every segment: then, expected now of growing older, and now."""
    assert story.ageing is not None
    shares, order = story.ageing.shares, list(story.monitoring.ranks["segment"])
    last = shares[shares["cutoff"] == story.now.cutoff].set_index("segment").reindex(order)
    height = np.arange(len(order))
    figure, axes = plt.subplots(figsize=(7.2, 1.3 + 0.42 * len(order)), layout="constrained")
    dates = {"first": story.first, "last": story.now.cutoff}
    axes.hlines(height, last["lower"], last["upper"], color=PALE, linewidth=9, zorder=1,
                label=story.say("monitoring_chart.expected", **dates))  # fmt: skip
    axes.vlines(last["expected"], height - 0.2, height + 0.2, color=QUIET, linewidth=2, zorder=2)
    axes.plot(last["first"], height, "o", color=ACCENT, fillstyle="none", markersize=7, linestyle="none",
              label=story.say("monitoring_chart.first", **dates))  # fmt: skip
    axes.plot(last["observed"], height, "o", color=WARM, markersize=6, linestyle="none",
              label=story.say("monitoring_chart.observed", **dates))  # fmt: skip
    axes.set_yticks(height, [story.labels[key] for key in order])
    axes.set_ylim(len(order) - 0.4, -0.6)
    axes.xaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    axes.set_xlabel(story.say("monitoring_chart.share"))
    axes.legend(frameon=False, loc="lower center", bbox_to_anchor=(0.4, 1.0), ncols=3, fontsize=8.5)
    axes.grid(axis="x", color="#e4e7eb", linewidth=0.8)
    axes.set_axisbelow(True)
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.tick_params(axis="y", length=0)
    return figure


def plot_drift(story: MonitoringStory) -> Figure:
    """PSI against the first cut-off over time, with what growing older explains and the conventional bounds."""
    windows = story.monitoring.windows
    days = date2num(windows["cutoff"].tolist())
    figure, axes = _over_time(story, days)
    known = windows["psi_known"].fillna(0.0)
    if story.ageing is not None:
        drift = story.ageing.drift
        lower, upper = (np.concatenate([[0.0], drift[c]]) for c in ("expected_lower", "expected_upper"))
        axes.fill_between(days, lower, upper, color=QUIET, alpha=0.45, linewidth=1.5,
                          label=story.say("monitoring_chart.psi_expected"))  # fmt: skip
    axes.plot(days, known, "o-", color=WARM, linewidth=1.8, label=story.say("monitoring_chart.psi_known"))
    if not np.allclose(known, windows["psi"]):
        axes.plot(days, windows["psi"], "s--", color=ACCENT, linewidth=1.6, label=story.say("monitoring_chart.psi_all"))
    for bound in (WATCH, SHIFTED):
        axes.axhline(bound, color=INK, linewidth=0.8, linestyle=":")
        text = story.say("monitoring_chart.bound", bound=bound)
        axes.text(1.01, bound, text, fontsize=8, color=INK, va="center", transform=axes.get_yaxis_transform())
    axes.set_ylim(bottom=0)
    axes.set_ylabel(story.say("monitoring_chart.psi"))
    axes.legend(frameon=False, loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=3, fontsize=8.5)
    return figure


def plot_foresight(story: MonitoringStory) -> Figure:
    """R² of log spend in the step after each cut-off: frozen (bar: its difference to anew), learned anew, a number."""
    windows = story.monitoring.windows.dropna(subset=["r2_frozen"])
    days = date2num(windows["cutoff"].tolist())
    figure, axes = _over_time(story, days)
    axes.plot(days, windows["r2_naive"], "^:", color=QUIET, linewidth=1.4, label=story.say("monitoring_chart.naive"))
    anew = windows["r2_refitted"].fillna(windows["r2_frozen"])
    axes.plot(days, anew, "s--", color=ACCENT, linewidth=1.6, label=story.say("monitoring_chart.refitted"))
    # the interval of the paired difference, drawn where the frozen segments are measured against those learned anew
    reach = np.array([windows["difference"] - windows["lower"], windows["upper"] - windows["difference"]])
    axes.errorbar(days, windows["r2_frozen"], np.nan_to_num(reach), fmt="o-", color=WARM, linewidth=1.8, capsize=4,
                  label=story.say("monitoring_chart.frozen"))  # fmt: skip
    axes.set_ylim(bottom=min(0.0, float(windows["r2_frozen"].min())))
    axes.set_ylabel(story.say("monitoring_chart.r2"))
    axes.legend(frameon=False, loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=3, fontsize=8.5)
    return figure


def seen(story: MonitoringStory, figure: str) -> dict[str, object]:
    """What the alternative text of a figure (migration, transitions, ageing, drift, foresight) names."""
    monitoring = story.monitoring
    facts: dict[str, object] = {"count": len(monitoring.windows), "first": story.first, "last": story.now.cutoff}
    if figure == "migration":
        shares = monitoring.assigned[story.now.cutoff].value_counts(normalize=True)
        facts["shares"] = ", ".join(f"{story.labels[str(key)]} {share:.0%}" for key, share in shares.items())
    elif figure == "transitions":
        steps = monitoring.transitions
        stay = steps.loc[steps["before"] == steps["after"], "customers"].sum()
        facts["share"] = stay / steps["customers"].sum()
    elif figure == "drift":
        rows = monitoring.windows.itertuples()
        facts["values"] = ", ".join(f"{row.cutoff} {row.psi:.2f}" for row in rows)
    return facts


def _over_time(story: MonitoringStory, days: np.ndarray) -> tuple[Figure, Axes]:
    figure, axes = plt.subplots(figsize=(7.2, 3.8), layout="constrained")
    axes.set_xticks(days, [str(day) for day in story.monitoring.cutoffs[: len(days)]])
    axes.set_xlabel(story.say("monitoring_chart.cutoff"))
    axes.grid(axis="y", color="#e4e7eb", linewidth=0.8)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)
    return figure, axes
