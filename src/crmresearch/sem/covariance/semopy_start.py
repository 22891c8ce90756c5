"""The first estimate by semopy, from which the engine of this package starts and with which it must agree."""

import contextlib
import io
import logging
import re
import warnings
from dataclasses import replace
from typing import NamedTuple

import numpy as np
import pandas as pd

from crmresearch.sem.covariance.likelihood.ram import Cell, Ram
from crmresearch.sem.pls.algorithm import Floats

FTOL = 1e-14  # semopy's default stops .01 standard errors away from the minimum


class SemopyFit(NamedTuple):
    """θ (q,) in the order of the RAM's labels, and whether semopy's optimiser says it succeeded."""

    theta: Floats
    success: bool


def semopy_syntax(ram: Ram) -> str:
    """The model in semopy's syntax with every free variance and covariance written out.

    Written out, because semopy (and lavaan) silently fix at 0 the covariances of observed exogenous variables with
    latent ones.
    """
    loadings: dict[str, list[str]] = {latent: [] for latent in ram.latent}
    regressions: dict[str, list[str]] = {}
    covariances = []
    for cell in ram.cells:
        if cell.is_loading:
            loadings[cell.column].append(cell.row)
        elif cell.is_path:
            regressions.setdefault(cell.row, []).append(cell.column)
        elif cell.matrix == "S":
            covariances.append(f"{cell.row} ~~ {cell.column}")
    lines = [f"{latent} =~ {' + '.join(items)}" for latent, items in loadings.items()]
    lines += [f"{outcome} ~ {' + '.join(predictors)}" for outcome, predictors in regressions.items()]
    return "\n".join([*lines, *covariances])


def named_plainly(ram: Ram) -> Ram:
    """The model under names that semopy can read: its own where all are plain words, else numbered ones."""
    if all(re.fullmatch(r"[A-Za-z]\w*", name, re.ASCII) for name in ram.variables):
        return ram
    plain = {name: f"v{i}" for i, name in enumerate(ram.variables)}

    def renamed(cell: Cell) -> Cell:
        row, column = plain[cell.row], plain[cell.column]
        left, right = (column, row) if cell.is_loading or cell.matrix == "S" else (row, column)
        operator = "=~" if cell.is_loading else "~" if cell.is_path else "~~"
        return replace(cell, row=row, column=column, label=cell.label and f"{left} {operator} {right}")

    observed, latent = (tuple(plain[name] for name in part) for part in (ram.observed, ram.latent))
    return Ram(observed, latent, tuple(renamed(cell) for cell in ram.cells))


def semopy_fit(ram: Ram, items: pd.DataFrame, weights: Floats | None = None) -> SemopyFit | None:
    """semopy's ML estimate (Wishart-free, divisor n) of the model; None when semopy fails altogether.

    `items` (n, p) are complete answers, `weights` (n,) their sampling weights: semopy then gets the weighted
    covariances alone. Its optimiser runs at a tolerance of 1e-14.
    """
    import semopy

    items = items[list(ram.observed)]
    ram = named_plainly(ram)
    items = items.set_axis(list(ram.observed), axis="columns")
    model = semopy.Model(semopy_syntax(ram))
    quiet = logging.getLogger().level
    try:
        logging.getLogger().setLevel(logging.ERROR)
        with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
            warnings.simplefilter("ignore")
            options = {"ftol": FTOL, "maxiter": 10_000}
            if weights is None:
                result = model.fit(items.copy(), options=options)
            else:
                S = pd.DataFrame(np.cov(items.T, ddof=0, aweights=weights), items.columns, items.columns)
                result = model.fit(cov=S, n_samples=len(items), options=options)
            table = model.inspect()
    except Exception:  # whatever semopy trips over, the engine can start without it
        return None
    finally:
        logging.getLogger().setLevel(quiet)
    found = {(row.lval, row.op, row.rval): float(row.Estimate) for row in table.itertuples()}
    theta = np.array([_value(label, found) for label in ram.labels])
    return SemopyFit(theta, bool(result.success)) if np.isfinite(theta).all() else None


def _value(label: str, found: dict[tuple[str, str, str], float]) -> float:
    left, operator, right = label.split(" ")
    if operator == "=~":  # semopy lists loadings as regressions of the item
        left, operator, right = right, "~", left
    reverse = found.get((right, operator, left), np.nan) if operator == "~~" else np.nan
    return found.get((left, operator, right), reverse)
