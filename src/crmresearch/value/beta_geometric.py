"""BG/NBD and MBG/NBD: purchases at a gamma-distributed rate, dropout by a beta-distributed coin after a purchase.

In BG/NBD (Fader, Hardie & Lee 2005, Marketing Science 24:275–284) the coin is tossed after every repeat purchase; in
MBG/NBD (Batislam, Denizel & Filiztekin 2007, IJRM 24:201–209) also after the first. With n tosses before T, n = x or
x + 1, both have the likelihood

    Γ(r+x) α^r / (Γ(r) B(a,b)) · { B(a, b+n) / (α+T)^(r+x)  +  [n>0] B(a+1, b+n−1) / (α+t_x)^(r+x) }.

Checked against the published CDNOW estimates, and against numerical integration of the defining mixture.
"""

from collections.abc import Callable
from typing import ClassVar, NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy.linalg import eigh_tridiagonal
from scipy.special import betaincinv, gammaln, hyp2f1

from crmresearch.errors import EstimationError
from crmresearch.value.histories import Floats, Scores, UniqueRows, numbers
from crmresearch.value.maximum import digamma
from crmresearch.value.purchases import NODE_WEIGHTS, NODES, PurchaseFit


class BetaGeometricParameters(NamedTuple):
    """Rate λ ~ gamma(r, alpha), mean r / alpha per unit of time; dropout p ~ beta(a, b), mean a / (a + b)."""

    r: float
    alpha: float
    a: float
    b: float


