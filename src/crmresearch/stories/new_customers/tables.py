"""The tables of new customers, names instead of keys."""

import pandas as pd

from crmresearch.mining.newcomers.conversion import Conversion
from crmresearch.mining.newcomers.retention import Retention
from crmresearch.mining.newcomers.trial_scores import Tested
from crmresearch.stories.new_customers.story import NewCustomersStory

SCORES = ("method", "gini", "difference", "difference_lower", "difference_upper", "capture", "r2_log",
          "rank_correlation", "auc", "expected", "actual")  # fmt: skip


def scores(story: NewCustomersStory, one: Tested) -> pd.DataFrame:
    """The scores of every rival, with the interval of the difference to the highest Gini."""
    return story.named(one.scores, *SCORES, method=story.method)


def lift(one: Tested, resamples: int, seed: int) -> pd.DataFrame:
    """Which share of the money the customers hold of whom most was expected; no row where nothing was spent."""
    return one.lift(resamples, seed).rename(columns={f"lift_{end}": f"lift_range_{end}" for end in ("lower", "upper")})


def signs(story: NewCustomersStory, found: pd.DataFrame) -> pd.DataFrame:
    """What of the first days goes with later spend."""
    table = found.rename(columns={"p": "p_value"})
    return story.named(table, "feature", "correlation", "p_value", "told", feature=story.feature, told="new_told")


def customers(story: NewCustomersStory, found: pd.DataFrame) -> pd.DataFrame:
    """The list, most expected first, with the reasons in words."""
    reasons = [story.listed([*map(story.feature, names)]) for names in found["reasons"]]
    return found.assign(reasons=reasons).rename_axis("customer").reset_index()


def tests(story: NewCustomersStory, found: pd.DataFrame) -> pd.DataFrame:
    """Whether groups differ, by grouping."""
    return story.named(found.rename(columns={"p": "p_value"}), grouping=story.grouping, told="new_told")


def groups(story: NewCustomersStory, found: Conversion | Retention) -> pd.DataFrame:
    """The groups of the groupings that differ: share that bought again, or that stayed, with its interval."""
    table = found.differing
    named = [story.group(*pair) for pair in zip(table["grouping"], table["group"], strict=True)]
    return story.named(table.assign(group=named), grouping=story.grouping)
