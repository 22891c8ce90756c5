"""What a covariance structure leaves out that the answers ask for: score tests of its fixed parameters.

With s the score of a parameter fixed at 0 and I the information at the estimates θ̂ of the free ones,

    V = I_aa − I_aθ I_θθ⁻¹ I_θa,   MI = s²/V ~ χ²(1),   EPC = s/V

MI, the modification index, is about what χ² loses when the parameter is freed, EPC about what its value then is.
Sources: Sörbom (1989), Psychometrika 54, 371–384; Saris, Satorra & Sörbom (1987), Sociological Methodology 17, 105–129;
standardised: Chou & Bentler (1993), Multivariate Behavioral Research 28, 97–119.
"""

from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy.special import chdtrc

from crmresearch.ranks import holm
from crmresearch.sem.covariance.full_information import sample_patterns
from crmresearch.sem.covariance.likelihood.discrepancy import Pattern, evaluate
from crmresearch.sem.covariance.likelihood.ram import Cell, Ram
from crmresearch.sem.covariance.result import CbEstimate
from crmresearch.sem.covariance.robust import scaling
from crmresearch.sem.covariance.standardised import total_covariances
from crmresearch.sem.pls.algorithm import Floats

UNDETERMINED = 1e-8  # share of its own information that is left to a parameter which the free ones determine
AT_ONCE = 256  # candidates whose joint information is computed: of 68 items there are thousands
OPERATORS = {"loading": "=~", "path": "~", "covariance": "~~"}


class ScoreTests(NamedTuple):
    """mi, epc and its error 1/√V (c,) of fixed cells; NaN where the free parameters leave nothing to be freed."""

    mi: Floats
    epc: Floats
    error: Floats


def score_tests(ram: Ram, theta: Floats, patterns: list[Pattern], candidates: list[Cell]) -> ScoreTests:
    """Score tests, one at a time, that cells outside the model are 0, at its estimates θ (q,).

    Information is the expected one (with holes, given which answers were made): the observed one need not be positive
    at a point that is no minimum of the wider model. Checked against lavaan.
    """
    parts = [
        _score_tests(ram, theta, patterns, candidates[i : i + AT_ONCE]) for i in range(0, len(candidates), AT_ONCE)
    ]
    return ScoreTests(*np.concatenate([np.empty((3, 0)), *parts], axis=1))


def _score_tests(ram: Ram, theta: Floats, patterns: list[Pattern], candidates: list[Cell]) -> Floats:
    """mi, epc and its error (3, c)."""
    q, rows = len(theta), sum(pattern.rows for pattern in patterns)
    wider = Ram(ram.observed, ram.latent, (*ram.cells, *candidates), ram.groups)
    at = np.concatenate([theta, np.zeros(len(candidates))])
    value = evaluate(wider, at[None], patterns, observed_too=False)
    score, information = -rows / 2 * value.gradient[0, q:], rows / 2 * value.expected[0]
    own, mixed = np.diag(information)[q:], information[:q, q:]
    left = own - (mixed * np.linalg.lstsq(information[:q, :q], mixed, rcond=None)[0]).sum(axis=0)
    left = np.where(left > UNDETERMINED * np.abs(own), left, np.nan)
    return np.stack([score**2 / left, score / left, 1 / np.sqrt(left)])


def with_errors(ram: Ram) -> Ram:
    """The same model in which a construct of one item is a factor, and the item its own with an error of no variance.

    What is freed can then be an error of the item, which goes no further, or a part of the construct, which does.
    """
    indicators = {cell.row for cell in ram.cells if cell.is_loading}
    single = {name: f"{name} construct" for name in ram.observed if name not in indicators}
    while set(single.values()) & set(ram.variables):
        single = {name: f"{factor} construct" for name, factor in single.items()}

    def moved(cell: Cell) -> Cell:
        if cell.matrix == "M":
            return cell
        return Cell(
            cell.matrix,
            single.get(cell.row, cell.row),
            single.get(cell.column, cell.column),
            cell.value,
            cell.label,
            cell.group,
        )

    measured = [Cell("A", item, factor, 1.0, group=g) for item, factor in single.items() for g in range(ram.groups)]
    return Ram(ram.observed, (*ram.latent, *single.values()), (*map(moved, ram.cells), *measured), ram.groups)


