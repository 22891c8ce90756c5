"""How the warners of churn did out of time: ranks, probabilities, calibration, and who is better beyond chance."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from crmresearch.mining.calibration import auc_influence, probability_scores, squared_errors
from crmresearch.mining.churn.churn import Warned
from crmresearch.mining.churn.warners import BASE, NAIVE, Floats, named
from crmresearch.ranks import highest, leads, verdict

DRAWS = 999
BLOCK = 10_000  # customers at a time: the noise of a million would take 8 GB


@dataclass(frozen=True)
class Measured:
    """A measure of k warners on the same customers: estimates (k,) and influences (k, n), whose cross product is the
    covariance of the estimates. Higher is better."""

    warners: tuple[str, ...]
    points: Floats
    influence: Floats

    def draws(self, seed: int) -> Floats:
        """Draws (k, 999) of the estimates around themselves, paired: influences times independent normal numbers."""
        rng, sums = np.random.default_rng(seed), np.zeros((len(self.points), DRAWS))
        for start in range(0, self.influence.shape[1], BLOCK):
            part = self.influence[:, start : start + BLOCK]
            sums += part @ rng.standard_normal((part.shape[1], DRAWS))
        return np.asarray(self.points[:, None] + sums)

    def alike(self, seed: int) -> list[str]:
        """The warners not told apart from the best, the simplest first (`ranks.highest`)."""
        kept = highest(self.points, self.draws(seed))
        return named([name for name, keep in zip(self.warners, kept, strict=True) if keep])

    def against(self, base: str, seed: int) -> pd.DataFrame:
        """Differences of the others to one: warner, difference, ci_lower, ci_upper (holding for all), verdict."""
        at = self.warners.index(base)
        difference, half = leads(self.points, self.draws(seed), at)
        others = [name for name in self.warners if name != base]
        table = pd.DataFrame({"warner": others, "difference": difference})
        table = table.assign(ci_lower=difference - half, ci_upper=difference + half)
        return table.assign(verdict=[verdict(a, b) for a, b in zip(table["ci_lower"], table["ci_upper"], strict=True)])


def ranking(warned: Warned) -> Measured:
    """The AUC of every warner at a cut-off whose outcomes are known (DeLong)."""
    assert warned.churned is not None
    area, influence = auc_influence(warned.scores.to_numpy(dtype=float).T, warned.churned.to_numpy(dtype=float))
    return Measured(tuple(map(str, warned.scores)), area, influence)


def accuracy(warned: Warned) -> Measured:
    """The Brier score of every probability, base rate among them, with its sign turned so that higher is better."""
    assert warned.churned is not None
    y = warned.churned.to_numpy(dtype=float)
    errors = squared_errors(warned.probabilities.to_numpy(dtype=float).T, y[None, :])
    mean, n = errors.mean(axis=1), len(y)
    influence = -(errors - mean[:, None]) / np.sqrt(n * (n - 1))
    return Measured(tuple(map(str, warned.probabilities)), -mean, influence)


def out_of_time(warned: Warned) -> pd.DataFrame:
    """A row a warner: auc of its score; brier, skill, intercept and slope of its probability, each with its interval.

    Skill is against the share who churned one window earlier where that was learned, else among these customers.
    Missing are the scores of a probability that a warner does not have; see `probability_scores`.
    """
    assert warned.churned is not None
    areas, y = ranking(warned), warned.churned.to_numpy(dtype=float)
    rows = []
    for name in [*named(list(warned.scores)), *([BASE] if BASE in warned.probabilities else [])]:
        row: dict[str, object] = {"warner": name}
        if name in warned.probabilities:
            found = probability_scores(warned.probabilities[name], y, warned.warners.base).set_index("measure")
            for measure in found.index:
                row |= {measure: found.loc[measure, "estimate"]}
                row |= {f"{measure}_{end}": found.loc[measure, f"ci_{end}"] for end in ("lower", "upper")}
        if name in areas.warners:
            at = areas.warners.index(name)
            half = 1.959964 * np.sqrt((areas.influence[at] ** 2).sum())
            ends = np.clip([areas.points[at] - half, areas.points[at] + half], 0, 1)
            row |= {"auc": areas.points[at], "auc_lower": ends[0], "auc_upper": ends[1]}
        rows.append(row)
    columns = ["auc", "brier", "skill", "intercept", "slope"]
    order = ["warner", *(name + end for name in columns for end in ("", "_lower", "_upper"))]
    return pd.DataFrame(rows).reindex(columns=order)


def comparisons(warned: Warned, seed: int) -> pd.DataFrame:
    """Differences in AUC to recency and in Brier to the base rate: measure, warner, difference, ci, verdict.

    A Brier score is better if lower: its difference is base rate less warner, so that above 0 is better everywhere.
    The intervals of one measure hold for all its rows at once.
    """
    tables = [ranking(warned).against(NAIVE, seed).assign(measure="auc")]
    right = accuracy(warned)
    if BASE in right.warners:
        tables.append(right.against(BASE, seed).assign(measure="brier"))
    return pd.concat(tables, ignore_index=True)[["measure", "warner", "difference", "ci_lower", "ci_upper", "verdict"]]


def leader(warned: Warned, seed: int) -> str:
    """The warner to use: of those whose AUC is not told apart from the best, the simplest one."""
    return ranking(warned).alike(seed)[0]
