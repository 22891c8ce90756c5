"""Several theories held out on the same folds: how well each foresees satisfaction and loyalty of other respondents."""

from dataclasses import dataclass
from functools import cached_property
from itertools import combinations

import numpy as np
import pandas as pd

from crmresearch.errors import EstimationError
from crmresearch.ranks import highest
from crmresearch.resampling import bootstrap_counts
from crmresearch.sem.pls.cvpat import cvpat, outcomes, paired
from crmresearch.sem.pls.prediction import Prediction, plspredict
from crmresearch.sem.theory_comparison import AIMS, TheoryComparison

FOLDS = REPEATS = 10
SHOWN = [
    "aim",
    "theory",
    "q2_predict",
    "loss",
    "loss_mean",
    "loss_linear",
    "better",
    "items",
    "power",
    "mean",
    "linear",
]


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

    @cached_property
    def foreseen(self) -> pd.DataFrame:
        """How well each theory foresees satisfaction and loyalty, a row an aim and theory that leads to it.

        Columns aim, theory, q2_predict (1 − loss / loss_mean), loss (mean squared error of the items), loss_mean of the
        averages, loss_linear of the linear model, better (items foreseen better than by it) of items, power (the
        verdict of `Prediction.constructs`); mean and linear: wins, ties or loses against them beyond chance, by CVPAT.
        """
        rows = []
        for theory, one in self.predictions.items():
            tests = cvpat(one, resamples=0, confidence=self.comparison.confidence).set_index(["construct", "against"])
            verdicts = one.constructs.set_index("construct")
            for aim in AIMS:
                if (outcome := self.comparison.aim(theory, aim)) not in outcomes(one):
                    continue
                test, verdict = tests.loc[outcome], verdicts.loc[outcome]
                loss, against = test["loss"].iloc[0], test["loss_against"]
                told = [_told(test.loc[key, "ci_lower"], test.loc[key, "ci_upper"]) for key in ("mean", "linear")]
                losses = [loss, against["mean"], against["linear"]]
                rows.append((aim, theory, 1 - loss / against["mean"], *losses, verdict["better"], verdict["items"],
                             verdict["verdict"], *told))  # fmt: skip
        table = pd.DataFrame(rows, columns=SHOWN)
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


def _told(lower: float, upper: float) -> str:
    """Whether a loss is smaller (wins), larger (loses) or not told apart (ties)."""
    return "wins" if upper < 0 else "loses" if lower > 0 else "ties"