class BetaGeometricFit(PurchaseFit):
    """What both models share; they differ in whether a coin is tossed after the first purchase."""

    names = BetaGeometricParameters
    timed = (False, True, False, False)
    first_toss: ClassVar[int]

    @staticmethod
    def _score(theta: Scores, rows: UniqueRows, first_toss: int) -> tuple[float, Scores]:
        r, alpha, a, b = np.exp(theta)
        x, t_x, T = rows.columns
        tosses = x + first_toss
        log_T, log_last = np.log(alpha + T), np.log(alpha + t_x)
        before = np.where(tosses > 0, b + tosses - 1, 1.0)
        odds = np.where(tosses > 0, np.log(a / before) + (r + x) * (log_T - log_last), -800.0)  # log, dead : alive
        less = np.exp(np.where(odds.real > 0, -odds, odds))
        dead = np.where(odds.real > 0, 1.0, less) / (1 + less)
        by_row = [
            digamma(r + x) - digamma(r) + np.log(alpha) - (1 - dead) * log_T - dead * log_last,
            r / alpha - (r + x) * ((1 - dead) / (alpha + T) + dead / (alpha + t_x)),
            digamma(a + b) - digamma(a + b + tosses) + dead / a,
            digamma(a + b) - digamma(a + b + tosses) + digamma(b + tosses) - digamma(b) - dead / before,
        ]
        gradient = np.array([rows.weights @ part for part in by_row]) * np.exp(theta)
        if np.iscomplexobj(theta):
            return np.nan, gradient
        value = (
            gammaln(r + x) - gammaln(r) + r * np.log(alpha) - (r + x) * log_T
            + gammaln(a + b) - gammaln(a + b + tosses) + gammaln(b + tosses) - gammaln(b)
            + np.maximum(odds, 0) + np.log1p(less)
        )  # fmt: skip
        return float(rows.weights @ value), gradient

    def _p_alive(self, x: Floats, t_x: Floats, T: Floats) -> Floats:
        r, alpha, a, b = self.parameters
        tosses = x + self.first_toss
        before = np.where(tosses > 0, b + tosses - 1, 1.0)
        odds = np.log(a / before) + (r + x) * np.log((alpha + T) / (alpha + t_x))
        return np.where(tosses > 0, 1 / (1 + np.exp(np.minimum(odds, 700))), 1.0)

    def _purchases_if_alive(self, x: Floats, t_x: Floats, T: Floats, horizon: float, rate: float) -> Floats:
        """∫ E[λ e^(−λpu)] e^(−rate·u) du over the horizon; λ ~ gamma(r+x, α+T), p ~ beta(a, b+n) after the history.

        The inner mean is (r+x)/(α+T) · E[(1+pz)^−(r+x+1)], z = u/(α+T). The integrated form of the papers has a
        removable pole at a = 1; this one has none, and takes the discount along. Gauss–Legendre in log(1+z); agrees
        with the paper's form to 1e-12.
        """
        r, alpha, a, b = self.parameters
        scale, after = (alpha + T)[:, None], (b + self.first_toss + x)[:, None]
        # beyond, e^(−45) is left: of the discount, or of the rate for all but 1e-16 of the distribution of p
        stop = np.expm1(45 / (r + x + 1))[:, None] / np.maximum(betaincinv(a, after, 1e-16), 1e-200)
        reach = np.minimum(min(horizon, 45 / rate) if rate > 0 else horizon, scale * stop)
        width = np.log1p(reach / scale)
        v = width * NODES
        mean = thinned_rate((r + x)[:, None], a, after, v)
        discount = np.exp(v - rate * scale * np.expm1(v))
        return (r + x) * ((mean * discount * width) @ NODE_WEIGHTS)

    def _draw_if_alive(self, x: Floats, t_x: Floats, T: Floats, horizon: float, rng: np.random.Generator) -> Floats:
        """As many as the rate brings, or as many as the coins allow: λ and p as in `_purchases_if_alive`."""
        r, alpha, a, b = self.parameters
        rate = rng.gamma(r + x) / (alpha + T)
        dropout = np.maximum(rng.beta(a, b + self.first_toss + x), 1e-15)
        return np.minimum(rng.poisson(np.minimum(rate * horizon, 1e9)), rng.geometric(dropout)).astype(np.float64)

    def _silent_if_alive(self, x: Floats, t_x: Floats, T: Floats, horizon: float) -> Floats:
        """The next purchase comes after a Lomax time, whatever p (`next_purchase`): ((α+T)/(α+T+horizon))^(r+x)."""
        r, alpha, _, _ = self.parameters
        return np.asarray(np.exp(-(r + x) * np.log1p(horizon / (alpha + T))))

    def next_purchase(self, x: ArrayLike, T: ArrayLike, share: float = 0.5) -> Floats:
        """Time (n,) after T within which a customer alive at T makes the next purchase with probability `share`.

        Coins are tossed after purchases only, so that who is alive will buy once more: after a time that is
        exponential in λ, and λ ~ gamma(r+x, α+T) whatever p, for the likelihood of a history that ends alive is
        λ^x e^(−λT) times a function of p. Integrated over λ that is a Pareto II (Lomax) time, with the quantile
        (α+T) · ((1−share)^(−1/(r+x)) − 1); 0.5 is its median, and it has a mean only where r + x > 1. Infinite where it
        is beyond what a number can hold. Checked against simulated customers
        (tests/value/test_next_purchase.py).

        >>> from crmresearch.value import fit_bg_nbd
        >>> fit = fit_bg_nbd(x=[0, 1, 2, 5], t_x=[0, 3, 20, 30], T=[40, 40, 40, 40])
        >>> bool(fit.next_purchase(5, 40) < fit.next_purchase(1, 40))
        True
        """
        if not 0 < share < 1:
            raise EstimationError(f"The share of customers who have bought must be between 0 and 1; it is {share}.")
        repeats, observed = (numbers(name, np.atleast_1d(values)) for name, values in (("x", x), ("T", T)))
        with np.errstate(over="ignore"):
            quantile: Floats = (self.parameters.alpha + observed) * np.expm1(
                -np.log1p(-share) / (self.parameters.r + repeats)
            )
        return quantile

    def p_buys(self, x: ArrayLike, t_x: ArrayLike, T: ArrayLike, after: float, length: float) -> Floats:
        """Probability (n,) of one purchase or more in (T + after, T + after + length], given the history.

        Who is alive at T still is one after u with e^(−λpu), and buys within v then with 1 − e^(−λv), for coins are
        tossed after purchases only. Over λ ~ gamma(r+x, α+T) and p that is P(alive) · E[(1 + pu/(α+T))^−(r+x) −
        (1 + (pu+v)/(α+T))^−(r+x)]. Checked against simulated customers
        (tests/mining/forecasting/test_known_customers.py).
        """
        r, alpha, a, b = self.parameters

        def buys(x: Floats, t_x: Floats, T: Floats) -> Floats:
            s, scale, tosses = r + x, alpha + T, b + self.first_toss + x
            waits = thinned_rate(s - 1, a, tosses, np.log1p(after / scale))
            silent = np.exp(-s * np.log1p(length / scale))
            silent = silent * thinned_rate(s - 1, a, tosses, np.log1p(after / (scale + length)))
            return np.asarray(self._p_alive(x, t_x, T) * (waits - silent))

        return self._of_each(buys, x, t_x, T)


CERTAIN = 30.0  # from this `a` on p is so well known that the nodes of its distribution are exact to 1e-14
EQUAL = (
    1000.0  # from this shape on rates hardly differ: e^(−(shape+1)pz) in all but name, as smooth as (shape+1)z is small
)
SMOOTH = 100.0  # up to this (shape+1)z a polynomial of degree 95 is e^(−(shape+1)pz) to 1e-15