def candidates_of(ram: Ram) -> list[tuple[str, Cell]]:
    """Every cell of one group that could be freed, with its kind: loading, path or covariance.

    Loadings of an item on another factor, covariances of two errors or of two disturbances, paths between factors.
    """
    taken = {
        (c.matrix, *ends) for c in ram.cells for ends in ((c.row, c.column), (c.column, c.row))[: 1 + (c.matrix == "S")]
    }
    found: list[tuple[str, Cell]] = []

    def add(kind: str, matrix: str, row: str, column: str) -> None:
        if (matrix, row, column) not in taken:
            label = f"free {len(found)}"
            found.append((kind, Cell("A" if matrix == "A" else "S", row, column, 0.0, label)))

    for factor in ram.latent:
        for item in ram.observed:
            add("loading", "A", item, factor)
    for names in (ram.observed, ram.latent):
        for i, first in enumerate(names):
            for second in names[i + 1 :]:
                add("covariance", "S", first, second)
    for outcome in ram.latent:
        for predictor in ram.latent:
            if outcome != predictor:
                add("path", "A", outcome, predictor)
    return found


def modification_indices(estimate: CbEstimate) -> pd.DataFrame:
    """Every parameter that could be freed, largest modification index first.

    Columns: kind (loading, covariance, path); lhs, op, rhs, the parameter in lavaan syntax, constructs by key; mi; epc,
    in the units of the items; standardized, the epc with all variables standardised, NaN where one has no variance; se,
    of the epc; p_value of mi as χ²(1), with robust errors of mi over the scaling factor of the χ²; p_adjusted, by Holm
    for as many tests as there are rows. Parameters that the free ones determine are left out: freed, they make another
    model with the same fit, or one that is not identified. A construct of one item is taken for a factor that its item
    measures without error. Checked against lavaan 0.6-14.
    """
    theta = estimate.theta
    ram = with_errors(estimate.ram)
    candidates = candidates_of(ram)
    cells = [cell for _, cell in candidates]
    tests = score_tests(ram, theta, sample_patterns(ram, estimate.answers, weights=estimate.weights), cells)
    C, S = total_covariances(ram, theta[None])[0], ram.matrices(theta[None]).S[0, 0]
    spread, own = (np.sqrt(np.where(np.diag(part) > 0, np.diag(part), np.nan)) for part in (C, S))
    at = {name: i for i, name in enumerate(ram.variables)}
    item_of = {c.column: c.row for c in ram.cells if c.matrix == "A" and c.label is None}
    unit = {name: estimate.unit_of[name if name in estimate.unit_of else item_of[name]] for name in ram.variables}
    named = {name: estimate.construct_of.get(item_of.get(name, name), name) for name in ram.latent}
    named |= {name: estimate.construct_of[name] for name in ram.latent if name in estimate.construct_of}
    rows = []
    for (kind, cell), mi, epc, error in zip(candidates, *tests, strict=True):
        i, j = at[cell.row], at[cell.column]
        row, column = named.get(cell.row, cell.row), named.get(cell.column, cell.column)
        lhs, rhs = (column, row) if kind == "loading" else (row, column)
        scale = own[i] * own[j] if kind == "covariance" else spread[i] / spread[j]
        per = unit[cell.row] * unit[cell.column] if kind == "covariance" else unit[cell.row] / unit[cell.column]
        rows.append((kind, lhs, OPERATORS[kind], rhs, mi, per * epc, epc / scale, per * error))
    frame = pd.DataFrame(rows, columns=["kind", "lhs", "op", "rhs", "mi", "epc", "standardized", "se"])
    frame = frame[frame["mi"].notna()]
    # parameters that make the same model of different form have one index, but for rounding: they keep their order
    frame = frame.loc[frame["mi"].round(6).sort_values(ascending=False, kind="stable").index].reset_index(drop=True)
    factor = 1.0
    if estimate.errors == "robust":
        factor = scaling(estimate.ram, theta, estimate.answers, weights=estimate.weights, design=estimate.design).factor
    frame["p_value"] = chdtrc(1, frame["mi"].clip(lower=0.0) / factor)
    frame["p_adjusted"] = holm(frame["p_value"].to_numpy())
    return frame
