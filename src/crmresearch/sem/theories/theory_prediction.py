"""Several theories held out on the same folds: how well each foresees satisfaction and loyalty of other respondents."""

from dataclasses import dataclass, replace
from functools import cached_property
from itertools import combinations

import numpy as np
import pandas as pd

from crmresearch.caution import Caution
from crmresearch.errors import EstimationError
from crmresearch.ranks import highest
from crmresearch.resampling import bootstrap_counts
from crmresearch.sem.pls.prediction.cvpat import FORESEEN, foreseen, outcomes, paired
from crmresearch.sem.pls.prediction.plspredict import Prediction, plspredict
from crmresearch.sem.theories.theory_comparison import AIMS, TheoryComparison

FOLDS = REPEATS = 10
SHOWN = ["aim", "theory", *FORESEEN[1:]]


@dataclass(frozen=True)
class TheoryPrediction:
    """The theories of a comparison, each of whose respondents is foreseen by models of the others.

    Ten folds, dealt ten times by the seed of the resamples, the same for all theories; outcomes follow from exogenous
    constructs alone, as the linear model knows their items.
    """

    comparison: TheoryComparison

    @cached_property
    def _held_out(self) -> dict[str, Prediction | str]:
        found: dict[str, Prediction | str] = {}
        complete = self.comparison.complete
        gaps = self.comparison.survey.items if complete.policy == "mean" else None
        for theory, estimate in self.comparison.estimates.items():
            design, boot = estimate.sample.design, estimate.resampling
            assert boot is not None
            folds = min(FOLDS, estimate.sample.n if design is None else design.clusters)
            try:
                found[theory] = plspredict(estimate, folds, repeats=REPEATS, seed=boot.seed, answers=gaps)
            except EstimationError as error:
                found[theory] = str(error)
        return found

    @property
    def predictions(self) -> dict[str, Prediction]:
        """The theories that could be held out."""
        return {theory: one for theory, one in self._held_out.items() if not isinstance(one, str)}

    @property
    def failures(self) -> dict[str, str]:
        """Why the others could not."""
        return {theory: one for theory, one in self._held_out.items() if isinstance(one, str)}

    @property
    def cautions(self) -> list[Caution]:
        """Which theories could not be held out and why, and what to beware of in the others; quantity: the theory."""
        missing = [Caution("not_held_out", "weak", key, {"reason": why}) for key, why in self.failures.items()]
        found = [(key, caution) for key, one in self.predictions.items() for caution in one.cautions]
        return [*missing, *(replace(caution, quantity=key) for key, caution in found)]

    @cached_property
    def foreseen(self) -> pd.DataFrame:
        """How well each theory foresees satisfaction and loyalty, a row an aim and theory that leads to it.

        Columns aim, theory, and those of `crmresearch.sem.pls.prediction.cvpat.foreseen`.
        """
        parts = []
        for theory, one in self.predictions.items():
            table = foreseen(one, self.comparison.confidence)
            for aim in AIMS:
                own = table[table["outcome"] == self.comparison.aim(theory, aim)]
                parts.append(own.drop(columns="outcome").assign(aim=aim, theory=theory))
        table = pd.concat(parts)[SHOWN] if parts else pd.DataFrame(columns=SHOWN)
        return table.sort_values("aim", key=lambda aims: aims.map(AIMS.index), kind="stable").reset_index(drop=True)

    @cached_property
    def losses(self) -> dict[str, pd.DataFrame]:
        """Of every aim, the loss of each respondent (rows) in the theories that measure it by the same items.

        The mean of the squared errors of these items; theories in columns, the smallest mean loss first.
        """
        found = {}
        for aim in AIMS:
            columns = {}
            for theory in self.comparison.ranked(aim):
                one, outcome = self.predictions.get(theory), self.comparison.aim(theory, aim)
                if one is not None and outcome in outcomes(one):
                    columns[theory] = one.losses(outcomes(one)[str(outcome)])
            table = pd.DataFrame(columns)
            found[aim] = table[sorted(table, key=lambda theory: self._mean(table[theory]))]
        return found

    def _mean(self, losses: pd.Series) -> float:
        weights = next(iter(self.predictions.values())).weights[losses.notna()]
        return float(np.average(losses.dropna(), weights=weights))

    @cached_property
    def differences(self) -> pd.DataFrame:
        """CVPAT of every two theories, a row an aim and pair.

        Columns aim, theory (of the smaller loss), other, difference (of the losses, below 0), ci_lower, ci_upper, t,
        p_value of the paired t test.
        """
        rows = []
        for aim, losses in self.losses.items():
            for theory, other in combinations(losses, 2):
                one = self.predictions[theory]
                apart = (losses[theory] - losses[other]).to_numpy()
                mean, _, lower, upper, t, _, p = paired(apart, one.weights, one.design, self.comparison.confidence)
                rows.append((aim, theory, other, mean, lower, upper, t, p))
        shown = ["aim", "theory", "other", "difference", "ci_lower", "ci_upper", "t", "p_value"]
        return pd.DataFrame(rows, columns=shown)

    def less(self, aim: str) -> list[str]:
        """Of the theories in `losses`, those that foresee an aim worse than the first beyond chance."""
        alike = self.alike(aim)
        return [theory for theory in self.losses[aim] if theory not in alike]

    def alike(self, aim: str) -> list[str]:
        """Theories not told apart from the one that foresees an aim best, it first: `ranks.highest`, over resamples."""
        table = self.losses[aim]
        if table.shape[1] < 2:
            return list(table)
        one = self.predictions[table.columns[0]]
        boot = self.comparison.estimates[table.columns[0]].resampling
        assert boot is not None
        kept = table.notna().all(axis=1).to_numpy()
        losses, drawn = table[kept].to_numpy().T, []
        for counts in bootstrap_counts(len(kept), boot.resamples, boot.seed, one.design):
            weights = (counts * one.weights)[:, kept]
            drawn.append(losses @ weights.T / weights.sum(axis=1))
        points = np.average(losses, axis=1, weights=one.weights[kept])
        best = highest(-points, -np.concatenate(drawn, axis=1), self.comparison.confidence)
        return [theory for theory, among in zip(table, best, strict=True) if among]
