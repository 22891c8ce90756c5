"""Customers under contract: the shifted beta-geometric where no payment fails, the story integrated, known truth."""

import numpy as np
import pytest
from rhythm_cases import histories, subscribers
from scipy.integrate import quad
from scipy.stats import beta as beta_distribution

from crmresearch.errors import EstimationError
from crmresearch.value import CustomerValue, bootstrap, fit_shifted_beta_geometric
from crmresearch.value.contract import ContractFit
from crmresearch.value.histories import unique_rows
from crmresearch.value.maximum import hessian
from crmresearch.value.rhythm import MONTH_DAYS

CUTOFF, AFTER = "2023-06-30", "2023-12-31"


def world(n=3000, seed=1, failed=0.0, churn=(1.2, 10.0)):
    """Histories until the cut-off, payments after it, and whether each customer was still there."""
    days, leaving = subscribers(n, seed, churn, failed, last=AFTER)
    table = histories(days, CUTOFF)
    later = days[days["day"] > np.datetime64(CUTOFF)].groupby("customer").size().reindex(table.index, fill_value=0)
    left = np.array(leaving)[table.index]
    return table, later, ~(left <= np.datetime64(CUTOFF))


def fitted(table):
    return ContractFit.fit(table["repeat"], table["t_last"], table["tenure"], period=MONTH_DAYS)


def at(parameters, paid, period=10.0):
    """A fit at given parameters, not at a maximum."""
    named = ContractFit.names(*parameters)
    return ContractFit(named, named, np.nan, 1.0, True, (), np.full((2, 2), np.nan), None, period, paid)


def test_where_no_payment_fails_it_is_the_shifted_beta_geometric():
    table, _, there = world(1000)
    fit = fitted(table)
    renewals = np.rint(table["t_last"] / MONTH_DAYS)
    gone = ((table["tenure"] - table["t_last"]) > 1.1 * MONTH_DAYS).astype(int)
    pure = fit_shifted_beta_geometric(renewals + gone, gone)
    assert fit.paid == 1
    assert fit.parameters == pytest.approx(pure.parameters, rel=1e-6)
    assert fit.log_likelihood == pytest.approx(pure.log_likelihood, rel=1e-9)
    assert fit.standard_errors == pytest.approx(pure.standard_errors, rel=1e-4)
    alive = fit.p_alive(table["repeat"], table["t_last"], table["tenure"])
    assert set(alive) == {0.0, 1.0}
    # who left within the days of grace is still counted as a customer; everybody else is known
    assert (alive >= there).all()
    assert ((alive == 1) & ~there).mean() < 0.02


def test_the_likelihood_and_p_alive_are_the_story_integrated():
    alpha, beta, paid = 0.8, 3.0, 0.85
    density = beta_distribution(alpha, beta).pdf

    def integral(f):
        return quad(lambda u: 2 * u * density(u * u) * f(u * u), 0, 1, epsabs=1e-12)[0]  # u² for the pole at 0

    for k, m in ((0, 0), (4, 0), (4, 1), (2, 3), (0, 2)):
        stays = integral(lambda p, k=k, m=m: (1 - p) ** (k + m) * (1 - paid) ** m)
        leaves = integral(
            lambda p, k=k, m=m: sum((1 - p) ** (k + j - 1) * p * (1 - paid) ** (j - 1) for j in range(1, m + 1))
        )
        rows = unique_rows([np.array([float(k)]), np.array([float(m)]), np.array([1 - paid])])
        assert ContractFit.score(np.log([alpha, beta]), rows)[0] == pytest.approx(np.log(stays + leaves), abs=1e-7)
        alive = at((alpha, beta), paid).p_alive(k, 10.0 * k, 10.0 * (k + m) + 5)
        assert alive == pytest.approx([stays / (stays + leaves)], abs=1e-7)


def test_the_gradient_and_curvature_are_those_of_the_likelihood():
    rows = unique_rows([np.array([0.0, 3, 5, 2]), np.array([0.0, 2, 4, 1]), np.full(4, 0.1)])
    theta, step = np.log([0.8, 2.0]), 1e-6 * np.eye(2)

    def slope(part):
        return [(part(theta + h) - part(theta - h)) / 2e-6 for h in step]

    gradient = ContractFit.score(theta, rows)[1]
    assert gradient == pytest.approx(slope(lambda at: ContractFit.score(at, rows)[0]), abs=1e-7)
    curvature = hessian(lambda at: ContractFit.score(at, rows), theta)
    assert curvature == pytest.approx(np.array(slope(lambda at: ContractFit.score(at, rows)[1])), abs=1e-7)


