"""The published CDNOW sample, simulated customers of known truth, and mixtures integrated by brute force."""

from pathlib import Path

import numpy as np
import pandas as pd
from scipy.special import betaln
from scipy.stats import gamma as gamma_distribution

REFERENCE = Path(__file__).parents[1] / "reference" / "cdnow_summary.csv"


def cdnow() -> pd.DataFrame:
    """Unique rows x, t_x, T (weeks), zbar (mean repeat spend) and customers (count) of the published sample."""
    return pd.read_csv(REFERENCE, comment="#")


def histories_of(frame: pd.DataFrame) -> dict[str, np.ndarray]:
    """Arguments of the fits of purchases."""
    return {"x": frame.x, "t_x": frame.t_x, "T": frame["T"], "weights": frame.customers}


def simulate(model: str, parameters: tuple[float, ...], n: int, seed: int, weeks: float = 52.0):
    """x, t_x, T of n customers who first bought evenly over the first half of `weeks`."""
    rng = np.random.default_rng(seed)
    r, alpha, c, d = parameters
    rate = rng.gamma(r, 1 / alpha, n)
    T = weeks - rng.uniform(0, weeks / 2, n)
    if model == "pareto_nbd":
        lifetime = rng.exponential(1 / rng.gamma(c, 1 / d, n))
        dropout = np.zeros(n)
    else:
        lifetime = np.full(n, np.inf)
        dropout = rng.beta(c, d, n)
    alive = rng.random(n) >= dropout if model == "mbg_nbd" else np.ones(n, dtype=bool)
    x, t_x, now = np.zeros(n), np.zeros(n), np.zeros(n)
    while alive.any():
        now += rng.exponential(1 / rate)
        alive &= now <= np.minimum(T, lifetime)
        x[alive] += 1
        t_x[alive] = now[alive]
        alive &= rng.random(n) >= dropout
    return x, t_x, T


LOG_RATES = np.arange(-90, 8, 0.05)  # the trapezoidal rule over the whole line is exact to rounding for these densities
LOGITS = np.arange(-60, 60, 0.05)


def gamma_weights(shape: float, rate: float) -> tuple[np.ndarray, np.ndarray]:
    """Points and weights of a gamma distribution for sums over them."""
    points = np.exp(LOG_RATES)
    return points, gamma_distribution.pdf(points, shape, scale=1 / rate) * points * 0.05


def beta_weights(a: float, b: float) -> tuple[np.ndarray, np.ndarray]:
    """Points and weights of a beta distribution for sums over them."""
    points, others = 1 / (1 + np.exp(-LOGITS)), 1 / (1 + np.exp(LOGITS))
    return points, np.exp(a * np.log(points) + b * np.log(others) - betaln(a, b)) * 0.05


def mixture(formula, first, second) -> float:
    """∬ formula(u, v) over two independent distributions given by points and weights."""
    (u, weight_u), (v, weight_v) = first, second
    return float(weight_u @ formula(u[:, None], v[None, :]) @ weight_v)
