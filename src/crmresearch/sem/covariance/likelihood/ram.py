"""A structural equation model as reticular action matrices, and its free parameters as a vector.

Variables are the p observed ones followed by the latent ones, v in all. A (v, v) holds directed effects at
[outcome, predictor], S (v, v) variances and covariances, M (v,) intercepts, and

    Σ = G S G',  μ = G M,  G = the first p rows of (I − A)⁻¹

(McArdle & McDonald 1984, British Journal of Mathematical and Statistical Psychology 37, 234–251). Several groups
have their own matrices; cells that share a label share a parameter, within and across groups.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from crmresearch.sem.pls.algorithm import Floats

Matrix = Literal["A", "S", "M"]


@dataclass(frozen=True)
class Cell:
    """One cell of a matrix: fixed at `value` when it has no label, else the parameter `label` starting there."""

    matrix: Matrix
    row: str
    column: str
    value: float
    label: str | None = None
    group: int = 0

    @property
    def is_variance(self) -> bool:
        """Whether the cell is a variance."""
        return self.matrix == "S" and self.row == self.column

    @property
    def is_path(self) -> bool:
        """Whether the cell is a regression coefficient."""
        return self.matrix == "A" and (self.label or "").startswith(f"{self.row} ~ {self.column}")

    @property
    def is_loading(self) -> bool:
        """Whether the cell is the loading of an item on a factor."""
        return self.matrix == "A" and not self.is_path


class Matrices(NamedTuple):
    """A (batch, groups, v, v), S (batch, groups, v, v) and M (batch, groups, v)."""

    A: Floats
    S: Floats
    M: Floats


@dataclass(frozen=True)
class Ram:
    """The model: names of observed and latent variables, cells, number of groups."""

    observed: tuple[str, ...]
    latent: tuple[str, ...]
    cells: tuple[Cell, ...]
    groups: int = 1

    @cached_property
    def variables(self) -> list[str]:
        """Observed variables, then latent ones."""
        return [*self.observed, *self.latent]

    @cached_property
    def labels(self) -> list[str]:
        """Labels of the free parameters, in order of appearance: the order of θ."""
        return list(dict.fromkeys(cell.label for cell in self.cells if cell.label is not None))

    @cached_property
    def start(self) -> Floats:
        """Start values (q,): those of the first cell of each parameter."""
        first: dict[str, float] = {}
        for cell in self.cells:
            if cell.label is not None:
                first.setdefault(cell.label, cell.value)
        return np.array([first[label] for label in self.labels])

    @cached_property
    def variances(self) -> NDArray[np.bool_]:
        """Which parameters (q,) are variances."""
        own = {cell.label for cell in self.cells if cell.is_variance}
        return np.array([label in own for label in self.labels])

    @property
    def has_means(self) -> bool:
        """Whether intercepts are part of the model."""
        return any(cell.matrix == "M" for cell in self.cells)

    def free(self, matrix: Matrix, group: int) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.intp]]:
        """Rows, columns and parameter numbers of the free cells of one matrix of one group."""
        return self._free[matrix, group]

    @cached_property
    def _free(self) -> dict[tuple[str, int], tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.intp]]]:
        at = {name: i for i, name in enumerate(self.variables)}
        number = {label: i for i, label in enumerate(self.labels)}
        found: dict[tuple[str, int], list[tuple[int, int, int]]] = {
            (matrix, group): [] for matrix in "ASM" for group in range(self.groups)
        }
        for cell in self.cells:
            if cell.label is not None:
                found[cell.matrix, cell.group].append((at[cell.row], at[cell.column], number[cell.label]))
        as_array = {key: np.array(cells, dtype=np.intp).reshape(-1, 3).T for key, cells in found.items()}
        return {key: (cells[0], cells[1], cells[2]) for key, cells in as_array.items()}

    @cached_property
    def _fixed(self) -> Matrices:
        v = len(self.variables)
        at = {name: i for i, name in enumerate(self.variables)}
        A, S, M = np.zeros((self.groups, v, v)), np.zeros((self.groups, v, v)), np.zeros((self.groups, v))
        for cell in self.cells:
            if cell.label is None:
                i, j = at[cell.row], at[cell.column]
                if cell.matrix == "A":
                    A[cell.group, i, j] = cell.value
                elif cell.matrix == "S":
                    S[cell.group, i, j] = S[cell.group, j, i] = cell.value
                else:
                    M[cell.group, i] = cell.value
        return Matrices(A, S, M)

    def matrices(self, theta: Floats) -> Matrices:
        """The matrices at parameters θ (batch, q); complex θ give complex matrices."""
        batch = len(theta)
        A, S, M = (np.repeat(part[None].astype(theta.dtype), batch, axis=0) for part in self._fixed)
        for g in range(self.groups):
            row, column, number = self.free("A", g)
            A[:, g, row, column] = theta[:, number]
            row, column, number = self.free("S", g)
            S[:, g, row, column] = theta[:, number]
            S[:, g, column, row] = theta[:, number]
            row, _, number = self.free("M", g)
            M[:, g, row] = theta[:, number]
        return Matrices(A, S, M)


def implied(ram: Ram, theta: Floats) -> tuple[Floats, Floats]:
    """Σ (batch, groups, p, p) and μ (batch, groups, p) of the model at θ (batch, q)."""
    A, S, M = ram.matrices(theta)
    G = reach(A)[..., : len(ram.observed), :]
    return G @ S @ G.swapaxes(-1, -2), (G @ M[..., None])[..., 0]


def reach(A: Floats) -> Floats:
    """(I − A)⁻¹ as the sum of powers of A, exact for the recursive models of this package.

    A few products of small matrices beat an LU factorisation per matrix, and complex steps pass through.
    """
    identity = np.eye(A.shape[-1], dtype=A.dtype)
    total, power = identity + A, A
    for _ in range(A.shape[-1]):
        power = power @ A
        if not power.any():
            return total
        total = total + power
    return np.linalg.inv(identity - A)
