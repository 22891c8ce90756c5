"""How good the answers of a survey are before any model: distributions, gaps, straight-lining, what factors presume."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

import pandas as pd

from crmresearch.data.survey.answers import missing_answer_patterns, response_distributions, straight_lining
from crmresearch.data.survey.survey import Survey
from crmresearch.errors import EstimationError, ParameterError
from crmresearch.sem.answers.missing_at_random import LittleTest, little_test
from crmresearch.sem.answers.multivariate import Factorability, factorability, normality

Found = TypeVar("Found")

FEW_ANSWERS = 0.5  # an item that fewer respondents answered is left out of tests on complete rows
AT_AN_END = 0.15  # share of answers at one end of the scale from which scores bunch there (Terwee et al. 2007)
ADEQUATE = {"unacceptable": 0.0, "mediocre": 0.5, "meritorious": 0.8}  # KMO from which Kaiser (1974) says so, roughly
RARE = 0.05  # probability below which a hypothesis is held to be contradicted
WEAK_ITEM = 0.30  # corrected item–total correlation below which an item hardly belongs to its construct (Nunnally 1978)
MANY_ALIKE = 0.05  # share of straight-lining respondents that moves correlations


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

    @property
    def missing(self) -> float:
        """Share of the answers that are missing."""
        return float(self.items.isna().to_numpy().mean())

    @property
    def counted(self) -> dict[str, float]:
        """How many respondents and items there are, and the share of the answers that are missing."""
        return {"respondents": len(self.items), "items": self.items.shape[1], "share": self.missing}

    @property
    def random_gaps(self) -> bool | None:
        """Whether nothing contradicts that gaps are missing completely at random; None where that is not tested."""
        return None if self.little is None or self.little.reason else bool(self.little.p >= RARE)

    @property
    def at_an_end(self) -> dict[str, pd.DataFrame]:
        """Items whose answers bunch at the floor or the ceiling of the scale, most of them first, with their share."""
        ends = {end: self.distributions.assign(share=self.distributions[end]) for end in ("floor", "ceiling")}
        order = {"by": "share", "ascending": False, "kind": "stable"}
        return {end: rows[rows["share"] > AT_AN_END].sort_values(**order) for end, rows in ends.items()}

    @property
    def weak(self) -> pd.DataFrame:
        """Items that hardly go with the other items of their construct, as in the distributions."""
        return self.distributions.query("item_rest < @WEAK_ITEM")

    @property
    def alike(self) -> dict[str, float]:
        """Respondents who gave one and the same answer to all they answered: count, share; median of longest runs."""
        count = int(self.lining["same"].sum())
        return {"count": count, "share": count / len(self.lining), "median": self.lining["longest_run"].median()}

    @property
    def adequacy(self) -> str | None:
        """What Kaiser (1974) calls the KMO: unacceptable, mediocre or meritorious; None where there is none."""
        if self.factorability is None:
            return None
        return [name for name, least in ADEQUATE.items() if self.factorability.overall >= least][-1]

    @property
    def inadequate(self) -> list[str]:
        """Items with a measure of sampling adequacy below mediocre."""
        table = pd.DataFrame() if self.factorability is None else self.factorability.items
        return [] if table.empty else list(table.loc[table["msa"] < ADEQUATE["mediocre"], "item"])

    @property
    def normal(self) -> bool | None:
        """Whether nothing contradicts jointly normal answers; None where that is not tested."""
        return None if self.normality is None else bool((self.normality["p"] >= RARE).all())

    def why_not(self, test: str) -> str:
        """Why a test (little, normality, factorability) has no result."""
        return self.undefined.get(test) or (self.little.reason if self.little and self.little.reason else "")


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
