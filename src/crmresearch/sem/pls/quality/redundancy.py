"""Redundancy analysis: do the items that form a construct tell what one global question about it tells?"""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from crmresearch.errors import ParameterError
from crmresearch.resampling import bootstrap_counts
from crmresearch.sem.measures import redundancy as path_and_weights
from crmresearch.sem.pls.algorithm import Floats
from crmresearch.sem.pls.elimination import COLLINEAR, eigenvalues_exceed
from crmresearch.sem.pls.limits import quantiles
from crmresearch.sem.pls.moments import Sample
from crmresearch.sem.pls.result import PlsEstimate

ENDING = "global"


def global_items_of(estimate: PlsEstimate, columns: list[str]) -> dict[str, str]:
    """The columns named as a global question, by construct: what the names of its items begin with and `global`.

    The items qual_1 to qual_8 have qual_global; an item of the model is none.
    """
    found = {}
    for construct in estimate.specification.constructs:
        stem = _stem(construct.items) if len(construct.items) > 1 else ""
        name = f"{stem}_{ENDING}"
        if stem and name in columns and name not in estimate.specification.items:
            found[construct.key] = name
    return found


def _stem(names: tuple[str, ...]) -> str:
    """What all names begin with."""
    shortest = min(names, key=len)
    same = [all(name[i] == letter for name in names) for i, letter in enumerate(shortest)]
    return shortest[: (*same, False).index(False)].rstrip("_")


def redundancy(estimate: PlsEstimate, data: pd.DataFrame, global_items: Mapping[str, str]) -> pd.DataFrame:
    """The path from every construct of `global_items`, in mode B, to its global item; a row a construct.

    `data` has the rows of the estimate and the global items in columns. Columns: construct, item, estimate (the path, a
    multiple correlation), se, ci_lower, ci_upper, r_squared, rows (that answered the global item and the others).
    Resamples are those of the estimate, percentile limits; NaN where it has none. Definitions, sources and checks as in
    `crmresearch.sem.measures.redundancy`. Raises ParameterError for an unknown construct, one that has no items or one
    only, an absent or constant item, and rows that are not those of the estimate.
    """
    drawn, rows = estimate.resampling, []
    for key, item in global_items.items():
        y = _answers(estimate, data, key, item)
        block = list(estimate.specification.construct(key).items)
        answered = y.notna().to_numpy()
        X = np.column_stack([estimate.items[block].to_numpy(dtype=np.float64), y.fillna(y.mean())])
        if answered.sum() <= len(block) + 1 or (np.ptp(X[answered], axis=0) == 0).any():
            raise ParameterError(
                f"{int(answered.sum())} rows answered {item!r} and the items of {key!r}, too few or all alike; a "
                "redundancy analysis needs answers that differ."
            )
        sample = Sample(X, None, estimate.sample.design)
        of_rows = estimate.sample.weights * answered
        row: dict[str, object] = {"construct": key, "item": item}
        path = _paths(sample, of_rows[None])[0]
        row |= {"estimate": path, "se": np.nan, "ci_lower": np.nan, "ci_upper": np.nan}
        if drawn is not None:
            counts = bootstrap_counts(len(X), drawn.resamples, drawn.seed, estimate.sample.design)
            paths = np.concatenate([_paths(sample, part * of_rows) for part in counts])
            tail = (1 - drawn.confidence) / 2
            lower, upper = quantiles(paths[:, None], np.array([[tail], [1 - tail]]))
            row |= {"se": np.nanstd(paths, ddof=1), "ci_lower": lower[0], "ci_upper": upper[0]}
        rows.append({**row, "r_squared": path**2, "rows": int(answered.sum())})
    columns = ["construct", "item", "estimate", "se", "ci_lower", "ci_upper", "r_squared", "rows"]
    return pd.DataFrame(rows, columns=columns)


def _answers(estimate: PlsEstimate, data: pd.DataFrame, key: str, item: str) -> "pd.Series[float]":
    """The answers to a global item in the rows of the estimate."""
    if key not in estimate.specification.keys:
        raise ParameterError(f"global_items names {key!r}; the model has {', '.join(estimate.specification.keys)}.")
    if len(estimate.specification.construct(key).items) < 2:
        raise ParameterError(f"{key!r} has no two items that could form it; leave it out of global_items.")
    if item not in data:
        raise ParameterError(f"The data has no column {item!r}, which global_items names for {key!r}.")
    if not estimate.items.index.isin(data.index).all() or not data.index.is_unique:
        raise ParameterError("The rows of the data are not those of the estimate; pass the frame it was made of.")
    answers = pd.to_numeric(data[item], errors="coerce")
    if (answers.isna() & data[item].notna()).any():
        raise ParameterError(f"The answers to {item!r} are not all numbers; turn them into numbers first.")
    return answers.reindex(estimate.items.index).astype(np.float64)


def _paths(sample: Sample, counts: Floats) -> Floats:
    """The path (B,) in samples with these weights of rows; NaN where items do not vary or determine one another."""
    R = sample.moments(counts).correlations
    block = R[:, :-1, :-1]
    usable = np.array(np.isfinite(R).all(axis=(1, 2)))
    usable[usable] = eigenvalues_exceed(block[usable], COLLINEAR)
    paths = np.full(len(R), np.nan)
    paths[usable] = path_and_weights(block[usable], R[usable, :-1, -1])[0]
    return paths
