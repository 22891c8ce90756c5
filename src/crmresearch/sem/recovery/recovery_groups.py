"""Whether the paths of groups, and their differences, are found in one simulated survey of known truth."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import pandas as pd

from crmresearch.errors import EstimationError
from crmresearch.ranks import Floats
from crmresearch.sem.pls.bootstrap import bootstrap
from crmresearch.sem.pls.estimate import estimate_pls
from crmresearch.simulation.population import population, true_paths
from crmresearch.simulation.truth import Truth

NULL = 0.005  # a true path or difference this near to 0 is none
PATH = ["outcome", "predictor"]


@dataclass(frozen=True)
class GroupRecovery:
    """Paths within groups against their truth, and the differences between every two groups.

    `paths`: group, respondents, estimator, outcome, predictor, true, estimate, ci_lower, ci_upper, covered.
    `differences`: estimator, outcome, predictor, group, other, true, difference, ci_lower, ci_upper, told (its interval
    leaves 0 out), right (told, and of the true sign). Intervals are 95% bootstrap percentiles, each by itself;
    moderations are left out.
    """

    paths: pd.DataFrame
    differences: pd.DataFrame
    resamples: int

    def counts(self, estimator: str = "plsc") -> dict[str, int]:
        """Differences planted and, of them, found; those that are none, and of them claimed."""
        table = self.differences[self.differences["estimator"] == estimator]
        there = table["true"].abs() >= NULL
        counts = {"planted": there.sum(), "found": (table["right"] & there).sum()}
        counts |= {"none": (~there).sum(), "claimed": (table["told"] & ~there).sum()}
        return {name: int(count) for name, count in counts.items()}


def recover_groups(
    truth: Truth, items: pd.DataFrame, members: pd.Series, *, resamples: int = 500, seed: int = 1
) -> GroupRecovery:
    """Estimate the theory of a truth by PLS and PLSc in each of its groups, from complete answers of its respondents.

    `items` (n, p): high answers meaning more of the construct, without gaps; `members` (n,): their group. Raises
    EstimationError for a truth without groups, and where a group is too small.
    """
    if truth.groups is None:
        raise EstimationError("The truth has no groups; nothing differs between them.")
    people, plain = population(truth), truth.specification.without_moderation()
    parts, draws = [], {}
    for i, group in enumerate(truth.groups.values):
        rows = items[(members == group).to_numpy()]
        estimate = bootstrap(
            estimate_pls(plain, rows, cautions=False), resamples=resamples, seed=seed + i, cautions=False
        )
        true = true_paths(people, group)
        paths = estimate.paths.merge(true, on=PATH)
        paths = paths.assign(group=group, respondents=len(rows))
        parts.append(paths)
        assert estimate.resampling is not None
        draws[group] = {e: estimate.resampling.replicates[f"paths/{e}"] for e in estimate.estimators}
    paths = pd.concat(parts, ignore_index=True)
    paths["covered"] = (paths["ci_lower"] <= paths["true"]) & (paths["true"] <= paths["ci_upper"])
    shown = ["group", "respondents", "estimator", *PATH, "true", "estimate", "ci_lower", "ci_upper", "covered"]
    differences = pd.concat(_differences(paths, draws), ignore_index=True)
    return GroupRecovery(paths[shown], differences, resamples)


def _differences(paths: pd.DataFrame, draws: dict[int | str, dict[str, Floats]]) -> Iterator[pd.DataFrame]:
    """Every two groups: estimates and resamples of the first less those of the second, independent of one another."""
    for one, other in combinations(draws, 2):
        for estimator in draws[one]:
            a, b = (paths[(paths["group"] == g) & (paths["estimator"] == estimator)] for g in (one, other))
            frame = a[["estimator", *PATH]].reset_index(drop=True).assign(group=one, other=other)
            for name, column in (("true", "true"), ("difference", "estimate")):
                frame[name] = a[column].to_numpy() - b[column].to_numpy()
            least = min(len(draws[one][estimator]), len(draws[other][estimator]))
            drawn = draws[one][estimator][:least] - draws[other][estimator][:least]
            frame["ci_lower"], frame["ci_upper"] = np.nanquantile(drawn, [0.025, 0.975], axis=0)
            frame["told"] = (frame["ci_lower"] > 0) | (frame["ci_upper"] < 0)
            frame["right"] = frame["told"] & (np.sign(frame["difference"]) == np.sign(frame["true"].round(12)))
            yield frame
