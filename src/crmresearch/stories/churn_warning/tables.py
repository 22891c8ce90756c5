"""The reader's tables of a churn warning, and the list of customers to call with the reason in words."""

import re
from typing import Any

import numpy as np
import pandas as pd

from crmresearch.stories.churn_warning.story import ChurnStory

LIST = {"recency": 0, "gap_mean": 1, "p_alive": 4, "probability": 4, "value": 2, "gain": 2}  # decimals
SHOWN = {
    "scores": "warner auc auc_range_lower auc_range_upper skill skill_range_lower skill_range_upper "
    "brier intercept slope",
    "lead": "warner false_alarms warned lead ci_lower ci_upper",
    "offers": "warner contacted expected realised ci_lower ci_upper break_even even_range_lower even_range_upper",
    "intentions": "item question construct respondents correlation ci_lower ci_upper",
}  # columns that a reader sees; tables that are not here show all


def shown(story: ChurnStory, name: str, table: pd.DataFrame) -> pd.DataFrame:
    """A table for readers: the columns to show, a name in words for every key, a heading for every interval."""
    table = table.rename(columns=lambda column: re.sub("^(auc|skill|even)_(?=lower|upper)", r"\1_range_", column))
    words: dict[str, Any] = {"warner": story.label, "measure": "measure", "verdict": "verdict", "outcome": "outcome"}
    words |= {"construct": story.construct, "question": story.question}
    names = {column: words[column] for column in words if column in table}
    return story.named(table, *SHOWN.get(name, "").split(), **names)


def call_list(story: ChurnStory) -> pd.DataFrame:
    """Everybody at risk, whom to call first on top, each with the reason in words."""
    table = story.study.customers.rename_axis("customer").reset_index()
    table.insert(1, "place", np.arange(1, len(table) + 1))
    table = table.round({name: digits for name, digits in LIST.items() if name in table})
    return table.assign(reason=reasons(story, table))


def reasons(story: ChurnStory, table: pd.DataFrame) -> list[str]:
    """Why each customer of the list is on it: the silence, the own rhythm, what the models say."""

    def told(key: str, column: str, digits: int = 0) -> pd.Series:
        """The sentence with the number of each customer; a number that many have is told once."""
        numbers = table[column].round(digits)
        return numbers.map({n: story.say(f"reason.{key}", **{column: n}) for n in set(numbers)})

    rhythm = told("usual", "gap_mean", 1)
    if "overdue" in table:
        rhythm = rhythm.where(table["overdue"] == 0, told("late", "gap_mean", 1))
    rhythm = rhythm.mask(table["gap_mean"] < 1, story.say("reason.close"))  # orders within a day show no rhythm
    models = [told(key, key, 2) for key in ("p_alive", "probability") if key in table]
    return ["; ".join(row) for row in zip(told("silent", "recency"), rhythm, *models, strict=True)]
