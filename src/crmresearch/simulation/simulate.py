"""Respondents drawn from a truth: constructs, answers on a scale, careless ones and gaps; of one seed the same bytes.

Every part has random numbers of its own (`SeedSequence.spawn`), so that a truth with gaps or careless respondents gives
the others the answers that it gives without.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from crmresearch.errors import ParameterError
from crmresearch.simulation.blemishes import careless_answers, gaps
from crmresearch.simulation.population import Floats, Population, population
from crmresearch.simulation.truth import Truth

STREAMS = ("groups", "exogenous", "disturbances", "errors", "profile", "careless", "gaps")  # never reorder


@dataclass(frozen=True)
class Drawn:
    """Respondents (rows, numbered from 1) and what is true of them.

    `answers`: an item a column as it is answered (reversed ones turned, NaN where there is no answer), then the groups
    and profile; `constructs`: their true scores, of mean 0 and variance 1 in a group without own levels; `careless`:
    attentive, straight or random; `complete`: the items before gaps and careless answers.
    """

    answers: pd.DataFrame
    constructs: pd.DataFrame
    careless: pd.Series
    complete: pd.DataFrame


def simulate(truth: Truth, respondents: int, seed: int) -> pd.DataFrame:
    """The answers of so many respondents: an item a column, then group and profile, a row a respondent.

    Continuous items are standardised, those with `answers` whole points of their scale; a missing answer is NaN.
    `truth`, `respondents` and `seed` give the same numbers, and the first gaps and careless answers change no other.
    Groups have the shares of the truth, as near as whole respondents can. Raises TruthError for an impossible truth,
    ParameterError for fewer than 2 respondents or a negative seed.

    >>> text = "sat =~ S1 + S2\\nloy =~ L1 + L2\\nloy ~ sat"
    >>> truth = Truth(model=text, paths={"loy": {"sat": 0.5}}, answers={"mean": 7, "sd": 2, "skewness": -0.5})
    >>> frame = simulate(truth, 100, seed=1)
    >>> frame.shape, bool(frame["S1"].between(1, 10).all())
    ((100, 4), True)
    """
    return draw(population(truth), respondents, seed).answers


def draw(people: Population, respondents: int, seed: int) -> Drawn:
    """Respondents of a population with what is true of them; raises as `simulate`.

    >>> people = population(Truth(model="sat =~ S1 + S2\\nloy =~ L1 + L2\\nloy ~ sat"))
    >>> list(draw(people, 10, seed=1).constructs)
    ['sat', 'loy']
    """
    if respondents < 2 or seed < 0:
        raise ParameterError(f"respondents must be 2 or more and seed 0 or more; they are {respondents} and {seed}.")
    truth = people.truth
    streams = np.random.SeedSequence(seed).spawn(len(STREAMS))
    random = dict(zip(STREAMS, map(np.random.default_rng, streams), strict=True))
    rows = pd.RangeIndex(1, respondents + 1, name="respondent")
    member = _members(people, respondents, random["groups"])
    eta = _constructs(people, member, random["exogenous"], random["disturbances"])
    items = truth.specification.items
    noise = random["errors"].standard_normal((respondents, len(items)))
    y = eta @ people.loadings.T + noise @ people.error_root
    for j, item in enumerate(items):
        ends = people.scales.get(item)
        if ends is not None:
            y[:, j] = ends.min + np.searchsorted(people.thresholds[item], y[:, j], side="right")
        if truth.turned(item):
            y[:, j] = (0 if ends is None else (ends.min + ends.max)) - y[:, j]
    complete = pd.DataFrame(y, rows, items)
    kinds, answered = careless_answers(complete, truth.careless, people.scales, random["careless"])
    answered = gaps(answered, truth.missing, random["gaps"])
    values = list(people.groups)
    beside = {truth.groups.column: [values[g] for g in member]} if truth.groups else {}
    for column, shares in truth.profile.items():
        drawn = random["profile"].choice(len(shares), respondents, p=np.array(list(shares.values())))
        beside[column] = [list(shares)[i] for i in drawn]
    constructs = pd.DataFrame(eta, rows, truth.specification.keys)
    return Drawn(answered.join(pd.DataFrame(beside, rows)), constructs, kinds, complete)


def _members(people: Population, respondents: int, random: np.random.Generator) -> np.ndarray:
    """Group of every respondent: shares of the truth by largest remainders, in random order."""
    shares = np.array([one.share for one in people.groups.values()]) * respondents
    sizes = np.floor(shares + 1e-9).astype(int)
    rest = np.argsort(sizes - shares, kind="stable")[: respondents - sizes.sum()]
    sizes[rest] += 1
    return random.permutation(np.repeat(np.arange(len(sizes)), sizes))


def _constructs(
    people: Population, member: np.ndarray, exogenous: np.random.Generator, disturbances: np.random.Generator
) -> Floats:
    """True scores (n, k): exogenous ones, then every other after its predictors."""
    keys = people.truth.specification.keys
    outside = list(people.exogenous)
    drawn = exogenous.standard_normal((len(member), len(outside)))
    zeta = disturbances.standard_normal((len(member), len(keys)))
    eta = np.zeros((len(member), len(keys)))
    for g, group in enumerate(people.groups.values()):
        rows = np.flatnonzero(member == g)
        own = np.zeros((len(rows), len(keys)))  # deviations from the group's means
        own[:, outside] = drawn[rows] @ np.linalg.cholesky(group.constructs[np.ix_(outside, outside)]).T
        for j in people.order:
            own[:, j] = own @ group.paths[:, j] + np.sqrt(group.residual[j]) * zeta[rows, j]
            for a in np.flatnonzero(group.moderations[:, j]):
                x, m = people.products[a]
                own[:, j] += group.moderations[a, j] * (own[:, x] * own[:, m] - group.constructs[x, m])
        eta[rows] = own + group.means
    return eta
