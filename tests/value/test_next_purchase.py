"""The time to the next purchase, given alive, against customers simulated from the definition of the model."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from clv_cases import cdnow, histories_of

from crmresearch.errors import EstimationError
from crmresearch.value import BgNbdFit, MbgNbdFit, fit_bg_nbd, fit_mbg_nbd
from crmresearch.value.beta_geometric import BetaGeometricParameters

# quick buyers who rarely leave, so that many customers of each number of purchases are alive at T
TRUTH = BetaGeometricParameters(r=1.2, alpha=8.0, a=0.8, b=4.0)
WEEKS, CUSTOMERS = 40.0, 400_000


def fitted(kind: type[Any]) -> Any:
    """A fit that has the true parameters, so that only the formula is tested."""
    fit = (fit_bg_nbd if kind is BgNbdFit else fit_mbg_nbd)(**histories_of(cdnow()))
    return replace(fit, parameters=TRUTH)


def next_times(first_toss: bool, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Repeat purchases in (0, WEEKS] and time from then to the next purchase, of the customers alive at its end."""
    rng = np.random.default_rng(seed)
    rate = rng.gamma(TRUTH.r, 1 / TRUTH.alpha, CUSTOMERS)
    dropout = rng.beta(TRUTH.a, TRUTH.b, CUSTOMERS)
    x, now = np.zeros(CUSTOMERS), np.zeros(CUSTOMERS)
    alive = rng.random(CUSTOMERS) >= dropout if first_toss else np.ones(CUSTOMERS, dtype=bool)
    coming = np.full(CUSTOMERS, np.nan)
    while True:
        now += rng.exponential(1 / rate)
        over = alive & (now > WEEKS) & np.isnan(coming)
        coming[over] = now[over] - WEEKS
        alive &= now <= WEEKS
        if not alive.any():
            break
        x[alive] += 1
        alive &= rng.random(CUSTOMERS) >= dropout
    known = ~np.isnan(coming)
    return x[known], coming[known]


@pytest.mark.parametrize(("kind", "seed"), [(BgNbdFit, 1), (MbgNbdFit, 2)])
@pytest.mark.parametrize("share", [0.5, 0.9])
@pytest.mark.long
def test_so_many_of_the_simulated_customers_who_are_alive_buy_within_the_quantile(
    kind: type[Any], seed: int, share: float
) -> None:
    x, coming = next_times(kind is MbgNbdFit, seed)
    for repeats in (0, 1, 2, 5, 10):
        times = coming[x == repeats]
        within = float((times <= fitted(kind).next_purchase(repeats, WEEKS, share)[0]).mean())
        chance = np.sqrt(share * (1 - share) / len(times))
        assert len(times) > 2000
        assert within == pytest.approx(share, abs=4 * chance)


def test_the_distribution_integrates_the_exponential_over_the_posterior_rate() -> None:
    fit = fitted(BgNbdFit)
    rate = np.random.default_rng(3).gamma(TRUTH.r + 3, 1 / (TRUTH.alpha + 20), 1_000_000)
    median = fit.next_purchase(3, 20)[0]
    assert np.exp(-rate * median).mean() == pytest.approx(0.5, abs=0.001)


def test_a_time_too_long_for_a_number_is_infinite_and_a_share_must_be_one() -> None:
    fit = replace(fitted(BgNbdFit), parameters=TRUTH._replace(r=1e-4))
    assert np.isinf(fit.next_purchase(0, 40.0)[0])
    with pytest.raises(EstimationError, match="between 0 and 1"):
        fit.next_purchase(1, 40.0, 1.0)
