"""What is in a basket together by chance, given how large every basket is and how many baskets hold every item.

A large basket holds more pairs of everything, so that baskets of different sizes make all items look associated. By
chance is here: of all ways to fill the baskets, each with as many items as it has and each item in as many baskets as
it is, any is as probable as any other (the margins that swap randomisation keeps; Gionis, Mannila, Mielikäinen &
Tsaparas 2007). For one basket of s items that is conditional Poisson sampling, the Rasch model given its total: a set
of s items has a probability in proportion to the product of their weights ε. With γ_s the sum of these products over
all sets of s, R_s = γ_s / γ_{s−1} and π the probability of being in the basket,

    R_s = Σ_k ε_k (1 − π_k(s−1)) / s,    π_k(s) = ε_k (1 − π_k(s−1)) / R_s,
    π_ab(s) = ε_a ε_b / (R_s R_{s−1}) · (1 − π_a(s−2) − π_b(s−2) + π_ab(s−2))

(Chen, Dempster & Liu 1994). Weights make the expected number of baskets of every item what it is. Items in equally
many baskets have equal weights and are one class.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Places = NDArray[np.intp]
EXACT = 20  # items up to which, from an empty or from a full basket, the recursion is used
LOST = 1e9  # by which it may multiply rounding errors
TOLERANCE = 1e-6  # of the expected number of baskets of an item, relative
MOST_TURNS = 200


@dataclass(frozen=True)
class Chance:
    """Chance of `items` in baskets of each of `sizes` (different, ascending), of which there are `baskets`.

    `weights` (classes,) of items and how `many` are of each class; `class_of` (items,). `single` (sizes, classes): the
    probability that an item is in a basket.
    """

    sizes: Places
    baskets: Floats
    weights: Floats
    many: Floats
    class_of: Places
    single: Floats

    def pair(self, a: Places, b: Places) -> Floats:
        """Probability (sizes, pairs) that both items of each pair are in a basket of each size."""
        return joint(self.weights, self.many, self.sizes, self.class_of[a], self.class_of[b])


def chance(sizes: Places, counts: Places) -> Chance:
    """The chance of items in `counts` baskets each (items,), in baskets of these `sizes` (baskets,).

    The weights are found by scaled steps of Newton's method on their logarithms, each item alone. An item that is in
    no basket has no part in it.
    """
    different, baskets = np.unique(sizes[sizes > 0], return_counts=True)
    values, class_of, many = np.unique(counts, return_inverse=True, return_counts=True)
    many = many * (values > 0)
    n, m = baskets.astype(float), many.astype(float)
    log = np.log(np.maximum(values, 0.5) / (n.sum() + 1 - np.minimum(values, n.sum())))
    step = (m.sum() - 1) / m.sum() if m.sum() > 1 else 1.0
    single = first_order(np.exp(log), m, different)
    for _turn in range(MOST_TURNS):
        expected, spread = n @ single, n @ (single * (1 - single))
        off = values - expected
        if (np.abs(off) <= TOLERANCE * np.maximum(values, 1))[values > 0].all():
            break
        log = log + np.clip(step * off / np.maximum(spread, 1e-9), -1, 1) * (values > 0)
        log -= (m * log).sum() / m.sum()  # only ratios of weights matter
        single = first_order(np.exp(log), m, different)
    return Chance(different.astype(np.intp), n, np.exp(log), m, class_of.astype(np.intp), single)


def first_order(weights: Floats, many: Floats, sizes: Places) -> Floats:
    """Probability (sizes, classes) that an item of each class is in a basket of each of `sizes`, ascending."""
    return _walk(weights, many, sizes, None)


def joint(weights: Floats, many: Floats, sizes: Places, a: Places, b: Places) -> Floats:
    """Probability (sizes, pairs) that an item of class a and another of class b are both in a basket."""
    return _walk(weights, many, sizes, (a, b))


def _walk(weights: Floats, many: Floats, sizes: Places, pair: tuple[Places, Places] | None) -> Floats:
    total = int(many.sum())
    found = np.empty((len(sizes), len(weights) if pair is None else len(pair[0])))
    # what is not in the basket is a sample too, with the inverse weights
    inverse = np.where(many > 0, 1 / weights, 0)
    left_out = np.maximum(total - sizes, 0)
    forward = (sizes <= left_out + 1) & (sizes <= _reach(weights, many))
    backward = ~forward & (left_out <= _reach(inverse, many))
    found[forward] = _recursion(weights, many, sizes[forward], pair)
    left_out = left_out[backward]
    if pair is None:
        found[backward] = 1 - _recursion(inverse, many, left_out, None)
    else:
        out = _recursion(inverse, many, left_out, None)
        found[backward] = 1 - out[:, pair[0]] - out[:, pair[1]] + _recursion(inverse, many, left_out, pair)
    rest = ~forward & ~backward
    found[rest] = _large(weights, many, sizes[rest], pair)
    return np.clip(found, 0, 1)


def _recursion(weights: Floats, many: Floats, sizes: Places, pair: tuple[Places, Places] | None) -> Floats:
    """The exact probabilities for small samples, by the formulas above."""
    kept = np.zeros((len(sizes), len(weights) if pair is None else len(pair[0])))
    if not len(sizes):
        return kept
    single = [np.zeros(len(weights)), np.zeros(len(weights))]  # of s − 2 and s − 1
    both = [np.zeros(kept.shape[1]), np.zeros(kept.shape[1])]
    before = 1.0
    for s in range(1, int(sizes.max()) + 1):
        left = weights * (1 - single[1])
        ratio = float(many @ left) / s
        if pair is not None and s > 1:
            a, b = pair
            neither = 1 - single[0][a] - single[0][b] + both[0]
            both.append(np.clip(weights[a] * weights[b] / (ratio * before) * neither, 0, 1))
            both.pop(0)
        elif pair is not None:
            both = [both[1], np.zeros(kept.shape[1])]
        single, before = [single[1], np.clip(left / ratio, 0, 1)], ratio
        kept[sizes == s] = single[1] if pair is None else both[1]
    return kept


def _reach(weights: Floats, many: Floats) -> int:
    """The largest sample for which the recursion keeps its digits: an error grows by ε / R with every step."""
    single, lost, s = np.zeros(len(weights)), 1.0, 0
    while s < min(EXACT, int(many.sum())):
        left = weights * (1 - single)
        ratio = float(many @ left) / (s + 1)
        lost *= max(1.0, float(weights[many > 0].max()) / ratio)
        if lost > LOST:
            break
        single, s = np.clip(left / ratio, 0, 1), s + 1
    return s


def _large(weights: Floats, many: Floats, sizes: Places, pair: tuple[Places, Places] | None) -> Floats:
    """The probabilities for large samples by Hájek (1964): errors are of the order 1 / Σ π(1 − π) squared."""
    log = np.log(np.maximum(weights, np.finfo(float).tiny))
    size = np.minimum(sizes.astype(float), many.sum() - 1e-9)
    shift = np.log(size / float(many @ weights))
    for _turn in range(100):  # independent draws p whose expected number is the size
        p = 1 / (1 + np.exp(-(log + shift[:, None])))
        spread = p * (1 - p)
        d, off = np.maximum(spread @ many, 1e-12), size - p @ many
        if (np.abs(off) < 1e-10 * size).all():
            break
        shift += np.clip(off / d, -2, 2)
    # given their number: the second term of the expansion of the density of their sum at its mean
    skew = (spread * (1 - 2 * p)) @ many
    pi = p * (1 + (1 - p) * ((skew / d)[:, None] - (1 - 2 * p)) / (2 * d)[:, None])
    if pair is None:
        return pi
    a, b = pair
    d = np.maximum((pi * (1 - pi)) @ many, 1e-12)
    return pi[:, a] * pi[:, b] * (1 - (1 - pi[:, a]) * (1 - pi[:, b]) / d[:, None])
