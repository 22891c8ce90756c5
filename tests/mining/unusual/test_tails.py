"""Tails: the rate of false alarms on values of many kinds, planted ones, few different values."""

from collections.abc import Callable

import numpy as np
import pytest
from scipy.stats import binom, genpareto

from crmresearch.errors import ParameterError
from crmresearch.mining.unusual.tails import require_alpha, tail_p_values

KINDS: dict[str, Callable[[np.random.Generator, int], np.ndarray]] = {
    "normal": lambda rng, n: rng.normal(size=n),
    "laplace": lambda rng, n: rng.laplace(size=n),
    "t8": lambda rng, n: rng.standard_t(8, size=n),
    "skewed": lambda rng, n: np.log(rng.gamma(1, size=n)),
    "skewed the other way": lambda rng, n: rng.gumbel(size=n),
    "two spreads": lambda rng, n: rng.normal(size=n) * np.where(rng.random(n) < 0.3, 2, 1),
    "counts": lambda rng, n: np.log(1 + rng.poisson(rng.gamma(0.5, 4, size=n))),
}


@pytest.mark.parametrize("kind", KINDS)
def test_the_rate_of_false_alarms_is_kept(kind: str) -> None:
    rng = np.random.default_rng(1)
    listed = sum(int((tail_p_values(KINDS[kind](rng, n)) <= 0.01).sum()) for n in (200, 200, 2000, 20_000))
    assert listed <= binom.ppf(0.999, 22_400, 0.01)
    assert listed > 0 or kind == "counts"


def test_planted_values_are_found_and_do_not_hide_one_another() -> None:
    x = np.random.default_rng(2).normal(size=500)
    x[:5], x[5:8] = 9.0, -11.0  # as far out as one another
    p = tail_p_values(x)
    assert (p[:8] <= 0.001).all()
    assert (p[8:] <= 0.001).sum() <= binom.ppf(0.999, 492, 0.001)


def test_a_pareto_tail_is_recovered() -> None:
    rng = np.random.default_rng(3)
    far = np.array([genpareto.isf(0.001, 0.2), genpareto.isf(0.01, 0.2)])
    sides = [np.append(genpareto.rvs(0.2, size=20_000, random_state=rng), far) * s for s in (1, -1)]
    p = tail_p_values(np.concatenate(sides))
    assert p[20_000:20_002] == pytest.approx([0.001, 0.01], rel=0.25)


def test_few_alike_or_none_different() -> None:
    assert (tail_p_values(np.append(np.arange(28.0), 1e9)) == 1).all()  # 29 values
    assert (tail_p_values(np.ones(100)) == 1).all()
    mostly_alike = np.append(np.ones(95), [2.0, 2, 2, 2, 90])
    assert tail_p_values(mostly_alike)[-1] <= 2 * 5 / 100  # no more than twice the share of those on its side
    assert len(tail_p_values(np.array([]))) == 0


def test_what_does_not_teach_is_judged_all_the_same() -> None:
    x = np.random.default_rng(4).normal(size=300)
    x[:30] = 8.0  # too many to be censored
    teaching = np.arange(300) >= 30
    assert (tail_p_values(x, teaching)[:30] <= 0.001).all()
    assert (tail_p_values(x)[:30] > 0.001).all()
    assert tail_p_values(x, teaching)[30:] == pytest.approx(tail_p_values(x[30:]))


@pytest.mark.parametrize("alpha", [0.0, -1.0, 0.5, 1e-5])
def test_impossible_rates_are_refused(alpha: float) -> None:
    with pytest.raises(ParameterError, match="the rate of false alarms lies between"):
        require_alpha(alpha)
