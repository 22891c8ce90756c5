"""Shifted beta-geometric: who is under contract renews or leaves at the end of each period, with a coin of their own.

Fader & Hardie (2007, "How to project customer retention", Journal of Interactive Marketing 21:76–90); residual
lifetimes after Fader & Hardie (2010, "Customer-base valuation in a contractual setting: The perils of ignoring
heterogeneity", Marketing Science 29:85–93). The coin θ ~ beta(α, β) is tossed at every renewal; with S(t) the share who
renew t times and P(t) the share who leave at renewal t,

    S(t) = B(α, β+t) / B(α, β),     P(t) = B(α+1, β+t−1) / B(α, β).

Checked against the published estimates and forecasts of both cases of the paper.
"""

from dataclasses import dataclass
from typing import NamedTuple, Self

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import betaln, gammaln, hyp2f1

from crmresearch.caution import Caution
from crmresearch.errors import EstimationError
from crmresearch.value.histories import Floats, Scores, UniqueRows, checked_weights, numbers, unique_rows
from crmresearch.value.maximum import Maximum, MaximumFit, digamma, maximise

ALIKE = 0.001  # polarization below which customers are alike


class ShiftedBetaGeometricParameters(NamedTuple):
    """Chance θ ~ beta(alpha, beta) not to renew, mean alpha / (alpha + beta)."""

    alpha: float
    beta: float


@dataclass(frozen=True)
class ShiftedBetaGeometricFit(MaximumFit):
    """The model at its maximum likelihood; time counts periods of the contract.

    `parameters` and `standard_errors` are named tuples, `covariances` (2, 2) those of the parameters; `rows` are the
    unique weighted lifetimes the fit saw (renewals decided, whether the last one was refused).
    """

    parameters: ShiftedBetaGeometricParameters
    standard_errors: ShiftedBetaGeometricParameters

    @staticmethod
    def score(theta: Scores, rows: UniqueRows) -> tuple[float, Scores]:
        """Log-likelihood and gradient at log-parameters (alpha, beta), real or complex."""
        value, *by_row = log_chances(theta, *rows.columns)
        gradient = np.array([rows.weights @ part for part in by_row]) * np.exp(theta)
        return (np.nan if np.iscomplexobj(theta) else float(rows.weights @ value)), gradient

    @classmethod
    def estimate(cls, rows: UniqueRows, near: Self | None = None) -> Self:
        """Fit unique rows; `near`: a fit of much the same customers, which is quicker and may leave errors NaN."""
        names = ShiftedBetaGeometricParameters
        start = None if near is None else near.maximum
        best = maximise(lambda theta: cls.score(theta, rows), np.zeros(2), names._fields, rows.n, start)
        estimates, errors = names(*best.parameters.tolist()), names(*best.standard_errors.tolist())
        found = (best.log_likelihood, rows.n, best.converged, lifetime_cautions(best), best.covariances)
        return cls(estimates, errors, *found, rows)

    @property
    def mean_churn(self) -> float:
        """Share of new customers who refuse the first renewal: alpha / (alpha + beta)."""
        alpha, beta = self.parameters
        return alpha / (alpha + beta)

    @property
    def polarization(self) -> float:
        """How far customers differ, from 0 (all alike) to 1 (some always renew, the others never): 1 / (α + β + 1)."""
        return 1 / (1 + sum(self.parameters))

    def survival(self, t: ArrayLike) -> Floats:
        """S(t) (n,), the share of a cohort that has renewed t times."""
        alpha, beta = self.parameters
        renewals = _whole("t (renewals)", t, 0)
        return np.asarray(np.exp(betaln(alpha, beta + renewals) - betaln(alpha, beta)))

    def retention(self, t: ArrayLike) -> Floats:
        """S(t) / S(t−1) = (β+t−1) / (α+β+t−1), (n,): the share of those asked for renewal t, from 1 on, who renew."""
        alpha, beta = self.parameters
        before = _whole("t (the number of the renewal)", t, 1) - 1
        return (beta + before) / (alpha + beta + before)

    def expected_lifetime(self, rate: float = 0.0) -> float:
        """Expected payments of a new customer, the one at acquisition counted, discounted at `rate` a period.

        Σ S(t) / (1+d)^t = ₂F₁(1, β; α+β; 1/(1+d)) (Fader & Hardie 2010). Raises EstimationError where it is endless:
        without a discount and alpha ≤ 1.
        """
        return float(self.lifetime_from(np.zeros(1), rate)[0])

    def expected_residual_lifetime(self, period: ArrayLike, rate: float = 0.0) -> Floats:
        """Expected payments to come (n,) of customers in their `period`-th period, who have renewed period − 1 times.

        The next payment is due now and not discounted, the ones after it at `rate` a period: Σ_{t≥n} S(t) / S(n−1) /
        (1+d)^(t−n) (Fader & Hardie 2010, eq. 6). Raises EstimationError as `expected_lifetime`.
        """
        periods = _whole("period", period, 1)
        return self.retention(periods) * self.lifetime_from(periods, rate)

    def lifetime_from(self, t: Floats, rate: float) -> Floats:
        """Σ_{u≥t} S(u) / S(t) / (1+d)^(u−t), (n,): what who has renewed t times pays from that payment on."""
        alpha, beta = self.parameters
        if not 0 <= rate < np.inf:
            raise EstimationError(f"The discount rate a period must be 0 or more; it is {rate}.")
        if rate == 0:
            if alpha <= 1:
                raise EstimationError(
                    f"With alpha = {alpha:.3g}, not above 1, some customers stay so long that the expected lifetime "
                    "has no end; give a discount rate above 0."
                )
            return (alpha + beta + t - 1) / (alpha - 1)
        return np.asarray(hyp2f1(1, beta + t, alpha + beta + t, 1 / (1 + rate)))


