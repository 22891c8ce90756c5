"""What must hold of the likelihood engine whatever the data: derivatives, identities, limit cases."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from covariance_cases import PRINTED, Problem, hs_equal, hs_groups, problem, survey
from scipy.differentiate import jacobian
from scipy.stats import multivariate_normal

from crmresearch.sem.covariance.likelihood.discrepancy import Pattern, evaluate, observed_hessian
from crmresearch.sem.covariance.likelihood.minimise import minimise
from crmresearch.sem.covariance.likelihood.ram import Cell, Ram, implied


def with_holes() -> Problem:
    """scsb with means and two patterns: 150 rows complete, 100 without the first and the last item."""
    ram, _ = problem("scsb", means=True)
    X = survey("mobi")[list(ram.observed)].to_numpy()
    parts = [(X[:150], np.arange(12)), (X[150:, 1:-1], np.arange(1, 11))]
    patterns = [Pattern(len(Y), o, np.cov(Y.T, ddof=0)[None], Y.mean(axis=0)[None]) for Y, o in parts]
    return Problem(ram, patterns)


CASES: dict[str, Callable[[], Problem]] = {
    "residual covariances": lambda: problem("pd"),
    "observed exogenous variables": lambda: problem("staged"),
    "equal loadings": hs_equal,
    "groups and means": lambda: hs_groups("configural"),
    "groups, equal loadings and intercepts": lambda: hs_groups("scalar"),
    "means and holes": with_holes,
}


def away(case: Problem) -> np.ndarray:
    """A point where Σ is positive definite and no derivative is zero."""
    rng = np.random.default_rng(3)
    theta = case.fit().theta[0]
    return theta + rng.normal(0, 0.05, len(theta)) * np.where(case.ram.variances, theta, 1.0)


@pytest.fixture(params=CASES, scope="module")
def case(request: pytest.FixtureRequest) -> Problem:
    return CASES[request.param]()


def explicit_discrepancy(case: Problem, theta: np.ndarray) -> float:
    """F term by term from its definition, Σ by (I − A)⁻¹ as the inverse."""
    A, S, M = case.ram.matrices(theta[None])
    p, total = len(case.ram.observed), 0.0
    holes = len(case.patterns) > case.ram.groups
    for rows, o, covariances, means, g in (
        (x.rows, x.observed, x.covariances[0], x.means, x.group) for x in case.patterns
    ):
        B = np.linalg.inv(np.eye(len(A[0, g])) - A[0, g])
        Sigma, mu = (B @ S[0, g] @ B.T)[:p, :p][np.ix_(o, o)], (B @ M[0, g])[:p][o]
        d = np.zeros(len(o)) if means is None else means[0] - mu
        inverse = np.linalg.inv(Sigma)
        F = np.linalg.slogdet(Sigma)[1] + np.trace(covariances @ inverse) + d @ inverse @ d
        total += rows / case.n * (F if holes else F - np.linalg.slogdet(covariances)[1] - len(o))
    return total


def test_discrepancy_is_its_definition(case: Problem) -> None:
    theta = away(case)
    value = evaluate(case.ram, theta[None], case.patterns, hessian=False)
    assert value.discrepancy[0] == pytest.approx(explicit_discrepancy(case, theta), rel=1e-11)


def test_gradient_is_the_numeric_gradient(case: Problem) -> None:
    theta = away(case)

    def discrepancy(at: np.ndarray) -> np.ndarray:
        points = at.reshape(len(theta), -1).T
        return evaluate(case.ram, points, case.patterns, hessian=False).discrepancy.reshape(at.shape[1:])

    gradient = evaluate(case.ram, theta[None], case.patterns).gradient[0]
    numeric = jacobian(discrepancy, theta, initial_step=1e-2).df
    np.testing.assert_allclose(gradient, numeric, rtol=1e-6, atol=1e-8 * np.abs(gradient).max())


def test_observed_hessian_is_the_complex_step_of_the_gradient(case: Problem) -> None:
    theta = away(case)
    q, step = len(theta), 1e-30
    same = [pattern.take(np.zeros(q, dtype=np.intp)) for pattern in case.patterns]
    moved = theta + 1j * step * np.eye(q)
    numeric = evaluate(case.ram, moved, same, hessian=False).gradient.imag / step
    exact = observed_hessian(case.ram, theta, case.patterns)
    np.testing.assert_allclose(exact, numeric, atol=1e-11 * np.abs(exact).max())


def test_expected_hessian_is_its_formula(case: Problem) -> None:
    """E[∂²F] = Σ share · (tr(Σ⁻¹∂ᵢΣ Σ⁻¹∂ⱼΣ) + 2 ∂ᵢμ'Σ⁻¹∂ⱼμ), with every ∂Σ and ∂μ written out."""
    theta = away(case)
    q, step = len(theta), 1e-30
    slopes, mean_slopes = (part.imag / step for part in implied(case.ram, theta + 1j * step * np.eye(q)))
    Sigma, _ = implied(case.ram, theta[None])
    formula = np.zeros((q, q))
    for pattern in case.patterns:
        o, g = pattern.observed, pattern.group
        inverse = np.linalg.inv(Sigma[0, g][np.ix_(o, o)])
        weighted = inverse @ slopes[:, g][:, o[:, None], o]
        d = mean_slopes[:, g, o]
        formula += pattern.rows / case.n * (np.einsum("iab,jba->ij", weighted, weighted) + 2 * d @ inverse @ d.T)
    expected = evaluate(case.ram, theta[None], case.patterns).expected[0]
    np.testing.assert_allclose(expected, formula, atol=1e-12 * np.abs(formula).max())


def test_expected_is_the_mean_of_observed_where_the_model_is_true() -> None:
    """With the sample moments equal to the model's, both Hessians are the same matrix."""
    case = hs_groups("scalar")
    theta = away(case)
    Sigma, mu = implied(case.ram, theta[None])
    true = [replace(x, covariances=Sigma[:, x.group], means=mu[:, x.group]) for x in case.patterns]
    value = evaluate(case.ram, theta[None], true)
    assert value.observed is not None
    np.testing.assert_allclose(value.observed, value.expected, atol=1e-12 * np.abs(value.expected).max())
    np.testing.assert_allclose(value.gradient, 0.0, atol=1e-12)


@pytest.mark.parametrize("name", ["hs", "pd", "scsb", "acsi"])
def test_log_likelihood_is_the_sum_over_rows(name: str) -> None:
    case = problem(name)
    minimum = case.fit()
    S = case.patterns[0].covariances[0]
    answers = survey("mobi" if name in ("scsb", "acsi") else name)[list(case.ram.observed)].to_numpy(dtype=np.float64)
    Sigma = implied(case.ram, minimum.theta)[0][0, 0]
    by_rows = multivariate_normal(answers.mean(axis=0), Sigma).logpdf(answers).sum()
    constant = len(S) * (1 + np.log(2 * np.pi)) + np.linalg.slogdet(S)[1]
    assert -case.n / 2 * (minimum.discrepancy[0] + constant) == pytest.approx(by_rows, abs=1e-8)
    assert by_rows == pytest.approx(PRINTED[name]["ML"]["fit"]["logl"], abs=1e-6)


def saturated(items: list[str], *, means: bool) -> Ram:
    cells = [
        Cell("S", a, b, 1.0 if a == b else 0.0, f"{a} ~~ {b}") for i, a in enumerate(items) for b in items[: i + 1]
    ]
    return Ram(tuple(items), (), (*cells, *(Cell("M", a, a, 0.0, f"{a} ~1") for a in items if means)))


@pytest.mark.parametrize("means", [False, True])
def test_saturated_model_fits_exactly(means: bool) -> None:
    full = problem("pd", means=means)
    ram = saturated(list(full.ram.observed), means=means)
    minimum = minimise(ram, full.patterns, ram.start[None])
    assert full.n * minimum.discrepancy[0] == pytest.approx(0.0, abs=1e-10)
    Sigma, mu = implied(ram, minimum.theta)
    np.testing.assert_allclose(Sigma[0, 0], full.patterns[0].covariances[0], atol=1e-7)
    if means:
        np.testing.assert_allclose(mu[0, 0], full.patterns[0].means[0], atol=1e-7)


@pytest.mark.parametrize("name", ["pd", "staged"])
def test_fit_does_not_depend_on_the_units_of_the_items(name: str) -> None:
    case = problem(name)
    rng = np.random.default_rng(1)
    answers = survey("pd" if name == "pd" else "mobi")[list(case.ram.observed)].astype(np.float64)
    units = pd.Series(np.exp(rng.normal(0, 1, len(case.ram.observed))), index=list(case.ram.observed))
    other = problem(name, answers * units)
    minimum, rescaled = case.fit(), other.fit()
    assert rescaled.discrepancy[0] == pytest.approx(minimum.discrepancy[0], abs=1e-11)
    c = units[list(case.ram.observed)].to_numpy()
    Sigma, again = implied(case.ram, minimum.theta)[0][0, 0], implied(other.ram, rescaled.theta)[0][0, 0]
    np.testing.assert_allclose(again, Sigma * np.outer(c, c), rtol=1e-6)


def test_free_intercepts_leave_the_rest_of_the_model() -> None:
    """Implied means are the sample's, and the covariance structure is that without them."""
    plain, with_means = problem("scsb"), problem("scsb", means=True)
    a, b = plain.fit(), with_means.fit()
    assert b.discrepancy[0] == pytest.approx(a.discrepancy[0], abs=1e-12)
    np.testing.assert_allclose(b.theta[0, : len(a.theta[0])], a.theta[0], atol=1e-7)
    _, mu = implied(with_means.ram, b.theta)
    np.testing.assert_allclose(mu[0, 0], with_means.patterns[0].means[0], atol=1e-7)


def test_order_of_the_items_does_not_matter() -> None:
    case = problem("acsi")
    back = np.arange(len(case.ram.observed))[::-1]
    ram = replace(case.ram, observed=case.ram.observed[::-1])
    patterns = [replace(case.patterns[0], covariances=case.patterns[0].covariances[:, back[:, None], back])]
    other = minimise(ram, patterns, ram.start[None])
    np.testing.assert_allclose(other.theta, case.fit().theta, atol=1e-7)


def test_a_batch_is_a_loop_of_single_samples() -> None:
    case = problem("acsi")
    X = survey("mobi")[list(case.ram.observed)].to_numpy()
    rng = np.random.default_rng(2)
    covariances = np.array([np.cov(X[rng.integers(0, 250, 250)].T, ddof=0) for _ in range(12)])
    lower = np.where(case.ram.variances, 0.0, -np.inf)
    start = np.repeat(case.fit().theta, 12, axis=0)
    for bounds in (None, lower):
        together = minimise(case.ram, [Pattern(250, np.arange(19), covariances)], start, bounds)
        for i in range(12):
            one = minimise(case.ram, [Pattern(250, np.arange(19), covariances[i : i + 1])], start[i : i + 1], bounds)
            assert one.iterations[0] == together.iterations[i]
            assert one.discrepancy[0] == pytest.approx(together.discrepancy[i], abs=1e-10)
            if one.converged()[0]:
                np.testing.assert_allclose(one.theta[0], together.theta[i], atol=1e-6)


def test_bounds_that_do_not_bind_change_nothing() -> None:
    case = problem("acsi")
    bounded, free = case.fit(np.where(case.ram.variances, 0.0, -np.inf)), case.fit()
    assert free.theta[0, case.ram.variances].min() > 0
    np.testing.assert_allclose(bounded.theta, free.theta, atol=1e-7)


def test_planted_heywood_case_ends_at_its_bound() -> None:
    """Correlations .7, .7 and .3 of three items ask for a squared loading .49/.3 > 1.

    Bounded, the first item is the factor; F is then that of conditionally independent others, −log(1 − r²₂₃.₁). The
    gradient is zero (Karush, Kuhn and Tucker) but for the variance at its bound, where F would fall below it.
    """
    R = pd.DataFrame([[1.0, 0.7, 0.7], [0.7, 1.0, 0.3], [0.7, 0.3, 1.0]], index=list("abc"), columns=list("abc"))
    cells = [Cell("A", "a", "f", 1.0), Cell("A", "b", "f", 0.5, "b"), Cell("A", "c", "f", 0.5, "c")]
    cells += [Cell("S", name, name, 0.5, f"{name} ~~ {name}") for name in "abcf"]
    ram = Ram(tuple("abc"), ("f",), tuple(cells))
    patterns = [Pattern(100, np.arange(3), R.to_numpy()[None])]
    free = minimise(ram, patterns, ram.start[None])
    assert free.discrepancy[0] == pytest.approx(0.0, abs=1e-12)
    assert free.theta[0, ram.labels.index("a ~~ a")] == pytest.approx(1 - 0.49 / 0.3)
    bounded = minimise(ram, patterns, ram.start[None], np.where(ram.variances, 0.0, -np.inf))
    partial = (0.3 - 0.49) / 0.51
    assert bounded.converged()[0]
    assert bounded.discrepancy[0] == pytest.approx(-np.log(1 - partial**2), abs=1e-12)
    expected = {"b": 0.7, "c": 0.7, "a ~~ a": 0.0, "b ~~ b": 0.51, "c ~~ c": 0.51, "f ~~ f": 1.0}
    assert dict(zip(ram.labels, bounded.theta[0], strict=True)) == pytest.approx(expected, abs=1e-7)
    gradient = dict(zip(ram.labels, evaluate(ram, bounded.theta, patterns).gradient[0], strict=True))
    assert gradient.pop("a ~~ a") > 0.1
    assert list(gradient.values()) == pytest.approx([0.0] * 5, abs=1e-8)


def test_no_discrepancy_where_the_covariance_matrix_is_not_positive_definite() -> None:
    case = problem("hs")
    theta = case.ram.start[None].copy()
    theta[0, case.ram.labels.index("x1 ~~ x1")] = -10.0
    assert evaluate(case.ram, theta, case.patterns).discrepancy[0] == np.inf