@pytest.mark.parametrize("failed", [0.0, 0.1])
@pytest.mark.long
def test_truth_is_recovered_and_the_future_foreseen(failed):
    truth = (1.2, 10.0)
    table, later, there = world(4000, 2, failed, truth)
    fit = fitted(table)
    assert fit.paid == pytest.approx(1 - failed, abs=0.01)
    churn = np.array(truth)[0] / sum(truth)
    assert fit.contract.mean_churn == pytest.approx(churn, abs=0.01)
    for estimate, error, true in zip(fit.parameters, fit.standard_errors, truth, strict=True):
        assert abs(estimate - true) < 3 * error
    x, t_x, T = table["repeat"], table["t_last"], table["tenure"]
    alive = fit.p_alive(x, t_x, T)
    assert alive.mean() == pytest.approx(there.mean(), abs=0.02)
    for low, high in ((0.05, 0.5), (0.5, 0.95)):  # where it doubts, it doubts rightly
        doubted = (alive > low) & (alive < high)
        if doubted.sum() > 50:
            assert there[doubted].mean() == pytest.approx(alive[doubted].mean(), abs=0.12)
    expected = fit.expected_purchases(x, t_x, T, 184)
    assert expected.sum() == pytest.approx(later.sum(), rel=0.04)


def test_expectations_are_means_of_draws_and_sums_of_discounted_payments():
    fit = at((0.7, 4.0), 0.9)
    history = (3, 30.0, 34.0)
    rng = np.random.default_rng(1)
    draws = fit.draw_purchases(*(np.full(50_000, value) for value in history), 60.0, rng)
    assert fit.expected_purchases(*history, 60.0) == pytest.approx(
        [draws.mean()], abs=4 * draws.std() / np.sqrt(50_000)
    )
    # payments are due in 6, 16, … from now: 6 of them within 60, the first within 6
    assert draws.max() == 6
    assert fit.expected_purchases(*history, 5.9) == pytest.approx([0])
    stays = fit.contract.retention(4)[0]
    assert fit.expected_purchases(*history, 6.0) == pytest.approx([0.9 * stays])
    assert fit.discounted_purchases(*history, 6.0, 0.01) == pytest.approx([0.9 * stays * np.exp(-0.06)])
    endless = fit.discounted_purchases(*history, np.inf, 0.01)
    assert endless == pytest.approx(fit.discounted_purchases(*history, 20_000.0, 0.01), rel=1e-9)


def test_intervals_refit_the_contract():
    table, _, _ = world(500, 3, 0.1)
    fit = fitted(table)
    found = bootstrap(fit, 50, 1, lambda again: [again.contract.mean_churn, again.paid])
    lower, upper = found.interval()
    assert (lower < [fit.contract.mean_churn, fit.paid]).all()
    assert (upper > [fit.contract.mean_churn, fit.paid]).all()


def test_values_of_customers_under_contract():
    table, later, _ = world(500, 4)
    rng = np.random.default_rng(1)
    table["repeat_mean"] = rng.gamma(8, 2, len(table)).round(2)
    value = CustomerValue.fit(table, "shifted_beta_geometric", period_days=MONTH_DAYS)
    assert value.purchases.tells_dropout
    forecast = value.forecast(184, 0.1)
    assert list(forecast) == ["p_alive", "expected_purchases", "expected_spend", "value"]
    assert forecast["expected_purchases"].sum() == pytest.approx(later.sum(), rel=0.08)
    intervals, _ = value.intervals(184, 0.1, 20, 1)
    assert intervals["estimate"].between(intervals["ci_lower"], intervals["ci_upper"]).all()
    for period in (None, 0.0, np.inf):
        with pytest.raises(EstimationError, match="period of a contract is a time above 0"):
            CustomerValue.fit(table, "shifted_beta_geometric", period_days=period)