def lifetime_cautions(best: Maximum) -> tuple[Caution, ...]:
    """The cautions of a maximum (alpha, beta), at whose bounds customers may simply be alike.

    Where all leave at one rate, alpha and beta grow without end in one proportion and the model becomes the geometric;
    the rate is then as well known as ever, and only that customers differ is not told.
    """
    at_bounds = [caution for caution in best.cautions if caution.code == "boundary"]
    alpha, beta = best.parameters
    if not at_bounds or 1 / (1 + alpha + beta) > ALIKE:
        return best.cautions
    others = [caution for caution in best.cautions if caution.code not in ("boundary", "vague", "information")]
    return (*others, Caution("alike", "note", "churn", {"churn": float(alpha / (alpha + beta))}))


def log_chances(theta: Scores, t: Scores, left: Scores) -> tuple[Scores, Scores, Scores]:
    """log P(t) where left is 1 and log S(t) where it is 0, and its derivatives by alpha and beta, at log-parameters."""
    alpha, beta = np.exp(theta)
    both, a, b = alpha + beta, alpha.real, beta.real
    shared = digamma(both) - digamma(both + t)
    by_alpha, by_beta = shared + left / alpha, shared + digamma(beta + t - left) - digamma(beta)
    value = gammaln(b + t - left) - gammaln(b) + gammaln(a + b) - gammaln(a + b + t) + left * np.log(a)
    if np.iscomplexobj(theta):  # a complex step is so small that the derivatives tell what it adds
        value = value + 1j * (by_alpha.real * alpha.imag + by_beta.real * beta.imag)
    return value, by_alpha, by_beta


def fit_shifted_beta_geometric(
    renewals: ArrayLike, left: ArrayLike, weights: ArrayLike | None = None
) -> ShiftedBetaGeometricFit:
    """The shifted beta-geometric by maximum likelihood from lifetimes of single customers, of one or many cohorts.

    `renewals` (n,) is how often each customer was asked to renew by now, `left` (n,) of 0 and 1 whether they refused
    the last time; who has not is censored there. `weights` (n,) are customers a row stands for.
    Raises EstimationError for impossible lifetimes, or where nobody or everybody left when first asked, from which two
    parameters cannot be learned. Fader & Hardie (2007), eq. 5 and appendix B; checked against their estimates.

    >>> fit = fit_shifted_beta_geometric([1, 1, 1, 2, 3, 4, 4, 4], left=[1, 1, 1, 1, 0, 0, 0, 0])
    >>> fit.retention([1, 2, 3]).round(2).tolist()
    [0.62, 0.89, 0.94]
    """
    asked, refused = _whole("renewals", renewals, 0), _whole("left", left, 0)
    if len(asked) != len(refused):
        raise EstimationError(f"renewals and left have {len(asked)} and {len(refused)} values; give one a customer.")
    if (wrong := (refused > 1) | (refused > asked)).any():
        raise EstimationError(
            "left must be 0 or 1, and 0 for who was never asked to renew; "
            f"{wrong.sum()} of {len(wrong)} are not, first at position {int(wrong.argmax())}."
        )
    rows = unique_rows([asked, refused], checked_weights(weights, len(asked)))
    t, gone = rows.columns
    counted = rows.weights > 0
    if not (counted & (gone == 1)).any():
        raise EstimationError("Nobody has left yet, so that the chance to leave cannot be estimated; observe longer.")
    if not (counted & (t > gone)).any():
        raise EstimationError(
            "Everybody left at the first renewal, so that nothing tells how customers differ; observe other cohorts."
        )
    return ShiftedBetaGeometricFit.estimate(rows)


def fit_survivors(*cohorts: ArrayLike) -> ShiftedBetaGeometricFit:
    """The same from survivors: each of `cohorts` (periods + 1,) holds how many began, then how many renewed each time.

    Cohorts may have been observed for different times. Raises EstimationError as `fit_shifted_beta_geometric`, and for
    a cohort that grows.

    >>> fit = fit_survivors([1000, 869, 743, 653, 593, 551, 517, 491])  # "High End" of Fader & Hardie (2007), table 1
    >>> [round(number, 3) for number in fit.parameters]
    [0.668, 3.806]
    >>> fit.survival([12]).round(3).tolist()
    [0.378]
    """
    lifetimes = [_lifetimes(cohort) for cohort in cohorts]
    if not lifetimes:
        raise EstimationError("There is no cohort to estimate from.")
    return fit_shifted_beta_geometric(*np.concatenate(lifetimes, axis=1))


def _lifetimes(survivors: ArrayLike) -> Floats:
    """Rows renewals, left and customers (3, 2·periods) of one cohort."""
    counts = numbers("survivors", survivors)
    if len(counts) < 2 or (np.diff(counts) > 0).any():
        raise EstimationError("A cohort is how many began and how many were left after each renewal, never growing.")
    periods = len(counts) - 1
    refused = np.array([np.arange(1, periods + 1), np.ones(periods), -np.diff(counts)])
    return np.hstack([refused, [[periods], [0], [counts[-1]]]])


def _whole(name: str, values: ArrayLike, least: int) -> Floats:
    """Whole numbers (n,) of at least `least`."""
    array = numbers(name, np.atleast_1d(values))
    if (wrong := (array != np.rint(array)) | (array < least)).any():
        raise EstimationError(
            f"{name} must be whole numbers of {least} or more; {wrong.sum()} of {len(array)} are not, first at "
            f"position {int(wrong.argmax())}."
        )
    return array
