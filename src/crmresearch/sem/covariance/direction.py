"""Which way a factor points: the way most of its items do, as a composite of PLS does.

The likelihood does not tell a factor from its reverse; the sign of the item that gives it its unit does, and where
that item is worded the other way round, the factor is. A factor whose standardised loadings λ have Σ λ|λ| < 0 is turned
here: its unit is then minus that of its first item, whose loading is −1.
"""

from dataclasses import replace

import numpy as np

from crmresearch.sem.covariance.likelihood.ram import Ram
from crmresearch.sem.covariance.result import CbEstimate
from crmresearch.sem.covariance.standardised import total_covariances
from crmresearch.sem.pls.algorithm import Floats


def directions(ram: Ram, theta: Floats, like: Floats | None = None) -> Floats:
    """−1 for every factor that must be turned to point the way most of its items do, else 1 (batch, v).

    With `like`, another θ (q,): to point as it does there, Σ λλ' < 0, so that resamples are of one factor.
    """
    loadings = _loadings(ram, theta)
    wanted = loadings if like is None else _loadings(ram, like[None])
    turn = np.ones((len(theta), len(ram.variables)))
    for j, found in loadings.items():
        other = np.abs(found) if like is None else wanted[j]
        turn[:, j] = np.where((found * other).sum(axis=1) < 0, -1.0, 1.0)
    return turn


def _loadings(ram: Ram, theta: Floats) -> dict[int, Floats]:
    """Position of every factor → loadings of its items (batch, items), but for the factor's own deviation."""
    variance = np.abs(np.diagonal(total_covariances(ram, theta), axis1=1, axis2=2))
    deviation = np.sqrt(np.where(variance > 0, variance, np.nan))
    A = ram.matrices(theta).A[:, 0]
    at = {name: i for i, name in enumerate(ram.variables)}
    found = {}
    for factor in ram.latent:
        items = [at[cell.row] for cell in ram.cells if cell.is_loading and cell.column == factor]
        found[at[factor]] = np.asarray(A[:, items, at[factor]] / deviation[:, items])
    return found


def signs(ram: Ram, turn: Floats) -> Floats:
    """±1 (batch, q) by which turning the variables (batch, v) multiplies every parameter."""
    at = {name: i for i, name in enumerate(ram.variables)}
    first = {cell.label: cell for cell in reversed(ram.cells)}
    cells = [first[label] for label in ram.labels]
    one = [at[cell.row] for cell in cells]
    other = [at[cell.column] for cell in cells]
    both = np.array([cell.matrix != "M" for cell in cells])
    return np.asarray(turn[:, one] * np.where(both, turn[:, other], 1.0))


def turned(ram: Ram, theta: Floats, like: Floats) -> Floats:
    """θ (batch, q) with every factor pointing as it does in the estimate `like` (q,); rows that are NaN stay so."""
    known = np.isfinite(theta).all(axis=1)
    found = theta.copy()
    found[known] *= signs(ram, directions(ram, theta[known], like))
    return found


def pointing_with_items(estimate: CbEstimate) -> CbEstimate:
    """The same solution with every factor pointing the way most of its items do."""
    ram = estimate.ram
    turn = directions(ram, estimate.theta[None])
    if (turn > 0).all():
        return estimate
    sign = signs(ram, turn)[0]
    both = np.outer(sign, sign)
    of = dict(zip(ram.variables, turn[0], strict=True))
    cells = [replace(c, value=c.value * of[c.row] * (1 if c.matrix == "M" else of[c.column])) for c in ram.cells]
    minimum = estimate.minimum._replace(theta=estimate.minimum.theta * sign)
    full, first = estimate.full_information, estimate.semopy
    return replace(
        estimate,
        ram=replace(ram, cells=tuple(cells)),
        minimum=minimum,
        covariance=estimate.covariance * both,
        information=estimate.information * both,
        semopy=None if first is None else first._replace(theta=first.theta * sign),
        full_information=None if full is None else full._replace(minimum=minimum),
    )
