"""The tables of new customers, names instead of keys."""

import pandas as pd

from crmresearch.mining.calibration import lift_table, probability_scores
from crmresearch.mining.foretell import MEAN
from crmresearch.mining.trial_scores import Tested
from crmresearch.stories.new_customers.story import NewCustomersStory

SHOWN = ("method", "gini", "difference", "capture", "r2_log", "rank_correlation", "auc", "expected", "actual")


def scores(story: NewCustomersStory, one: Tested) -> pd.DataFrame:
    """The scores of every rival, with the interval of the difference to the highest Gini."""
    ends = ("_lower", "_upper")
    table = one.scores.rename(columns={f"difference{end}": f"difference_range{end}" for end in ends})
    shown = (*SHOWN[:3], *(f"difference_range{end}" for end in ends), *SHOWN[3:])
    return story.named(table, *shown, method=story.method)


def lifts(story: NewCustomersStory, one: Tested, seed: int) -> pd.DataFrame:
    """Which share of the money the customers hold of whom most was expected; none where nothing was spent."""
    if one.lead is None or not one.spend.sum() > 0:
        return pd.DataFrame()
    table = lift_table(one.expected[one.lead], one.spend, resamples=story.resamples, seed=seed)
    return table.rename(columns={f"lift_{end}": f"lift_range_{end}" for end in ("lower", "upper")})


def chances(story: NewCustomersStory, one: Tested) -> pd.DataFrame:
    """How right the chances to buy again were; none where all bought again or nobody did."""
    if one.lead is None or one.active.min() == one.active.max():
        return pd.DataFrame()
    table = probability_scores(one.chances[one.lead].clip(0, 1), one.active)
    return story.named(table, measure="new_measure")


def calibration(one: Tested) -> pd.DataFrame:
    """Money foretold and come in groups of the tested customers."""
    return one.calibration(one.lead or MEAN)


def signs(story: NewCustomersStory) -> pd.DataFrame:
    """What of the first days goes with later spend."""
    assert story.found.prospects is not None
    table = story.found.prospects.signs
    told = table.assign(p_value=table["p"], told=table["told"].map({True: "yes", False: "no"}))
    shown = ("feature", "correlation", "p_value", "told")
    return story.named(told, *shown, feature=story.feature, told="new_told")


def customers(story: NewCustomersStory) -> pd.DataFrame:
    """The list, most expected first, with the reasons in words."""
    assert story.found.prospects is not None
    table = story.found.prospects.customers
    reasons = [story.listed([story.feature(name) for name in names]) if names else "–" for names in table["reasons"]]
    return table.assign(reasons=reasons).rename_axis("customer").reset_index()


def tests(story: NewCustomersStory, found: pd.DataFrame) -> pd.DataFrame:
    """Whether groups differ, by grouping."""
    told = found.rename(columns={"p": "p_value"}).assign(told=found["told"].map({True: "yes", False: "no"}))
    return story.named(told, grouping=story.grouping, told="new_told")


def groups(story: NewCustomersStory, found: pd.DataFrame, told: pd.DataFrame, second: bool) -> pd.DataFrame:
    """The groups of the groupings that differ: share that bought again, or that stayed, with its interval."""
    kept = found[found["grouping"].isin(told.loc[told["told"], "grouping"])].copy()
    if second:
        lower, upper = 1 - kept["ci_upper"], 1 - kept["ci_lower"]
        kept = kept.assign(survival=1 - kept["survival"], ci_lower=lower, ci_upper=upper)
    kept["group"] = [story.group(*pair) for pair in zip(kept["grouping"], kept["group"], strict=True)]
    shown = ("grouping", "group", "customers", "days", "survival", "ci_lower", "ci_upper")
    return story.named(kept, *shown, grouping=story.grouping)
