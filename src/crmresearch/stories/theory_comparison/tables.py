"""The tables of a comparison of theories; what a theory does not have is a dash with the reason."""

import pandas as pd

from crmresearch.models.specification import Specification
from crmresearch.sem.theory_comparison import ESTIMATORS
from crmresearch.stories.story import verdict
from crmresearch.stories.theory_comparison.story import TheoryComparisonStory

BETTER = {"wins": "loses", "ties": "ties", "loses": "wins"}  # the smaller loss is the better one


def trust(story: TheoryComparisonStory) -> pd.DataFrame:
    """Whether the numbers of each estimator can be read, a row a theory."""
    read = {e: [story.say(f"read.{story.read(theory, e)}") for theory in story.names] for e in ESTIMATORS}
    return pd.DataFrame({"theory": list(story.names.values()), **read})


def constructs(story: TheoryComparisonStory) -> pd.DataFrame:
    """Items of every construct in every theory, or why it has none: a row a construct, a column a theory."""
    known, labels = {theory: one.specification for theory, one in story.comparison.estimates.items()}, dict[str, str]()
    for spec in known.values():
        labels |= {key: story.text(c.label) for key, c in spec.theory.constructs.items() if key not in labels}
    cells = {theory: [_measured(story, spec, key) for key in labels] for theory, spec in known.items()}
    return pd.DataFrame({"construct": list(labels.values()), **cells})


def _measured(story: TheoryComparisonStory, spec: Specification, key: str) -> str:
    if key in spec.keys:
        if parts := len(spec.construct(key).of):
            return story.say("construct.of", constructs=parts)
        number = len(spec.construct(key).items)
        return story.say("construct.one" if number == 1 else "construct.items", items=number)
    why = "absent" if key not in spec.theory.constructs else "unmeasured" if key in spec.unmeasured else "replaced"
    return story.say(f"construct.{why}")


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
    told = [story.say(f"verdict.{verdict(row.ci_lower, row.ci_upper)}") for row in table.itertuples()]
    return story.named(table.assign(told=told), aim="aim", theory=name, other=name)


def steps(story: TheoryComparisonStory) -> pd.DataFrame:
    """The effect of satisfaction on loyalty, a row a theory, effect and estimator, or why there is none."""
    table = story.comparison.steps
    read = [f"read_{story.read(r.theory, r.estimator)}" if not r.reason else r.reason for r in table.itertuples()]
    return story.named(with_reason(story, table.assign(reason=read)), estimator="word")


def everywhere(story: TheoryComparisonStory) -> pd.DataFrame:
    """The direct path from satisfaction to loyalty in every survey, theory and estimator that can be read."""
    shown = ["dataset", "theory", "estimator", "estimate", "ci_lower", "ci_upper"]
    return story.named(story.everywhere[shown], estimator="word")


def sizes(story: TheoryComparisonStory) -> pd.DataFrame:
    """Size of every theory and the fit of its covariance structure, or why it is not shown."""
    table = story.comparison.sizes
    return with_reason(story, table.assign(reason=[f"fit_{story.read(t, 'cbsem')}" for t in table["theory"]]))


def foreseen(story: TheoryComparisonStory) -> pd.DataFrame:
    """How well every theory foresees satisfaction and loyalty, and whether better than averages and a linear model."""
    table = story.foreseen.foreseen
    better = [f"{row.better}/{row.items}" for row in table.itertuples()]
    shown = table.assign(better=better).drop(columns=["predicted", "measure", "items"])
    return story.named(
        shown, aim="aim", theory=story.names.__getitem__, power="power", mean="foreseen", linear="foreseen"
    )


def rivals(story: TheoryComparisonStory) -> pd.DataFrame:
    """Difference in squared error of every two theories held out, and whether it is beyond chance."""
    table, name = story.foreseen.differences, story.names.__getitem__
    told = [BETTER[verdict(row.ci_lower, row.ci_upper)] for row in table.itertuples()]
    return story.named(
        table.drop(columns="t").assign(foreseen=told), aim="aim", theory=name, other=name, foreseen="foreseen"
    )
