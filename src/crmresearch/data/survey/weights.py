"""Sampling weights: how many of the population a respondent stands for; read, checked, and what they cost."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from crmresearch.data.survey.codebook import Codebook
from crmresearch.data.survey.columns import LISTED, count_of, name_cells, name_rows, number_of
from crmresearch.errors import EstimationError

Floats = NDArray[np.float64]


def read_weights(cells: pd.Series, codebook: Codebook, listed: int = LISTED) -> tuple[pd.Series, list[str]]:
    """The weights of the respondents as they stand in the file, and a sentence on each kind of cell that is none.

    A weight is a number above 0. `listed`: how many cells a sentence names.
    """
    name, rows = cells.name, len(cells)
    missing = (cells == "") | cells.isin([code for code in codebook.missing_codes if isinstance(code, str)])
    numbers = cells.map({text: number_of(text) for text in cells.unique()}).astype("float64")
    wrong = ~missing & ~np.isfinite(numbers)
    below = ~missing & (numbers <= 0) & ~wrong
    problems = []
    if missing.any():
        problems.append(
            f"Column {name} has no weight in {missing.sum():,} of {count_of(rows, 'row')}: "
            f"{name_rows(cells.index[missing], listed)}. Fill the weights in, leave these respondents out of the file, "
            "or remove `weight` from the codebook."
        )
    if wrong.any():
        are = "is" if wrong.sum() == 1 else "are"
        problems.append(
            f"Column {name} has {count_of(wrong.sum(), 'weight')} that {are} not a number: "
            f"{name_cells(cells[wrong], listed)}. Write numbers above 0 with a decimal point, or remove `weight` from "
            "the codebook if the column holds no weights."
        )
    if below.any():
        are = "is" if below.sum() == 1 else "are"
        problems.append(
            f"Column {name} has {count_of(below.sum(), 'weight')} that {are} not above 0: "
            f"{name_cells(cells[below], listed)}. Who stands for nobody is left out of the file: delete the row, or "
            "mend the weight."
        )
    return numbers, problems


def to_mean_one(weights: pd.Series) -> pd.Series:
    """The weights divided by their mean: they add up to the number of respondents, and only their ratios matter."""
    return weights / weights.mean()


def effective_size(weights: pd.Series | Floats) -> float:
    """How many respondents of equal weight say as much about a mean as these: (Σw)² / Σw², at most n.

    n divided by it is the design effect of weighting, 1 + the squared coefficient of variation of the weights.
    Source: Kish (1965), Survey Sampling, section 11.7; Kish (1992), Journal of Official Statistics 8, 183–200.
    Checked against its identity with the design effect.

    >>> import numpy as np
    >>> effective_size(np.array([1.0, 1.0, 2.0]))  # 4² / 6
    2.6666666666666665
    """
    w = np.asarray(weights, dtype=np.float64)
    return float(w.sum() ** 2 / (w**2).sum())


def weights_of(items: pd.DataFrame, weights: pd.Series | Sequence[float] | Floats | None) -> Floats | None:
    """A weight for every row of `items`, of mean 1; None for none.

    A Series is matched by its labels, anything else by position. Raises EstimationError for a row without a weight, and
    weights that are not numbers above 0.
    """
    if weights is None:
        return None
    if isinstance(weights, pd.Series) and not weights.index.equals(items.index):
        if weights.index.has_duplicates:
            raise EstimationError(
                "Several weights have one label and cannot be matched with the answers; give every row a label "
                "of its own (reset_index)."
            )
        weights = weights.reindex(items.index)
    try:
        w = np.asarray(weights, dtype=np.float64)
    except (TypeError, ValueError):
        raise EstimationError("The weights are not all numbers; give every row a number above 0.") from None
    if w.shape != (len(items),):
        raise EstimationError(f"There are {w.size:,} weights for {len(items):,} rows; give every row one.")
    if wrong := np.flatnonzero(~(np.isfinite(w) & (w > 0))).tolist():
        raise EstimationError(
            f"{len(wrong):,} of {len(w):,} rows have no weight above 0, the first of them row "
            f"{items.index[wrong[0]]} ({w[wrong[0]]:g}); give every row a number above 0, or leave these rows out."
        )
    return np.asarray(w / w.mean(), dtype=np.float64)


def means_and_deviations(answers: pd.DataFrame, weights: pd.Series | None) -> pd.DataFrame:
    """Mean and standard deviation (divisor n − 1) of every item over those who answered it, weighted where weights are.

    The weighted variance is Σw(x − x̄)² / Σw · n/(n − 1), with n answers. Rows: items; columns: mean, sd.
    """
    if weights is None:
        return pd.DataFrame({"mean": answers.mean(), "sd": answers.std()})
    w = answers.notna().mul(weights.reindex(answers.index), axis=0)
    w = w / w.sum()
    mean = (w * answers).sum()
    n = answers.notna().sum()
    return pd.DataFrame({"mean": mean, "sd": np.sqrt((w * (answers - mean) ** 2).sum() * n / (n - 1))})
