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
    return table.assign(reason=[reason(story, row) for row in table.to_dict("records")])


def reason(story: ChurnStory, row: dict[str, float]) -> str:
    """Why a customer is on the list: the silence, the own rhythm, what the models say."""
    keys = ["silent", "late" if row.get("overdue") else "usual"]
    if "p_alive" in row:
        keys.append("alive")
    if "probability" in row:
        keys.append("risk")
    facts = {name: row[name] for name in ("recency", "gap_mean", "p_alive", "probability") if name in row}
    return "; ".join(story.sentences("reason.", *keys, horizon=story.study.warning.horizon, **facts))


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
