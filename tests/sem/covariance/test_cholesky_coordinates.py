"""The coordinates say the same models: there and back, the same Σ, and minima no worse than without them."""

import numpy as np
import pytest
from covariance_cases import resample_counts
from estimate_cases import estimated

from crmresearch.sem.covariance.bootstrap import fit_covariances
from crmresearch.sem.covariance.cholesky_coordinates import cholesky_coordinates, saturated_block
from crmresearch.sem.covariance.likelihood.discrepancy import Pattern
from crmresearch.sem.covariance.likelihood.minimise import minimise
from crmresearch.sem.covariance.likelihood.ram import Cell, Ram, implied

THREE = ("expectation", "quality", "value")


@pytest.mark.parametrize(
    ("theory", "block"),
    [("acsi", (*THREE, "satisfaction")), ("ecsi", ("image", "expectation")), ("reputation", ("comp", "like"))],
)
def test_block(theory: str, block: tuple[str, ...]) -> None:
    assert saturated_block(estimated(theory).ram) == block


def test_there_and_back() -> None:
    estimate = estimated("acsi")
    near = np.where(estimate.ram.variances, np.maximum(estimate.theta, 0.02), estimate.theta)
    theta = near * np.random.default_rng(1).uniform(0.9, 1.1, (20, len(near)))
    straight = cholesky_coordinates(estimate.ram, near)
    assert straight is not None
    coordinates = straight.of(theta)
    np.testing.assert_allclose(straight.theta(coordinates), theta, rtol=1e-8, atol=1e-10)
    np.testing.assert_allclose(implied(straight.ram, coordinates)[0], implied(estimate.ram, theta)[0], rtol=1e-10)


def test_at_the_bound_a_disturbance_is_zero_and_sigma_the_same() -> None:
    estimate = estimated("acsi")
    near = np.where(estimate.ram.variances, np.maximum(estimate.theta, 0.02), estimate.theta)
    straight = cholesky_coordinates(estimate.ram, near)
    assert straight is not None
    at = straight.of(near[None])
    at[:, straight.ram.variances & [label.startswith("L[") for label in straight.ram.labels]] = 0.0
    theta = straight.theta(at)
    assert (theta[:, estimate.ram.variances] >= 0).all()
    assert theta[0, estimate.ram.labels.index("satisfaction ~~ satisfaction")] == 0
    np.testing.assert_allclose(implied(estimate.ram, theta)[0], implied(straight.ram, at)[0], rtol=1e-8)


def test_covariances_of_exogenous_factors_stay_covariances() -> None:
    """Two exogenous factors, one outcome of both: Φ by hand."""
    observed, cells = [], []
    for factor in ("a", "b", "c"):
        items = [f"{factor}{k}" for k in (1, 2)]
        observed += items
        cells += [Cell("A", items[0], factor, 1.0), Cell("A", items[1], factor, 0.8, f"{factor} =~ {items[1]}")]
        cells += [Cell("S", item, item, 0.5, f"{item} ~~ {item}") for item in items]
        cells.append(Cell("S", factor, factor, {"a": 1.0, "b": 2.0, "c": 0.1}[factor], f"{factor} ~~ {factor}"))
    cells += [Cell("S", "b", "a", 0.7, "a ~~ b"), Cell("A", "c", "a", 0.3, "c ~ a"), Cell("A", "c", "b", 0.6, "c ~ b")]
    ram = Ram(tuple(observed), ("a", "b", "c"), tuple(cells))
    straight = cholesky_coordinates(ram, ram.start)
    assert straight is not None
    assert straight.block == ("a", "b", "c")
    coordinates = straight.of(ram.start[None])
    np.testing.assert_allclose(straight.theta(coordinates)[0], ram.start, atol=1e-12)
    np.testing.assert_allclose(implied(straight.ram, coordinates)[0], implied(ram, ram.start[None])[0], atol=1e-12)


def test_no_valley_no_coordinates() -> None:
    """Factors of correlation .3 are fitted as they are; so is a model whose paths are shared or fixed."""
    estimate = estimated("acsi")
    ram = estimate.ram
    far = np.where([" ~ " in label for label in ram.labels], 0.1, np.where(ram.variances, ram.start, estimate.theta))
    assert cholesky_coordinates(ram, far) is None
    same = tuple(
        Cell(c.matrix, c.row, c.column, c.value, "same") if c.is_path and c.row == "value" else c for c in ram.cells
    )
    assert saturated_block(Ram(ram.observed, ram.latent, same)) == ("expectation", "quality")


def test_minima_are_no_worse_than_those_of_the_model_as_it_is_written() -> None:
    """ACSI on mobile phone customers, the resamples at a bound fitted again from lavaan's start values."""
    estimate = estimated("acsi")
    S = np.array([np.cov(estimate.answers.T, fweights=counts, ddof=0) for counts in resample_counts()])
    _, F, gradient, bounded, _ = fit_covariances(estimate, S)
    assert (gradient < 1e-6).all()
    ram, which = estimate.ram, np.flatnonzero(bounded)
    pattern = Pattern(estimate.rows, np.arange(len(ram.observed)), S[which])
    start = np.repeat(ram.start[None], len(which), axis=0)
    plain = minimise(ram, [pattern], start, np.where(ram.variances, 0.0, -np.inf), max_iterations=300)
    assert len(which) > 5
    assert (F[which] <= plain.discrepancy + 1e-9).all()
