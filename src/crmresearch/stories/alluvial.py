"""An alluvial figure: the same customers in the segments of successive methods or dates, ribbons between them."""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.patches import PathPatch, Rectangle
from matplotlib.path import Path

from crmresearch.segmentation.stability.agreement import flows

WIDTH = 0.04  # of a block, in distances between stages
GAP = 0.02  # between blocks, in shares of all customers
LEAST_LABEL = 0.012  # share of a block below which a name would not fit; the caption's table has it


def draw_alluvial(
    axes: Axes,
    stages: Sequence[pd.Series],
    names: Sequence[Mapping[str, str]],
    titles: Sequence[str],
    colours: Mapping[str, str] | None = None,
) -> None:
    """Draw the stages from left to right: a block a segment, first category at the top, a ribbon a flow.

    `stages` hold the segment of every customer (categories in order), `names` the label of each segment key. Only
    customers of all stages are drawn. Ribbons have the colour of the segment they leave.
    """
    shared = stages[0].index
    for stage in stages[1:]:
        shared = shared.intersection(stage.index, sort=False)
    kept = [stage.loc[shared].astype("category").cat.remove_unused_categories() for stage in stages]
    places = [_blocks(stage) for stage in kept]
    for i, (left, right) in enumerate(pairwise(kept)):
        _ribbons(axes, left, right, i, places[i], places[i + 1], colours)
    last = len(kept) - 1
    for i, (place, label, title) in enumerate(zip(places, names, titles, strict=True)):
        for key, (bottom, height) in place.items():
            axes.add_patch(Rectangle((i - WIDTH / 2, bottom), WIDTH, height, color="#1f2933", linewidth=0))
            if height < LEAST_LABEL:
                continue
            outward = -1 if i == 0 else 1
            aligned = "right" if i == 0 else "left"
            name = label.get(key, key)
            text = f"{name} ({height:.0%})" if name else f"{height:.0%}"
            axes.text(i + outward * (WIDTH / 2 + 0.015), bottom + height / 2, text, ha=aligned, va="center", fontsize=8,
                      bbox=None if i in (0, last) else {"facecolor": "white", "alpha": 0.75, "pad": 1, "linewidth": 0},
                      )  # fmt: skip
        axes.text(i, 1.02, title, ha="center", va="bottom", fontsize=9.5, fontweight="bold")
    lowest = min(bottom for place in places for bottom, _ in place.values())
    axes.set(xlim=(-0.62, last + 0.62), ylim=(lowest - 0.01, 1.08))
    axes.axis("off")


def _blocks(stage: pd.Series) -> dict[str, tuple[float, float]]:
    """Bottom and height of each segment, the first at the top."""
    shares = stage.value_counts(sort=False, normalize=True)
    tops = 1 - np.concatenate([[0], (shares.to_numpy() + GAP).cumsum()[:-1]])
    return {
        str(key): (top - share, share) for key, top, share in zip(shares.index, tops, shares.to_numpy(), strict=True)
    }


def _ribbons(
    axes: Axes,
    left: pd.Series,
    right: pd.Series,
    i: int,
    starts: Mapping[str, tuple[float, float]],
    ends: Mapping[str, tuple[float, float]],
    colours: Mapping[str, Any] | None,
) -> None:
    colours = colours or dict(zip(starts, sns.color_palette("husl", len(starts)), strict=True))
    leaving = {key: bottom + height for key, (bottom, height) in starts.items()}
    arriving = {key: bottom + height for key, (bottom, height) in ends.items()}
    for flow in flows(left, right).itertuples():
        x0, x1 = i + WIDTH / 2, i + 1 - WIDTH / 2
        a, b, share, middle = leaving[flow.source], arriving[flow.target], flow.share, (x0 + x1) / 2
        corners = [(x0, a), (middle, a), (middle, b), (x1, b), (x1, b - share), (middle, b - share),
                   (middle, a - share), (x0, a - share), (x0, a)]  # fmt: skip
        codes = [Path.MOVETO, *[Path.CURVE4] * 3, Path.LINETO, *[Path.CURVE4] * 3, Path.CLOSEPOLY]
        colour = colours[flow.source]
        axes.add_patch(PathPatch(Path(corners, codes), facecolor=colour, alpha=0.55, linewidth=0))
        leaving[flow.source] -= share
        arriving[flow.target] -= share
