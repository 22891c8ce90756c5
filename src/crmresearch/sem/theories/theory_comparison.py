"""Several theories on the same respondents: what each explains, its step from satisfaction to loyalty, its index."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations, product
from typing import Any

import numpy as np
import pandas as pd

from crmresearch.data.survey.missing import Complete, Policy, handle_missing
from crmresearch.data.survey.survey import Survey, load_survey
from crmresearch.errors import DatasetMissingError, EstimationError, SpecificationError
from crmresearch.models.specification import Specification, bind
from crmresearch.models.theory import Theory
from crmresearch.ranks import highest
from crmresearch.sem.covariance.estimate import estimate_cbsem
from crmresearch.sem.covariance.result import CbEstimate
from crmresearch.sem.index import construct_index
from crmresearch.sem.pls.algorithm import Floats, Scheme
from crmresearch.sem.pls.bootstrap import bootstrap
from crmresearch.sem.pls.estimate import estimate_pls
from crmresearch.sem.pls.result import PlsEstimate
from crmresearch.sem.theories.theory_contents import sizes

AIMS = ("satisfaction", "loyalty")
ESTIMATORS = ("pls", "plsc", "cbsem")
ENDS = ["ci_lower", "ci_upper"]


@dataclass(frozen=True)
class TheoryComparison:
    """Theories by key, each estimated by PLS and as a covariance structure from the same rows and the same resamples.

    `complete`: the rows without a gap in the items of any theory; `left_out`: theories that could not be compared, each
    with the reason.
    """

    survey: Survey
    complete: Complete
    estimates: dict[str, PlsEstimate]
    left_out: tuple[tuple[Theory, str], ...]
    confidence: float

    @cached_property
    def _covariance(self) -> dict[str, CbEstimate | str]:
        found: dict[str, CbEstimate | str] = {}
        for theory, one in self.estimates.items():
            try:
                found[theory] = estimate_cbsem(
                    one.specification,
                    self.complete.items,
                    weights=self.survey.weights,
                    design=self.survey.design,
                    confidence=self.confidence,
                )
            except EstimationError as error:
                found[theory] = str(error)
        return found

    @property
    def structures(self) -> dict[str, CbEstimate]:
        """The covariance structures of the theories that have one."""
        return {theory: one for theory, one in self._covariance.items() if not isinstance(one, str)}

    @property
    def failures(self) -> dict[str, str]:
        """Why the other theories have no covariance structure."""
        return {theory: one for theory, one in self._covariance.items() if isinstance(one, str)}

    def aim(self, theory: str, aim: str) -> str | None:
        """The construct that is satisfaction, or loyalty, in a theory; None where it has none."""
        return self.estimates[theory].specification.theory.aims.get(aim)

    @cached_property
    def explained(self) -> pd.DataFrame:
        """What each theory explains of satisfaction and of loyalty (PLS), a row an aim and theory.

        Columns aim, theory, outcome, predictors (arrows into it, those of components in the place of one of second
        order), r_squared, ci_lower, ci_upper, adjusted, reason:
        no_aim where the theory has no such construct, no_cause where nothing leads to it.
        """
        rows = []
        for aim, (theory, estimate) in product(AIMS, self.estimates.items()):
            outcome, shares = self.aim(theory, aim), estimate.only("r_squared").set_index("outcome")
            n, m = estimate.sample.n, _arrows(estimate, outcome)
            row: dict[str, Any] = {"aim": aim, "theory": theory, "outcome": outcome, "predictors": m}
            if outcome in shares.index:
                found = shares.loc[outcome]
                adjusted = 1 - (1 - found["estimate"]) * (n - 1) / (n - m - 1)
                row |= {"r_squared": found["estimate"], "adjusted": adjusted, **found[ENDS]}
            rows.append({**row, "reason": "" if "adjusted" in row else "no_cause" if outcome else "no_aim"})
        shown = ["aim", "theory", "outcome", "predictors", "r_squared", *ENDS, "adjusted", "reason"]
        return pd.DataFrame(rows).reindex(columns=shown)

    def ranked(self, aim: str) -> list[str]:
        """Theories that explain an aim measured by the same items, the most (adjusted R²) first.

        Where theories measure it by different items, those that share them with most others.
        """
        rows = self.explained.query("aim == @aim").dropna(subset="adjusted").set_index("theory")
        items = {t: frozenset(self.estimates[t].specification.construct(o).items) for t, o in rows["outcome"].items()}
        if not items:
            return []
        kept = max(items.values(), key=list(items.values()).count)
        alike = rows.loc[[theory for theory, own in items.items() if own == kept]]
        return list(alike.sort_values("adjusted", ascending=False, kind="stable").index)

    @cached_property
    def differences(self) -> pd.DataFrame:
        """Difference in adjusted R² between every two theories, paired resample by resample.

        Columns aim, theory (the one that explains more in the sample), other, difference, ci_lower, ci_upper
        (percentile). R² never falls by an arrow more, so that it is adjusted, R̄² = 1 − (1 − R²)(n − 1)/(n − m − 1)
        with m arrows (Wherry 1931; Ezekiel 1930). A resample repeats the chance of the sample and adds its own: its R̄²
        lies around the sample's R², not R̄², and is moved by what lies between, R² − R̄², before theories are compared.
        """
        rows = []
        for aim in AIMS:
            draws = {theory: self._adjusted_draws(theory, aim) for theory in self.ranked(aim)}
            known = self.explained.query("aim == @aim").set_index("theory")["adjusted"]
            for theory, other in combinations(draws, 2):
                drawn = draws[theory] - draws[other]
                limits = self._limits(drawn[np.isfinite(drawn)])
                rows.append((aim, theory, other, known[theory] - known[other], *limits))
        return pd.DataFrame(rows, columns=["aim", "theory", "other", "difference", *ENDS])

    def alike(self, aim: str) -> list[str]:
        """Of the theories `ranked`, those not told apart from the one that explains most: `ranks.highest`."""
        ranked = self.ranked(aim)
        known = self.explained.query("aim == @aim").set_index("theory")["adjusted"]
        if not ranked:
            return []
        draws = np.array([self._adjusted_draws(theory, aim) for theory in ranked])
        kept = highest(known[ranked].to_numpy(dtype=float), draws, self.confidence)
        return [theory for theory, one in zip(ranked, kept, strict=True) if one]

    def _adjusted_draws(self, theory: str, aim: str) -> Floats:
        estimate = self.estimates[theory]
        outcome, boot = self.aim(theory, aim), estimate.resampling
        assert boot is not None
        at = list(estimate.quantities["r_squared/pls"].labels["outcome"]).index(outcome)
        n, m = estimate.sample.n, _arrows(estimate, outcome)
        share = estimate.values("r_squared/pls")[at]
        taken_off = (1 - share) * m / (n - m - 1)
        drawn = np.full(boot.resamples, np.nan)
        drawn[boot.usable] = 1 - (1 - boot.replicates["r_squared/pls"][:, at]) * (n - 1) / (n - m - 1) - taken_off
        return drawn

    def _limits(self, drawn: Floats) -> Floats:
        tail = (1 - self.confidence) / 2
        return np.asarray(np.quantile(drawn, [tail, 1 - tail])) if len(drawn) > 1 else np.full(2, np.nan)

    @cached_property
    def steps(self) -> pd.DataFrame:
        """The standardised effect of satisfaction on loyalty, direct and total, by theory and estimator.

        Columns theory, effect (direct, total), estimator (pls, plsc, cbsem), estimate, ci_lower, ci_upper, reason: of
        PLS and PLSc by bootstrap, of CB-SEM by the delta method. Where there is none the reason is no_aim (no loyalty),
        no_direct or no_total (no such path or route; one row for all estimators), or no_estimate.
        """
        rows = []
        for theory, effect in product(self.estimates, ("direct", "total")):
            ends, found = [self.aim(theory, aim) for aim in AIMS], self._effects(theory, effect)
            step = found[(found["predictor"] == ends[0]) & (found["outcome"] == ends[1])].set_index("estimator")
            row = {"theory": theory, "effect": effect}
            if step.empty:
                rows.append({**row, "estimator": "pls", "reason": f"no_{effect if ends[1] else 'aim'}"})
                continue
            for estimator in ESTIMATORS:
                known = {"reason": "no_estimate"} if estimator not in step.index else step.loc[estimator].to_dict()
                rows.append({**row, "estimator": estimator, "reason": "", **known})
        return pd.DataFrame(rows).reindex(columns=["theory", "effect", "estimator", "estimate", *ENDS, "reason"])

    def _effects(self, theory: str, effect: str) -> pd.DataFrame:
        """Direct or total effects by every estimator of a theory, standardised, with intervals."""
        table = "paths" if effect == "direct" else "total_effects"
        frames: list[pd.DataFrame] = [getattr(self.estimates[theory], table)]
        if theory in self.structures:
            structure = self.structures[theory]
            frames.append(structure.standardised(getattr(structure, table)))
        return pd.concat(frames)[["estimator", "predictor", "outcome", "estimate", *ENDS]]

    @cached_property
    def indices(self) -> pd.DataFrame:
        """The 0–100 index of satisfaction and loyalty in every theory: aim, theory, estimate, ci_lower, ci_upper.

        Where there is none, `reason` is no_aim, or refused (an item has a negative weight).
        """
        rows = []
        for aim, (theory, estimate) in product(AIMS, self.estimates.items()):
            index, key = construct_index(estimate, self.survey.bounds)[0].set_index("construct"), self.aim(theory, aim)
            found = index.loc[key, ["estimate", *ENDS]].to_dict() if key else {"estimate": np.nan}
            reason = "" if np.isfinite(found["estimate"]) else "refused" if key else "no_aim"
            rows.append({"aim": aim, "theory": theory, **found, "reason": reason})
        return pd.DataFrame(rows)

    @property
    def specifications(self) -> dict[str, Specification]:
        """The theories as bound to the survey."""
        return {theory: one.specification for theory, one in self.estimates.items()}

    @cached_property
    def sizes(self) -> pd.DataFrame:
        """The size of every theory and the fit of its covariance structure: `theory_contents.sizes`."""
        return sizes(self.specifications, self.structures)


def compare_theories(
    theories: Sequence[Theory],
    survey: Survey,
    *,
    missing: Policy = "listwise",
    scheme: Scheme = "path",
    resamples: int = 1000,
    seed: int = 1,
    confidence: float = 0.95,
) -> TheoryComparison:
    """The theories estimated from the same rows: those complete on the items of all, or gaps filled with means.

    Every theory is resampled by the same rows, so that differences are paired. A theory that cannot be bound to the
    survey or estimated from its rows is left out with the reason. Raises SpecificationError for fewer than two left,
    and for two of one key; EstimationError where the rows do not do.

    >>> from crmresearch.data.survey.survey import load_survey
    >>> from crmresearch.models.theory import load_theory
    >>> theories = [load_theory(key) for key in ("scsb", "acsi", "ncsb")]
    >>> found = compare_theories(theories, load_survey("ecsi_mobile"), resamples=50)
    >>> list(found.estimates), [theory.key for theory, _ in found.left_out]
    (['scsb', 'acsi'], ['ncsb'])
    """
    keys = [theory.key for theory in theories]
    if twice := [key for key in keys if keys.count(key) > 1]:
        raise SpecificationError(
            f"`theories`: two of them have the key {twice[0]!r}; name each once, or give one another key in its file."
        )
    left_out: list[tuple[Theory, str]] = []
    specifications: dict[str, Specification] = {}
    for theory in theories:
        try:
            specifications[theory.key] = bind(theory, survey.codebook)
        except SpecificationError as error:
            left_out.append((theory, str(error)))
    _require_two(len(specifications), survey, left_out)
    union = list(dict.fromkeys(item for spec in specifications.values() for item in spec.items))
    complete = handle_missing(survey.items[union], missing, survey.weights)
    sampled = {"weights": survey.weights, "design": survey.design}
    plain: dict[str, PlsEstimate] = {}
    for key, spec in specifications.items():
        try:
            plain[key] = estimate_pls(spec, complete.items, **sampled, scheme=scheme, cautions=False)  # type: ignore[arg-type]
        except EstimationError as error:
            left_out.append((spec.theory, str(error)))
    _require_two(len(plain), survey, left_out)
    options = {"resamples": resamples, "seed": seed, "confidence": confidence}
    estimates = {key: bootstrap(one, **options) for key, one in plain.items()}  # type: ignore[arg-type]
    return TheoryComparison(survey, complete, estimates, tuple(left_out), confidence)


def _arrows(estimate: PlsEstimate, outcome: str | None) -> int:
    """Arrows into a construct, products of moderations among them; in the place of one of second order its components,
    whose weights are fitted as well."""
    spec = estimate.specification
    of_each = [len(spec.construct(path.predictor).of) or 1 for path in spec.paths if path.outcome == outcome]
    return sum(of_each) + sum(m.outcome == outcome for m in spec.moderations)


def compare_elsewhere(
    theories: Sequence[Theory], datasets: Sequence[str], **options: Any
) -> tuple[list[TheoryComparison], dict[str, str]]:
    """The theories on other surveys, each as `compare_theories` with its `options`, and why some are left out.

    A survey that is not on this machine is left out, its reason empty, and one that fewer than two of the theories can
    be bound to.
    """
    found, left_out = [], dict[str, str]()
    for dataset in datasets:
        try:
            found.append(compare_theories(theories, load_survey(dataset), **options))
        except DatasetMissingError:
            left_out[dataset] = ""
        except (SpecificationError, EstimationError) as error:
            left_out[dataset] = str(error)
    return found, left_out


def _require_two(left: int, survey: Survey, left_out: Sequence[tuple[Theory, str]]) -> None:
    if left < 2:
        named = ", ".join(theory.key for theory, _ in left_out)
        why = f", or mend {named}. The first problem: {left_out[0][1]}" if left_out else "."
        raise SpecificationError(
            f"A comparison needs two theories, and {'only one' if left else 'none'} can be used with "
            f"{survey.codebook.key}; name others under `theories`{why}"
        )
