"""Whether two items are in baskets together more often than chance has it, given basket sizes, and whose baskets."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.special import gammaln
from scipy.stats import norm
from scipy.stats import t as student

from crmresearch.mining.baskets.baskets import Baskets
from crmresearch.mining.baskets.chance import Chance, chance

Floats = NDArray[np.float64]
Places = NDArray[np.intp]
CELLS = 4_000_000  # numbers in memory at once: pairs of a turn times customers, or sizes
TINY = 1e-12
MARGIN = 0.05  # by which a pair must exceed chance: chance itself is a model, right to a few per cent
CLAIMED = 0.05  # p above which nothing is ever claimed, so that clusters, which only make p larger, need no look


@dataclass(frozen=True)
class Together:
    """Of each pair: baskets that hold both (`count`), `expected` by chance, the `variance` of the count by chance given
    how many baskets hold each of the two, by which factor it is larger because orders come from the same customers
    (`design`), and `p` of so many or more."""

    count: Floats
    expected: Floats
    variance: Floats
    design: Floats
    p: Floats


def together(baskets: Baskets, a: Places, b: Places, count: Floats, margin: float = MARGIN) -> Together:
    """The test of pairs of items `a` and `b` (pairs,), which `count` baskets hold both.

    By chance the count is a sum of draws, one a basket, whose probability depends on the basket's size (`chance`). Its
    variance is that given the numbers of baskets with a and with b: what is left of it after regression on them, as the
    hypergeometric's is smaller than the binomial's. Its tail is `upper_tail`. Orders of one customer are alike, so that
    two tests that take customers for independent stand beside each other, and p is twice the smaller. One divides all
    numbers of baskets by the factor by which the squared residuals, summed within customers, exceed those of
    independent baskets, if above 1 (Rao & Scott 1992, Biometrics 48, 577–585), and takes Student's tail for the
    normal's, with as many degrees of freedom as customers count: (Σ r²)² / Σ r⁴ − 1, r the sum of the residuals of one.
    The other asks how many customers ever have both in one basket, with the probability 1 − Π (1 − π) over their
    baskets by chance: who buys both again and again counts once, but where nearly everybody has both it says nothing.
    `p` is that of exceeding chance by more than `margin`, a share. Checked against swap
    randomisation, Fisher's exact test where sizes say nothing, and by the rate of false findings in
    simulated worlds.
    """
    model = chance(baskets.sizes, baskets.counts)
    expected, variance, slope_a, slope_b = (np.empty(len(a)) for _ in range(4))
    for part in _parts(len(a), len(model.sizes)):
        expected[part], variance[part], slope_a[part], slope_b[part] = _moments(model, a[part], b[part])
    counts = baskets.counts
    most = np.minimum(counts[a], counts[b]).astype(float)
    mean, spread = expected * (1 + margin), variance * (1 + margin)
    design, p = np.ones(len(a)), upper_tail(count, mean, spread, most)
    if len(np.unique(baskets.customer)) < len(baskets.customer):
        near = np.flatnonzero(p <= CLAIMED)
        ratio = count[near] / np.maximum(expected[near], TINY)
        squares, freedom = _between(
            baskets, model, a[near], b[near], ratio, slope_a[near] * ratio, slope_b[near] * ratio
        )
        d = np.maximum(squares / np.maximum(ratio * variance[near], TINY), 1)
        design[near] = d
        tail = upper_tail(count[near] / d, mean[near] / d, spread[near] / d, most[near] / d)
        robust = student.sf(norm.isf(np.maximum(tail, 1e-300)), np.maximum(freedom, 1))
        p[near] = np.minimum(2 * np.minimum(robust, _ever(baskets, model, a[near], b[near], margin)), 1)
    return Together(count, expected, variance, design, p)


def upper_tail(count: Floats, expected: Floats, variance: Floats, most: Floats) -> Floats:
    """Probability of `count` or more (pairs,), by the hypergeometric of this mean, variance and `most` that can come.

    Of N with n marked, K = `most` are drawn: n / N = f = mean / K, and the variance K f (1 − f) (N − K) / (N − 1) gives
    N, at least K / f. In one table of four cells it is Fisher's exact test; numbers need not be whole. 1 where there is
    no variance, or the count is not above the mean.

    >>> from scipy.stats import hypergeom
    >>> one = upper_tail(np.array([8.0]), np.array([4.0]), np.array([20 * 0.2 * 0.8 * 80 / 99]), np.array([20.0]))
    >>> bool(np.isclose(one, hypergeom.sf(7, 100, 20, 20)).all())
    True
    """
    p = np.ones(len(count))
    tested = np.flatnonzero((count > expected) & (variance > 1e-9 * expected) & (expected < most))
    k, mean, K = count[tested], expected[tested], np.maximum(most, count)[tested]
    f = mean / K
    rho = np.minimum(variance[tested] / (K * f * (1 - f)), 1 - 1e-9)
    N = np.maximum((K - rho) / (1 - rho), K / f)
    n = f * N
    term = np.exp(_log_binomial(K, k) + _log_binomial(N - K, n - k) - _log_binomial(N, n))
    total, active = term.copy(), np.arange(len(k))
    while len(active):
        up = np.maximum(K[active] - k[active], 0) * np.maximum(n[active] - k[active], 0)
        term[active] *= up / ((k[active] + 1) * np.maximum((N - K - n + k)[active] + 1, TINY))
        total[active] += term[active]
        k[active] += 1
        active = active[term[active] > 1e-9 * total[active]]
    p[tested] = np.clip(total, 0, 1)
    return p


def _log_binomial(n: Floats, k: Floats) -> Floats:
    rest = np.maximum(n - k, 0)
    value: Floats = gammaln(n + 1) - gammaln(np.maximum(k, 0) + 1) - gammaln(rest + 1)
    return value


def _moments(model: Chance, a: Places, b: Places) -> tuple[Floats, Floats, Floats, Floats]:
    """Mean, variance given both margins, and slopes on the margins, of the count of each pair."""
    n, both = model.baskets, model.pair(a, b)
    one, other = model.single[:, model.class_of[a]], model.single[:, model.class_of[b]]
    v_a, v_b, v_ab = n @ (one * (1 - one)), n @ (other * (1 - other)), n @ (both - one * other)
    c_a, c_b = n @ (both * (1 - one)), n @ (both * (1 - other))
    determinant = np.maximum(v_a * v_b - v_ab**2, 1e-12)
    slope_a, slope_b = (v_b * c_a - v_ab * c_b) / determinant, (v_a * c_b - v_ab * c_a) / determinant
    variance = n @ (both * (1 - both)) - slope_a * c_a - slope_b * c_b
    return n @ both, np.maximum(variance, 0), slope_a, slope_b


def _ever(baskets: Baskets, model: Chance, a: Places, b: Places, margin: float) -> Floats:
    """p of as many customers or more who have both items in one of their baskets."""
    whose, sizes = _of_customers(baskets, model)
    columns, held = baskets.matrix.tocsc(), ((whose @ baskets.matrix) > 0).tocsc()
    holders = np.asarray(held.sum(axis=0), dtype=float).ravel()
    count, mean, spread = (np.empty(len(a)) for _ in range(3))
    for part in _parts(len(a), whose.shape[0]):
        one, other = a[part], b[part]
        both = np.minimum((1 + margin) * model.pair(one, other), 1 - TINY)
        ever = 1 - np.exp(sizes @ np.log1p(-both))
        mean[part], spread[part] = ever.sum(axis=0), (ever * (1 - ever)).sum(axis=0)
        found = (whose @ columns[:, one].multiply(columns[:, other])).tocsc()
        count[part] = np.asarray((found > 0).sum(axis=0), dtype=float).ravel()
    return upper_tail(count, mean, spread, np.minimum(holders[a], holders[b]))


def _of_customers(baskets: Baskets, model: Chance) -> tuple[sparse.csr_matrix, sparse.csr_matrix]:
    """Whose baskets are whose (customers × baskets), and how many of each size each has (customers × sizes)."""
    customer, codes = np.unique(baskets.customer, return_inverse=True)
    n, k = len(codes), len(customer)
    whose = sparse.csr_matrix((np.ones(n), (codes, np.arange(n))), shape=(k, n))
    place = np.minimum(np.searchsorted(model.sizes, baskets.sizes), len(model.sizes) - 1)
    filled = (baskets.sizes > 0).astype(float)
    return whose, sparse.csr_matrix((filled, (codes, place)), shape=(k, len(model.sizes)))


def _between(
    baskets: Baskets, model: Chance, a: Places, b: Places, ratio: Floats, slope_a: Floats, slope_b: Floats
) -> tuple[Floats, Floats]:
    """Sum over customers of the square of the sum of the residuals of their baskets, and their number that counts.

    A residual is what is left of holding both by regression on holding either, where both are in a basket `ratio` times
    as often as by chance.
    """
    whose, sizes = _of_customers(baskets, model)
    columns = baskets.matrix.tocsc()
    held = (whose @ baskets.matrix).tocsc()
    squares, fourth = np.empty(len(a)), np.empty(len(a))
    for part in _parts(len(a), whose.shape[0]):
        one, other = a[part], b[part]
        by_size = model.single[:, model.class_of[one]] * slope_a[part] - ratio[part] * model.pair(one, other)
        by_size += model.single[:, model.class_of[other]] * slope_b[part]
        residual = sizes @ by_size + (whose @ columns[:, one].multiply(columns[:, other])).toarray()
        residual -= held[:, one].toarray() * slope_a[part] + held[:, other].toarray() * slope_b[part]
        residual *= residual
        squares[part], fourth[part] = residual.sum(axis=0), (residual**2).sum(axis=0)
    return squares, squares**2 / np.maximum(fourth, TINY) - 1


def _parts(many: int, wide: int) -> list[slice]:
    """Slices of so many pairs that `CELLS` hold them."""
    step = max(1, CELLS // max(wide, 1) // 4)
    return [slice(start, start + step) for start in range(0, many, step)]
