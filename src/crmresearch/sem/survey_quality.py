"""How good the answers of a survey are before any model: distributions, gaps, straight-lining, what factors presume."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

import pandas as pd

from crmresearch.data.survey.answers import missing_answer_patterns, response_distributions, straight_lining
from crmresearch.data.survey.survey import Survey
from crmresearch.errors import EstimationError, ParameterError
from crmresearch.sem.missing_at_random import LittleTest, little_test
from crmresearch.sem.multivariate import Factorability, factorability, normality

Found = TypeVar("Found")

FEW_ANSWERS = 0.5  # an item that fewer respondents answered is left out of tests on complete rows


@dataclass(frozen=True)
class SurveyQuality:
    """What `survey_quality` found of the items of one scale.

    items: answers, high meaning more of the construct; left_out: items of the survey on other scales or hardly
    answered; distributions, patterns, lining: as `response_distributions`, `missing_answer_patterns` and
    `straight_lining`; answers: item, answer, share, count of every answer given; little, normality, factorability: the
    tests, and in `undefined` by their name why one is None.
    """

    items: pd.DataFrame
    left_out: tuple[str, ...]
    distributions: pd.DataFrame
    answers: pd.DataFrame
    patterns: pd.DataFrame
    lining: pd.DataFrame
    little: LittleTest | None
    normality: pd.DataFrame | None
    factorability: Factorability | None
    undefined: dict[str, str]


def survey_quality(survey: Survey, items: list[str] | None = None) -> SurveyQuality:
    """Distributions, gaps and response patterns of the `items` of a survey, and tests of what factor models presume.

    `items` must be on one scale, because an answer is compared with the next; none named: the items of the commonest
    scale that at least half of the respondents answered. Straight-lining looks at the answers as they were given, in
    the order of the codebook. Sampling weights are not used. Raises ParameterError for unknown items and for items on
    different scales.

    >>> from crmresearch.data.survey.survey import load_survey
    >>> quality = survey_quality(load_survey("ecsi_mobile"))
    >>> round(quality.factorability.overall, 2)
    0.93
    """
    bounds = survey.bounds
    chosen = items or _commonest_scale(survey)
    if unknown := [item for item in chosen if item not in bounds.index]:
        raise ParameterError(f"`items`: the survey has no item {unknown[0]!r}; it has {', '.join(bounds.index)}.")
    scales = bounds.loc[chosen].drop_duplicates()
    if len(scales) > 1:
        told = " and ".join(f"{low:g} to {high:g}" for low, high in scales.itertuples(index=False))
        raise ParameterError(f"`items`: these are on different scales ({told}); name items of one scale.")
    answers = survey.items[chosen]
    measured = {key: [item for item in all_ if item in chosen] for key, all_ in survey.codebook.constructs.items()}
    constructs = {key: kept for key, kept in measured.items() if kept}
    undefined: dict[str, str] = {}

    def tried(name: str, test: Callable[[pd.DataFrame], Found]) -> Found | None:
        try:
            return test(answers)
        except EstimationError as error:
            undefined[name] = str(error)
            return None

    return SurveyQuality(
        answers,
        tuple(item for item in bounds.index if item not in chosen),
        response_distributions(answers, bounds, constructs),
        _shares(answers),
        missing_answer_patterns(answers),
        straight_lining(survey.as_asked[chosen]),
        tried("little", little_test),
        tried("normality", normality),
        tried("factorability", factorability),
        undefined,
    )


def _commonest_scale(survey: Survey) -> list[str]:
    """Items of the scale that most items have, the first such scale of the codebook, answered by half or more."""
    bounds = survey.bounds
    scale = bounds.groupby(["min", "max"], sort=False)["min"].transform("size").idxmax()
    on_scale = bounds.index[(bounds == bounds.loc[scale]).all(axis=1)]
    answered = survey.items[on_scale].notna().mean()
    return [item for item in on_scale if answered[item] >= FEW_ANSWERS]


def _shares(answers: pd.DataFrame) -> pd.DataFrame:
    """Every answer given to every item: item, answer, count, share of those who answered it."""
    long = answers.melt(var_name="item", value_name="answer").dropna()
    counts = long.groupby(["item", "answer"], sort=True).size().rename("count").reset_index()
    counts["share"] = counts["count"] / counts.groupby("item")["count"].transform("sum")
    order = {item: place for place, item in enumerate(answers.columns)}
    return counts.assign(place=counts["item"].map(order)).sort_values(["place", "answer"], ignore_index=True)[
        ["item", "answer", "count", "share"]
    ]
