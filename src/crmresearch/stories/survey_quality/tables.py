"""The tables of a survey's quality: which columns a reader sees, with names instead of keys."""

import pandas as pd

from crmresearch.stories.survey_quality.story import SurveyQualityStory

MOST_PATTERNS = 15


def distributions(story: SurveyQualityStory) -> pd.DataFrame:
    """How every item was answered, with its question; the CSV has more."""
    table = story.quality.distributions
    questions = [story.text(story.survey.codebook.items[item].text) for item in table["item"]]
    shown = ["item", "question", "missing", "mean", "sd", "skewness", "kurtosis", "floor", "ceiling", "item_rest"]
    return table.assign(question=questions)[shown]


def patterns(story: SurveyQualityStory) -> pd.DataFrame:
    """Which items are missing together, the most frequent patterns first."""
    table = story.quality.patterns.head(MOST_PATTERNS)
    named = [
        story.some(list(items)) if items else story.say("quality.none_missing") for items in table["missing_items"]
    ]
    return table.assign(missing_items=named)[["missing_items", "missing", "rows", "share"]]


def adequacy(story: SurveyQualityStory) -> pd.DataFrame:
    """Measure of sampling adequacy of every item; empty where it has none."""
    found = story.quality.factorability
    return pd.DataFrame(columns=["item", "msa"]) if found is None else found.items


def normality(story: SurveyQualityStory) -> pd.DataFrame:
    """Mardia's tests; empty where they are undefined."""
    found = story.quality.normality
    if found is None:
        return pd.DataFrame(columns=["test"])
    names = {"skewness": "skewness", "skewness (small sample)": "skewness_small", "kurtosis": "kurtosis"}
    tests = [story.say(f"quality.test_{names[test]}") for test in found["test"]]
    return found.assign(test=tests).rename(columns={"p": "p_value"})
