"""The tables of a comparison of theories; what a theory does not have is a dash with the reason."""

import pandas as pd

from crmresearch.sem.theories.theory_contents import constructs as contents
from crmresearch.sem.theories.theory_verdicts import told_apart
from crmresearch.stories.theory_comparison.story import TheoryComparisonStory


def trust(story: TheoryComparisonStory) -> pd.DataFrame:
    """Whether the numbers of each estimator can be read, a row a theory."""
    return story.named(with_names(story, story.reading.table), pls="read", plsc="read", cbsem="read")


def constructs(story: TheoryComparisonStory) -> pd.DataFrame:
    """Items of every construct in every theory, or why it has none: a row a construct, a column a theory."""
    table = contents(story.comparison.specifications)
    told = [story.say(f"construct.{row.status}", constructs=row.number, items=row.number) for row in table.itertuples()]
    names = table.drop_duplicates("construct").set_index("construct")["label"].map(story.text)
    cells = table.assign(told=told).pivot(index="construct", columns="theory", values="told")
    return cells.loc[names.index, list(story.each)].set_index(names.rename("construct")).reset_index()


def with_names(story: TheoryComparisonStory, table: pd.DataFrame) -> pd.DataFrame:
    """A table with theories, aims, effects and estimators called by their names."""
    theories = {column: story.names.__getitem__ for column in ("theory", "other") if column in table}
    words = {"aim": "aim", "effect": "effect", "estimator": "word"}
    return story.named(table, **theories, **{column: name for column, name in words.items() if column in table})


def with_reason(story: TheoryComparisonStory, table: pd.DataFrame) -> pd.DataFrame:
    """A table of the comparison for readers; why something is not there stands last."""
    told = [story.say(f"reason.{one}") if one else "" for one in table["reason"]]
    noted = table.assign(note=told) if any(told) else table
    return with_names(story, noted).drop(columns=["reason", "outcome"], errors="ignore")


def differences(story: TheoryComparisonStory) -> pd.DataFrame:
    """Difference in adjusted R² of every two theories, and whether it is beyond chance."""
    return story.named(with_names(story, told_apart(story.comparison.differences)), told="verdict")


def everywhere(story: TheoryComparisonStory) -> pd.DataFrame:
    """The direct path from satisfaction to loyalty in every survey, theory and estimator that can be read."""
    shown = ["dataset", "theory", "estimator", "estimate", "ci_lower", "ci_upper"]
    return story.named(story.everywhere, *shown, estimator="word")


def foreseen(story: TheoryComparisonStory) -> pd.DataFrame:
    """How well every theory foresees satisfaction and loyalty, and whether better than averages and a linear model."""
    table = story.foreseen.foreseen.drop(columns=["predicted", "measure"])
    table["better"] = [f"{row.better}/{row.items}" for row in table.itertuples()]
    shown = with_names(story, table.drop(columns="items"))
    return story.named(shown, power="power", mean="foreseen", linear="foreseen")


def rivals(story: TheoryComparisonStory) -> pd.DataFrame:
    """Difference in squared error of every two theories held out, and whether it is beyond chance."""
    table = told_apart(story.foreseen.differences.drop(columns="t"), better=-1)  # the smaller error is the better one
    return story.named(with_names(story, table.rename(columns={"told": "foreseen"})), foreseen="foreseen")
