"""Which respondents are held out together: folds dealt by chance, or given as one label a row."""

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from crmresearch.errors import EstimationError, ParameterError
from crmresearch.sampling_design import SamplingDesign

Folds = int | ArrayLike
Codes = NDArray[np.intp]


def folds_of(
    index: pd.Index, folds: Folds = 10, repeats: int = 1, seed: int = 1, design: SamplingDesign | None = None
) -> Codes:
    """The fold of every row (repeats, n), counted from 0.

    `folds`: how many, dealt as evenly as can be by chance from `seed`, anew in each of the `repeats`; as many as rows
    leave out one row at a time. Or a label a row, a Series by the labels of `index` or (n,), for one repeat. Rows of
    one cluster of the `design` are held out together: what they share would tell one of the others.
    Raises ParameterError for fewer than 2 folds, more than there are rows (or clusters), labels that do not fit the
    rows, and labels with more than one repeat.
    """
    if repeats < 1 or seed < 0:
        raise ParameterError(f"repeats must be 1 or more and seed 0 or more; they are repeats={repeats}, seed={seed}.")
    if not isinstance(folds, int | np.integer) or isinstance(folds, bool):
        return _labelled(index, folds, repeats)
    unit = np.arange(len(index)) if design is None else np.unique(design.cluster, return_inverse=True)[1]
    units = int(unit.max()) + 1
    if not 2 <= folds <= units:
        what = "rows" if design is None else "clusters"
        raise ParameterError(f"folds={folds} is impossible with {units} {what}; ask for 2 to {units}, usually 10.")
    dealt, turns = np.empty((repeats, units), dtype=np.intp), np.arange(units) % folds
    for repeat in range(repeats):
        rng = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(2**32 - 3, repeat)))
        dealt[repeat, rng.permutation(units)] = turns
    return dealt if design is None else dealt[:, unit]


def untrained(held: NDArray[np.bool_], fold: int) -> EstimationError:
    """What to say where a model cannot be estimated without the rows `held` (n,) of a fold, counted from 0."""
    return EstimationError(
        f"The model cannot be estimated without the {int(held.sum())} rows of fold {fold + 1}: an item does not vary "
        "in the others, or some determine one another; ask for other folds, or leave items out."
    )


def _labelled(index: pd.Index, labels: ArrayLike, repeats: int) -> Codes:
    if repeats != 1:
        raise ParameterError(f"Folds given as labels are one split; with them repeats is 1, not {repeats}.")
    given = labels if isinstance(labels, pd.Series) else pd.Series(np.asarray(labels).ravel())
    if isinstance(labels, pd.Series) and index.isin(labels.index).all() and labels.index.is_unique:
        given = labels.loc[index]
    if len(given) != len(index):
        raise ParameterError(f"folds has {len(given)} labels for {len(index)} rows; give a number, or a label a row.")
    if given.isna().any():
        raise ParameterError(f"{int(given.isna().sum())} of {len(given)} rows have no label in folds; give each one.")
    codes, names = pd.factorize(given, sort=False)
    if len(names) < 2:
        raise ParameterError("All rows have the same label in folds, so that none are left to learn from; give two.")
    return np.asarray(codes, dtype=np.intp)[None]
