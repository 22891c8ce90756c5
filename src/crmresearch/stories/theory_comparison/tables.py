"""The tables of a comparison of theories; what a theory does not have is a dash with the reason."""

import pandas as pd

from crmresearch.sem.theory_contents import constructs as contents
from crmresearch.stories.story import verdict
from crmresearch.stories.theory_comparison.story import TheoryComparisonStory


def trust(story: TheoryComparisonStory) -> pd.DataFrame:
    """Whether the numbers of each estimator can be read, a row a theory."""
    return story.named(story.reading.table, theory=story.names.__getitem__, pls="read", plsc="read", cbsem="read")


def constructs(story: TheoryComparisonStory) -> pd.DataFrame:
    """Items of every construct in every theory, or why it has none: a row a construct, a column a theory."""
    table = contents(story.comparison.specifications)
    told = [story.say(f"construct.{row.status}", constructs=row.number, items=row.number) for row in table.itertuples()]
    names = table.drop_duplicates("construct").set_index("construct")["label"].map(story.text)
    cells = table.assign(told=told).pivot(index="construct", columns="theory", values="told")
    return cells.loc[names.index, list(story.each)].set_index(names.rename("construct")).reset_index()


def with_reason(story: TheoryComparisonStory, table: pd.DataFrame) -> pd.DataFrame:
    """A table of the comparison for readers; why something is not there stands last."""
    told = [story.say(f"reason.{one}") if one else "" for one in table["reason"]]
    noted = table.assign(note=told) if any(told) else table
    names = {column: column for column in ("aim", "effect") if column in table}
    named = story.named(noted, theory=story.names.__getitem__, **names)
    return named.drop(columns=["reason", "outcome"], errors="ignore")


def differences(story: TheoryComparisonStory) -> pd.DataFrame:
    """Difference in adjusted R² of every two theories, and whether it is beyond chance."""
    table, name = story.comparison.differences, story.names.__getitem__
    told = [verdict(row.ci_lower, row.ci_upper) for row in table.itertuples()]
    return story.named(table.assign(told=told), aim="aim", theory=name, other=name, told="verdict")


def steps(story: TheoryComparisonStory) -> pd.DataFrame:
    """The effect of satisfaction on loyalty, a row a theory, effect and estimator, or why there is none."""
    return story.named(with_reason(story, story.reading.all_steps), estimator="word")


def everywhere(story: TheoryComparisonStory) -> pd.DataFrame:
    """The direct path from satisfaction to loyalty in every survey, theory and estimator that can be read."""
    shown = ["dataset", "theory", "estimator", "estimate", "ci_lower", "ci_upper"]
    return story.named(story.everywhere, *shown, estimator="word")


def sizes(story: TheoryComparisonStory) -> pd.DataFrame:
    """Size of every theory and the fit of its covariance structure, or why it is not shown."""
    return with_reason(story, story.reading.sizes)


def foreseen(story: TheoryComparisonStory) -> pd.DataFrame:
    """How well every theory foresees satisfaction and loyalty, and whether better than averages and a linear model."""
    table = story.foreseen.foreseen.drop(columns=["predicted", "measure"])
    table["better"] = [f"{row.better}/{row.items}" for row in table.itertuples()]
    shown, name = table.drop(columns="items"), story.names.__getitem__
    return story.named(shown, aim="aim", theory=name, power="power", mean="foreseen", linear="foreseen")


def rivals(story: TheoryComparisonStory) -> pd.DataFrame:
    """Difference in squared error of every two theories held out, and whether it is beyond chance."""
    table, name = story.foreseen.differences.drop(columns="t"), story.names.__getitem__
    told = [verdict(-row.ci_upper, -row.ci_lower) for row in table.itertuples()]  # the smaller error is the better one
    return story.named(table.assign(foreseen=told), aim="aim", theory=name, other=name, foreseen="foreseen")
