"""Which numbers of several theories on a survey can be read, and which of the theories that do as well is smallest."""

from dataclasses import dataclass
from functools import cached_property

import pandas as pd

from crmresearch.data.survey.suspicions import suspicions
from crmresearch.sem.answers.answer_cautions import answer_cautions
from crmresearch.sem.index import construct_index
from crmresearch.sem.pls.cautions import estimator_of
from crmresearch.sem.theories.theory_comparison import ESTIMATORS, TheoryComparison

READ = {"inadmissible": "unread", "unidentified": "unread", "weak": "care"}


@dataclass(frozen=True)
class TheoryReading:
    """The theories of a comparison with what is to be kept in mind of each estimator."""

    comparison: TheoryComparison

    @cached_property
    def _severities(self) -> dict[tuple[str, str], set[str]]:
        """The severities of all cautions on data, answers, estimates and index, by theory and estimator."""
        found, survey = self.comparison, self.comparison.survey
        told: dict[tuple[str, str], set[str]] = {}
        for theory, one in found.estimates.items():
            structure = found.structures.get(theory)
            cautions = [
                *suspicions(survey),
                *answer_cautions(survey, found.complete, one.specification),
                *construct_index(one, survey.bounds)[1],
                *one.cautions,
                *(structure.cautions if structure else []),
            ]
            for caution in cautions:
                told.setdefault((theory, estimator_of(caution.code)), set()).add(caution.severity)
        return told

    def read(self, theory: str, estimator: str) -> str:
        """Whether the numbers of an estimator can be read: usable, care, unread, or none where there are none."""
        found = self.comparison
        has = [*found.estimates[theory].estimators, *(["cbsem"] if theory in found.structures else [])]
        if estimator not in has:
            return "none"
        own = self._severities.get((theory, estimator), set())
        return next((word for severity, word in READ.items() if severity in own), "usable")

    @property
    def table(self) -> pd.DataFrame:
        """How every estimator can be read (`read`), a row a theory: theory, pls, plsc, cbsem."""
        theories = list(self.comparison.estimates)
        return pd.DataFrame({"theory": theories, **{e: [self.read(t, e) for t in theories] for e in ESTIMATORS}})

    @property
    def unread(self) -> list[tuple[str, str]]:
        """The theories and estimators that are not to be read."""
        pairs = [(theory, estimator) for estimator in ESTIMATORS for theory in self.comparison.estimates]
        return [pair for pair in pairs if self.read(*pair) == "unread"]

    @cached_property
    def steps(self) -> pd.DataFrame:
        """The rows of `steps` of the comparison that can be read."""
        steps = self.comparison.steps.query("reason == ''")
        return steps[[pair not in self.unread for pair in zip(steps["theory"], steps["estimator"], strict=True)]]

    @property
    def all_steps(self) -> pd.DataFrame:
        """All rows of `steps` of the comparison; the reason of those there are is how they can be read, read_<word>."""
        steps = self.comparison.steps
        read = [f"read_{self.read(row.theory, row.estimator)}" for row in steps.itertuples()]
        return steps.assign(reason=steps["reason"].where(steps["reason"] != "", read))

    @property
    def sizes(self) -> pd.DataFrame:
        """`sizes` of the comparison; the reason is how the covariance structure can be read, fit_<word>."""
        sizes = self.comparison.sizes
        return sizes.assign(reason=[f"fit_{self.read(theory, 'cbsem')}" for theory in sizes["theory"]])

    def smallest(self, aim: str) -> str | None:
        """Of the theories not told apart from the one that explains most the one with the fewest paths, by PLS that can
        be read; None without any."""
        paths = self.comparison.sizes.set_index("theory")["paths"]
        usable = [theory for theory in self.comparison.alike(aim) if self.read(theory, "pls") != "unread"]
        return min(usable, key=lambda theory: paths[theory], default=None)


def steps_everywhere(*comparisons: TheoryComparison) -> pd.DataFrame:
    """The direct path from satisfaction to loyalty of every comparison, theory and estimator that can be read.

    The columns of `steps`, and dataset, the key of the survey.
    """
    parts = [TheoryReading(one).steps.assign(dataset=one.survey.codebook.key) for one in comparisons]
    return pd.concat(parts, ignore_index=True).query("effect == 'direct'").reset_index(drop=True)
