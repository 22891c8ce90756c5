"""The figure of segments: what sets each apart from all other customers."""

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from crmresearch.stories import charts
from crmresearch.stories.customer_profiles.story import ProfilesStory

MOST = 12  # features shown: those with the widest differences


def mapped(story: ProfilesStory) -> pd.DataFrame:
    """Standardised differences (features × segments) of the features that differ most; empty without any.

    Those the segments are not made of come first where some differ beyond chance, else those they are made of.
    """
    profiles = story.portrait.profiles
    told = profiles[profiles["told"]]
    shown = told if len(told) else profiles[profiles["p"].isna()]
    keys = shown.groupby(["feature", "level"])["difference"].agg(lambda part: part.abs().max())
    keys = keys.sort_values(ascending=False, kind="stable").head(MOST)
    wide = profiles.pivot_table(index=["feature", "level"], columns="segment", values="difference", observed=True)
    wide = wide.reindex(keys.index)[[key for key in story.portrait.chosen.keys if key in wide]]
    names = [story.feature(name) + (f": {story.level(name, level)}" if level else "") for name, level in wide.index]
    return wide.set_axis(names).set_axis([story.segment(str(key)) for key in wide], axis=1)


def plot_differences(story: ProfilesStory) -> Figure:
    """A cell a feature and segment: how far the segment lies above (or below) all other customers."""
    table = mapped(story)
    most = max(0.5, float(np.nanmax(np.abs(table.to_numpy()))))
    words = story.say("chart.difference"), "", ""
    return charts.heat_map(
        table,
        (0.95, 0.36),
        (4.0, 1.9),
        words,
        fmt=".1f",
        cmap="RdBu_r",
        vmin=-most,
        vmax=most,
        linewidths=0.5,
        turned=30,
    )
