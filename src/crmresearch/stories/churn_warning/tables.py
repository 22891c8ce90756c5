"""The reader's tables of a churn warning, and the list of customers to call with the reason in words."""

import numpy as np
import pandas as pd

from crmresearch.stories.churn_warning.story import ChurnStory

SCORES = {"auc": 3, "brier": 4, "skill": 3, "intercept": 2, "slope": 2}


def call_list(story: ChurnStory) -> pd.DataFrame:
    """Everybody at risk, whom to call first on top, each with the reason in words."""
    customers = story.study.customers
    places = np.arange(1, len(customers) + 1)
    table = customers.rename_axis("customer").reset_index()
    table.insert(1, "place", places)
    digits = {"recency": 0, "gap_mean": 1, "p_alive": 4, "probability": 4, "value": 2, "gain": 2}
    table = table.round({name: n for name, n in digits.items() if name in table})
    return table.assign(reason=reasons(story, table))


def reasons(story: ChurnStory, table: pd.DataFrame) -> list[str]:
    """Why each customer of the list is on it: the silence, the own rhythm, what the models say."""

    def told(key: str, column: str, digits: int) -> pd.Series:
        """The sentence with the number of each customer; a number that many have is told once."""
        numbers = table[column].round(digits)
        known = {
            n: story.say(f"reason.{key}", **{column: n}, horizon=story.study.warning.horizon) for n in set(numbers)
        }
        return numbers.map(known)

    rhythm = told("usual", "gap_mean", 0)
    if "overdue" in table:
        rhythm = rhythm.where(table["overdue"] == 0, told("late", "gap_mean", 0))
    parts = [told("silent", "recency", 0), rhythm]
    parts += [told("alive", "p_alive", 2)] if "p_alive" in table else []
    parts += [told("risk", "probability", 2)] if "probability" in table else []
    return ["; ".join(row) for row in zip(*parts, strict=True)]


def scores(story: ChurnStory) -> pd.DataFrame:
    """How every warner did at the check."""
    assert story.study.scores is not None
    table = _ranged(story.study.scores, "auc", "skill")
    shown = ("warner", "auc", *_ends("auc"), "skill", *_ends("skill"), "brier", "intercept", "slope")
    return story.named(table, *shown, warner=story.label)


def comparisons(story: ChurnStory) -> pd.DataFrame:
    """Differences to recency and to the base rate, with a word for what they tell."""
    assert story.study.comparisons is not None
    return story.named(story.study.comparisons, measure="measure", warner=story.label, verdict="verdict")


def calibration(story: ChurnStory) -> pd.DataFrame:
    """Calibration of the warner to use."""
    assert story.study.calibration is not None
    return story.study.calibration.query("warner == @story.study.leader").drop(columns="warner")


def lead(story: ChurnStory) -> pd.DataFrame:
    """Warnings at the rate of false alarms, the longest lead first."""
    assert story.study.lead is not None
    table = story.study.lead.summary.sort_values("lead", ascending=False, kind="stable")
    return story.named(table, "warner", "false_alarms", "warned", "lead", "ci_lower", "ci_upper", warner=story.label)


def offers(story: ChurnStory) -> pd.DataFrame:
    """What the list of every warner would have earned."""
    assert story.study.money is not None
    table = _ranged(
        story.study.money[1].lists.rename(columns={"even_lower": "break_even_lower", "even_upper": "break_even_upper"}),
        "break_even",
    )
    shown = ("warner", "contacted", "expected", "realised", "ci_lower", "ci_upper", "break_even", *_ends("break_even"))
    return story.named(table, *shown, warner=story.label)


def trials(story: ChurnStory) -> pd.DataFrame:
    """The sizes of a test."""
    assert story.study.money is not None
    return story.named(story.study.money[2], outcome="outcome")


def intentions(story: ChurnStory) -> pd.DataFrame:
    """Satisfaction and every stated intention, with the question."""
    assert story.survey is not None
    assert story.intentions is not None
    items = story.survey.codebook.items
    questions = [story.text(items[item].text) for item in story.intentions["item"]]
    shown = ("item", "question", "construct", "respondents", "correlation", "ci_lower", "ci_upper")
    return story.named(story.intentions.assign(question=questions), *shown, construct=story.construct)


def _ends(name: str) -> tuple[str, str]:
    return f"{name}_range_lower", f"{name}_range_upper"


def _ranged(table: pd.DataFrame, *names: str) -> pd.DataFrame:
    """The ends of intervals named so that their column has a heading of its own."""
    return table.rename(columns={f"{n}_{end}": f"{n}_range_{end}" for n in names for end in ("lower", "upper")})
