"""Purchases of simulated respondents: how often they buy, when they leave and what they spend follows from a construct.

Customers join, buy at once, and then buy at random at a rate of their own until they leave unseen (Pareto/NBD:
Schmittlein, Morrison & Colombo 1987); what a purchase brings varies around a mean of their own (Gamma–Gamma: Fader &
Hardie 2013). With z the true score of the construct in standard deviations of the population,

    λ ~ gamma(r, α) · exp(b z) a year,   lifetime ~ exponential(μ), μ ~ gamma(s, β),   spend ~ gamma(p, ν) · exp(c z),
    ν ~ gamma(q, γ).

Nothing else depends on z, so that expected purchases are multiplied by exp(b) and expected profit by exp(b + c) for
each standard deviation, exactly and in every period.
"""

from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Annotated, Self

import numpy as np
import pandas as pd
from pydantic import BaseModel, ConfigDict, Field, model_validator

from crmresearch.data.catalog import find_codebook
from crmresearch.data.documents import read_document, shown
from crmresearch.errors import ParameterError, TruthError
from crmresearch.simulation.population import population
from crmresearch.simulation.simulate import draw
from crmresearch.simulation.truth import load_truth

FILE = "purchases.yaml"
YEAR = 365.25  # days
STREAMS = ("joined", "rates", "lifetimes", "counts", "times", "means", "amounts")  # never reorder
Positive = Annotated[float, Field(gt=0)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Rate(_Strict):
    """Purchases a year: gamma with shape `r` and rate `alpha`, times exp(`effect` · z)."""

    r: Positive
    alpha: Positive
    effect: float


class Leaving(_Strict):
    """Rate of leaving a year: gamma with shape `s` and rate `beta`, so that (beta / (beta + t))^s stay t years."""

    s: Positive
    beta: Positive


class Spend(_Strict):
    """Spend of a purchase: gamma(`p`, ν) with ν ~ gamma(`q`, `gamma`), times exp(`effect` · z); `q` above 2."""

    p: Positive
    q: Annotated[float, Field(gt=2)]
    gamma: Positive
    effect: float


class PurchaseTruth(_Strict):
    """What is true of the purchases of the simulated respondents of `survey`, by the construct that they follow.

    `follows`: the key of that construct. Customers join on the `joining_days` from `first_day` on; purchases are known
    up to `last_day`, the survey is of `survey_day`. `margin`: the share of spend that is profit. `seed`: of the
    purchases.
    """

    survey: str
    follows: str
    first_day: date
    joining_days: Annotated[int, Field(ge=1)]
    survey_day: date
    last_day: date
    rate: Rate
    leaving: Leaving
    spend: Spend
    margin: Annotated[float, Field(gt=0, le=1)]
    seed: Annotated[int, Field(ge=0)]

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        joined = (self.survey_day - self.first_day).days + 1
        if not self.joining_days <= joined or not self.survey_day < self.last_day:
            raise ValueError("customers join by `survey_day`, and `last_day` is after it; put the days in this order")
        return self

    def effects(self) -> dict[str, float]:
        """By how much the logarithm of expected purchases and profit is higher for each SD of the construct."""
        return {"purchases": self.rate.effect, "profit": self.rate.effect + self.spend.effect}


@dataclass(frozen=True)
class Planted:
    """What is known of simulated customers: `effects` by outcome, and the true `scores` by customer id (text)."""

    effects: dict[str, float]
    scores: pd.Series


def load_purchase_truth(folder: Path) -> PurchaseTruth:
    """The truth of the purchases in a folder. Raises TruthError, a sentence per mistake."""
    path = folder / FILE
    if not path.is_file():
        raise TruthError(f"There is no {FILE} in {shown(folder)}.")
    return read_document(path, PurchaseTruth, TruthError)


def planted(survey: str, purchases: str) -> Planted | None:
    """The effects planted in the purchases of a data set and the true scores of its customers.

    None for purchases that were not simulated. Raises ParameterError for those of the respondents of another survey,
    whose ids may be the same numbers.

    >>> planted("staged_simulated", "linked_simulated").effects["purchases"]
    0.3
    >>> planted("ecsi_mobile", "cdnow") is None
    True
    """
    folder = find_codebook(purchases).folder
    if not (folder / FILE).is_file():
        return None
    truth = load_purchase_truth(folder)
    if truth.survey != (key := find_codebook(survey).key):
        raise ParameterError(
            f"`purchases`: {purchases} holds what the respondents of {truth.survey} bought, not those of {key}; name "
            "purchases of the same customers."
        )
    scores = true_scores(truth)
    return Planted(truth.effects(), scores.set_axis(scores.index.astype(str)))


def true_scores(truth: PurchaseTruth) -> pd.Series:
    """The true scores of the construct by respondent, in standard deviations from the mean of the population."""
    answers = load_truth(truth.survey)
    people = population(answers)
    keys = answers.specification.keys
    if truth.follows not in keys:
        raise TruthError(f"follows: {truth.follows!r} is not among {', '.join(keys)}.")
    if answers.respondents is None or answers.seed is None:
        raise TruthError(f"survey: the truth of {truth.survey} needs `respondents` and `seed`; add them.")
    j = keys.index(truth.follows)
    mean = sum(one.share * one.means[j] for one in people.groups.values())
    eta = draw(people, answers.respondents, answers.seed).constructs[truth.follows]
    return (eta - mean) / np.sqrt(people.construct_moments()[j, j])


def purchases_of(truth: PurchaseTruth, scores: pd.Series) -> pd.DataFrame:
    """The purchases of customers with these true scores, a row each: order, customer, date, amount; in their order.

    >>> from crmresearch.paths import DATA
    >>> truth = load_purchase_truth(DATA / "linked_simulated")
    >>> purchases_of(truth, pd.Series([0.0, 1.0], index=[7, 8])).columns.tolist()
    ['order', 'customer', 'date', 'amount']
    """
    # apart from the streams of respondents, which may be drawn with the same seed
    streams = np.random.SeedSequence([truth.seed, len(STREAMS)]).spawn(len(STREAMS))
    random = dict(zip(STREAMS, map(np.random.default_rng, streams), strict=True))
    z, n = scores.to_numpy(dtype=float), len(scores)
    end = float((truth.last_day - truth.first_day).days + 1)
    joined = np.floor(random["joined"].random(n) * truth.joining_days) + 0.5  # within the day
    rate = random["rates"].gamma(truth.rate.r, 1 / truth.rate.alpha, n) * np.exp(truth.rate.effect * z)
    leaving = random["lifetimes"].gamma(truth.leaving.s, 1 / truth.leaving.beta, n)
    left = joined + YEAR * random["lifetimes"].standard_exponential(n) / np.maximum(leaving, np.finfo(float).tiny)
    days = np.minimum(left, end) - joined
    repeats = random["counts"].poisson(rate * days / YEAR)
    who = np.repeat(np.arange(n), repeats)
    later = joined[who] + days[who] * random["times"].random(len(who))
    customer, time = np.concatenate([np.arange(n), who]), np.concatenate([joined, later])
    nu = random["means"].gamma(truth.spend.q, 1 / truth.spend.gamma, n)
    mean = np.exp(truth.spend.effect * z) / nu
    amount = random["amounts"].gamma(truth.spend.p, 1.0, len(customer)) * mean[customer]
    order = np.lexsort([customer, time])
    on = pd.Timestamp(truth.first_day) + pd.to_timedelta(np.floor(time[order]), unit="D")
    return pd.DataFrame(
        {
            "order": np.arange(1, len(order) + 1),
            "customer": scores.index.to_numpy()[customer[order]],
            "date": on.strftime("%Y-%m-%d"),
            "amount": np.maximum(amount[order], 0.01).round(2),
        }
    )


def purchases_file(folder: Path) -> bytes:
    """The CSV that the truth of a folder makes, the same bytes each time. Raises TruthError."""
    truth = load_purchase_truth(folder)
    table = purchases_of(truth, true_scores(truth))
    return table.to_csv(index=False, float_format="%.2f", lineterminator="\n").encode()