def thinned_rate(shape: Floats, a: float, b: Floats, v: Floats) -> Floats:
    """E[(1+pz)^−(shape+1)] for p ~ beta(a, b) and v = log(1+z), z ≥ 0, all broadcast to the shape of v.

    With w = z/(1+z) it is (1+z)^−a ₂F₁(a, a+b−shape−1; a+b; w) or (1+z)^−(shape+1) ₂F₁(shape+1, b; a+b; w); the one
    with the smaller exponent is computed. Where that still overflows (thousands of purchases a unit of time) p takes 48
    quantiles of its distribution, right to 0.001 of the rate before dropout. Where p or the rates are as good as the
    same for all, ₂F₁ takes a hundred times longer or overflows, and p takes the 48 nodes of Gauss–Jacobi.
    """
    shape, b, v = np.broadcast_arrays(shape, b, v)
    if a >= CERTAIN or (shape.min() >= EQUAL and ((shape + 1) * np.expm1(v)).max() <= SMOOTH):
        return _at_nodes(beta_nodes, shape, a, b, v)
    first = a < shape + 1
    with np.errstate(all="ignore"):
        power = np.exp(-np.where(first, a, shape + 1) * v)
        mean = power * hyp2f1(
            np.where(first, a, shape + 1), np.where(first, a + b - shape - 1, b), a + b, -np.expm1(-v)
        )
    lost = ~np.isfinite(mean)
    if lost.any():
        mean[lost] = _at_nodes(_quantiles, shape[lost], a, b[lost], v[lost])
    return mean


def _at_nodes(
    nodes: Callable[[float, float], tuple[Floats, Floats]], shape: Floats, a: float, b: Floats, v: Floats
) -> Floats:
    """The same mean over the nodes and weights that `nodes` gives a beta distribution; few b are distinct."""
    mean = np.empty(v.shape)
    for each in np.unique(b):
        p, weights = nodes(a, each)
        here = b == each
        mean[here] = np.exp(-(shape[here][:, None] + 1) * np.log1p(p * np.expm1(v[here])[:, None])) @ weights
    return mean


def _quantiles(a: float, b: float) -> tuple[Floats, Floats]:
    return betaincinv(a, b, NODES), NODE_WEIGHTS


def beta_nodes(a: float, b: float, n: int = 48) -> tuple[Floats, Floats]:
    """Nodes (n,) and weights (n,) with which the mean over beta(a, b) is exact for polynomials of degree 2n − 1.

    Eigenvalues of the Jacobi matrix of the distribution's orthogonal polynomials (Golub & Welsch 1969).
    """
    k, s = np.arange(1, n), a + b - 2
    centre = np.append((a - b) / (a + b), (a - b) * s / ((2 * k + s) * (2 * k + s + 2)))
    beside = 4 * k * (k + b - 1) * (k + a - 1) * (k + s) / ((2 * k + s) ** 2 * (2 * k + s + 1) * (2 * k + s - 1))
    x, vectors = eigh_tridiagonal(centre, np.sqrt(beside))
    return (1 + x) / 2, vectors[0] ** 2


class BgNbdFit(BetaGeometricFit):
    """BG/NBD: every customer without a repeat purchase is alive, for no coin was tossed."""

    first_toss = 0

    @staticmethod
    def score(theta: Scores, rows: UniqueRows) -> tuple[float, Scores]:
        """Log-likelihood and gradient at log-parameters (r, alpha, a, b)."""
        return BetaGeometricFit._score(theta, rows, 0)


class MbgNbdFit(BetaGeometricFit):
    """MBG/NBD: a customer may drop out right after the first purchase."""

    first_toss = 1

    @staticmethod
    def score(theta: Scores, rows: UniqueRows) -> tuple[float, Scores]:
        """Log-likelihood and gradient at log-parameters (r, alpha, a, b)."""
        return BetaGeometricFit._score(theta, rows, 1)


def fit_bg_nbd(x: ArrayLike, t_x: ArrayLike, T: ArrayLike, weights: ArrayLike | None = None) -> BgNbdFit:
    """BG/NBD by maximum likelihood, from repeat purchases x, time of the last t_x and time observed T, each (n,).

    Times count from each customer's first purchase in any one unit; `weights` (n,) are customers a row stands for.
    Raises EstimationError for impossible histories or when nobody bought again. Fader, Hardie & Lee (2005), eq. 6;
    checked against their CDNOW estimates.
    """
    fitted: BgNbdFit = BgNbdFit.fit(x, t_x, T, weights)
    return fitted


def fit_mbg_nbd(x: ArrayLike, t_x: ArrayLike, T: ArrayLike, weights: ArrayLike | None = None) -> MbgNbdFit:
    """MBG/NBD by maximum likelihood; input and errors as in `fit_bg_nbd`.

    Batislam, Denizel & Filiztekin (2007); checked against numerical integration of the mixture and recovery of truth.
    """
    fitted: MbgNbdFit = MbgNbdFit.fit(x, t_x, T, weights)
    return fitted
