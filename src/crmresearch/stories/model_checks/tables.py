"""The tables of the checks of a model, with names instead of keys; a check that was not made has no rows."""

import numpy as np
import pandas as pd

from crmresearch.stories.model_checks.story import ModelChecksStory

MOST_GROUPS = 5  # groups whose rules and paths are shown; the files have all


def congruence(story: ModelChecksStory) -> pd.DataFrame:
    """Every pair of constructs, the most congruent first."""
    found = story.checks.congruence
    if found is None:
        return pd.DataFrame(columns=["construct", "other"])
    ordered = found.sort_values("estimate", ascending=False, kind="stable").drop(columns="difference")
    return story.named(ordered, construct=story.name, other=story.name, verdict="verdict")


def copulas(story: ModelChecksStory) -> pd.DataFrame:
    """Every path with its copula term and what remains of it beside the term, or why it is not tested."""
    found = story.checks.copulas
    if found is None:
        return pd.DataFrame(columns=["outcome", "predictor"])
    shown = [
        "outcome",
        "predictor",
        "estimate",
        "copula",
        "t",
        "p_value",
        "corrected",
        "ci_lower",
        "ci_upper",
        "verdict",
    ]
    table = found.paths.assign(p_value=found.paths["p_adjusted"])[shown]
    return story.named(table, outcome=story.name, predictor=story.name, verdict="verdict")


def mediators(story: ModelChecksStory) -> pd.DataFrame:
    """Every indirect path with the contribution of its mediator to prediction."""
    found = story.checks.mediators
    if found is None:
        return pd.DataFrame(columns=["path"])
    table = found.paths
    paths = [story.joined((row.antecedent, row.mediator, row.target)) for row in table.itertuples()]
    verdicts = table["verdict"].replace("not_told", "not_shown")
    sized = [f"{verdict}_{size}" if size else verdict for verdict, size in zip(verdicts, table["size"], strict=True)]
    told = table.assign(path=paths, verdict=sized, p_value=table["p_adjusted"])
    shown = told[["path", "contribution", "t", "p_value", "verdict"]]
    return story.named(shown, verdict="verdict")


def groups(story: ModelChecksStory) -> pd.DataFrame:
    """The largest groups for whom the model fits better than it predicts: how many, their deviance, who they are."""
    found = story.checks.overfit
    if found is None or found.groups.empty:
        return pd.DataFrame(columns=["group"])
    rows = []
    for (group, size, deviance), rules in found.groups.groupby(["group", "rows", "deviance"], sort=False):
        told = []
        for row in rules.itertuples():
            ends = "below" if np.isnan(row.at_least) else "above" if np.isnan(row.below) else "between"
            facts = {"construct": story.name(row.construct), "low": row.at_least, "high": row.below}
            told.append(story.say(f"rule.{ends}", **facts))
        rows.append((group, size, deviance, story.listed(told)))
    table = pd.DataFrame(rows, columns=["group", "respondents", "deviance", "who"])
    return table.sort_values("respondents", ascending=False, kind="stable").head(MOST_GROUPS).reset_index(drop=True)


def path_changes(story: ModelChecksStory) -> pd.DataFrame:
    """Of every path the group without which it changes most, and whether that is more than chance."""
    found = story.checks.overfit
    if found is None or found.paths.empty:
        return pd.DataFrame(columns=["outcome", "predictor"])
    order = (found.paths["change"].abs() / found.paths["se"]).sort_values(ascending=False, kind="stable").index
    most = found.paths.loc[order].drop_duplicates(["outcome", "predictor"]).sort_index()
    told = most["unstable"].map({True: "unstable", False: "stable"})
    shown = ["outcome", "predictor", "group", "estimate", "without", "change", "se", "verdict"]
    named = most.assign(verdict=told)[shown]
    return story.named(named, outcome=story.name, predictor=story.name, verdict="verdict")


def tetrads(story: ModelChecksStory) -> pd.DataFrame:
    """Every construct with its tetrads and the verdict."""
    found = story.checks.tetrads
    if found is None:
        return pd.DataFrame(columns=["construct"])
    return story.named(found.constructs, construct=story.name, measurement="measurement", verdict="verdict")
