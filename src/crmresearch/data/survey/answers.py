"""How the questions were answered: distributions, holes, and respondents who gave one answer to everything.

Arrays X are (n, p), respondents by items, NaN where there is no answer; frames are the same with the items as columns.
Nothing here changes an answer or leaves a respondent out: the numbers say where to look.
"""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from crmresearch.errors import DataError, ParameterError

Floats = NDArray[np.float64]


def standard_deviations(X: Floats) -> Floats:
    """Standard deviation (p,) of the answers to every item, divisor n − 1; NaN with fewer than two answers."""
    count = (~np.isnan(X)).sum(axis=0)
    return np.sqrt(_ratio(np.nansum(_deviations(X) ** 2, axis=0), count - 1, count > 1))


def skewness(X: Floats) -> Floats:
    """Skewness (p,) of the answers to every item; 0 for a symmetric distribution, negative with a tail to the left.

        G₁ = g₁ √(n(n − 1)) / (n − 2),   g₁ = m₃ / m₂^(3/2),   m_k = Σ(x − x̄)^k / n

    the adjusted coefficient of SAS, SPSS and Excel (Joanes & Gill 1998, The Statistician 47, 183–189; their type 2).
    NaN with fewer than three answers or no variance. Checked against R psych, describe(type = 2), to 11 digits.
    """
    count, m2, m3, _ = _moments(X)
    return _ratio(m3, m2**1.5, (m2 > 0) & (count > 2)) * _ratio(
        np.sqrt(count * np.maximum(count - 1, 0)), count - 2, count > 2
    )


def excess_kurtosis(X: Floats) -> Floats:
    """Kurtosis (p,) of the answers to every item above the normal distribution's, which has 0.

        G₂ = (n − 1) / ((n − 2)(n − 3)) · ((n + 1) g₂ + 6),   g₂ = m₄ / m₂² − 3

    the adjusted coefficient of SAS, SPSS and Excel (Joanes & Gill 1998, The Statistician 47, 183–189; their type 2).
    NaN with fewer than four answers or no variance. Checked against R psych, describe(type = 2), to 11 digits.
    """
    count, m2, _, m4 = _moments(X)
    defined = (m2 > 0) & (count > 3)
    g2 = _ratio(m4, m2**2, defined) - 3
    return _ratio(count - 1, (count - 2) * (count - 3), defined) * ((count + 1) * g2 + 6)


def item_rest_correlations(X: Floats) -> Floats:
    """Correlation (p,) of every item with the mean of the other items of X, over the rows that answered all of them.

    r_j = corr(x_j, Σ_{k≠j} x_k / (p − 1)), the corrected item–total correlation (Nunnally 1978, Psychometric Theory):
    the item is no part of what it is compared with. Items are taken as they are, so reversed ones must be turned
    before. NaN for a single item, fewer than three complete rows, and where the item or the mean of the others has no
    variance. Checked against r.drop of R psych's alpha to 11 digits.
    """
    complete = X[~np.isnan(X).any(axis=1)]
    p = X.shape[1]
    if p < 2 or len(complete) < 3:
        return np.full(p, np.nan)
    rest = (complete.sum(axis=1, keepdims=True) - complete) / (p - 1)
    varies = (np.ptp(complete, axis=0) > 0) & (np.ptp(rest, axis=0) > 1e-12 * np.abs(rest).max(axis=0))
    x, y = _deviations(complete), _deviations(rest)
    return _ratio((x * y).sum(axis=0), np.sqrt((x**2).sum(axis=0) * (y**2).sum(axis=0)), varies)


def longest_runs(X: Floats) -> NDArray[np.intp]:
    """Longest run (n,) of one and the same answer to questions that follow one another (long string, Johnson 2005).

    The columns must be in the order of the questionnaire. A missing answer ends a run; 0 without any answer.
    Source: Johnson (2005), Journal of Research in Personality 39, 103–129. Checked against runs counted one by one.
    """
    longest = np.zeros(len(X), dtype=np.intp)
    run = np.zeros(len(X), dtype=np.intp)
    for j in range(X.shape[1]):
        same = X[:, j] == X[:, j - 1] if j else np.zeros(len(X), dtype=bool)
        run = np.where(np.isnan(X[:, j]), 0, np.where(same, run + 1, 1))
        longest = np.maximum(longest, run)
    return longest


def response_distributions(
    items: pd.DataFrame, bounds: pd.DataFrame, constructs: Mapping[str, Sequence[str]] | None = None
) -> pd.DataFrame:
    """How every item was answered, one row an item in the order of `items`.

    items: answers in the units of the scale, NaN where missing. bounds: index of item names, columns min and max, the
    ends of the scale in the codebook. constructs: the items of every construct, each item in one of them at most.

    Columns: item; answers and missing (counts of rows); mean, sd (divisor n − 1), in scale units; skewness and
    kurtosis (excess) as `skewness` and `excess_kurtosis` define them; floor and ceiling, shares 0–1 of the answers at
    the lowest and highest point of the scale; distinct, how many different answers were given; item_rest, the
    correlation of `item_rest_correlations` within the construct, NaN for an item of none. Numbers are NaN where they
    are not defined: no answer, too few, or one and the same from everybody.

    Raises ParameterError for an item without bounds, a construct with an item that is not among the columns and an
    item in two constructs, DataError for answers outside the scale.

    >>> import pandas as pd
    >>> items = pd.DataFrame({"a": [1.0, 5, 5, None], "b": [2.0, 4, 5, 3]})
    >>> bounds = pd.DataFrame({"min": [1, 1], "max": [5, 5]}, index=["a", "b"])
    >>> table = response_distributions(items, bounds, {"quality": ["a", "b"]})
    >>> table[["item", "answers", "missing", "distinct"]].values.tolist()
    [['a', 3, 1, 2], ['b', 4, 0, 4]]
    >>> table["ceiling"].round(3).tolist()
    [0.667, 0.25]
    """
    X = _numbers(items)
    lowest, highest = _scale(items, bounds, X)
    answered = ~np.isnan(X)
    count = answered.sum(axis=0)
    return pd.DataFrame(
        {
            "item": items.columns.astype(str),
            "answers": count,
            "missing": len(X) - count,
            "mean": _ratio(np.nansum(X, axis=0), count, count > 0),
            "sd": standard_deviations(X),
            "skewness": skewness(X),
            "kurtosis": excess_kurtosis(X),
            "floor": _ratio((lowest == X).sum(axis=0), count, count > 0),
            "ceiling": _ratio((highest == X).sum(axis=0), count, count > 0),
            "distinct": items.nunique().to_numpy(),
            "item_rest": _within_constructs(items, X, constructs or {}),
        }
    )


def missing_answer_patterns(items: pd.DataFrame) -> pd.DataFrame:
    """Which items are missing together, one row a pattern, that of most rows first.

    Columns: missing_items, a tuple of names (empty for complete rows); missing, how many; rows; share of all rows, 0–1.
    No row when `items` has none. Checked by counts: the rows add up to those of `items`, and by item to its holes.

    >>> import pandas as pd
    >>> patterns = missing_answer_patterns(pd.DataFrame({"a": [1.0, 2, None], "b": [2.0, 4, None]}))
    >>> patterns[["missing_items", "rows"]].values.tolist()
    [[(), 2], [('a', 'b'), 1]]
    """
    names = np.asarray(items.columns.astype(str))
    holes, counts = np.unique(items.isna().to_numpy(), axis=0, return_counts=True)
    order = np.lexsort((holes.sum(axis=1), -counts))
    return pd.DataFrame(
        {
            "missing_items": pd.Series([tuple(names[holes[i]].tolist()) for i in order], dtype=object),
            "missing": holes.sum(axis=1)[order],
            "rows": counts[order],
            "share": counts[order] / max(len(items), 1),
        }
    )


def straight_lining(items: pd.DataFrame) -> pd.DataFrame:
    """How little every respondent's answers differ, one row a respondent with the row labels of `items`.

    Give the items in the order of the questionnaire and as they were asked, reversed ones not turned: an attentive
    respondent cannot give one answer to a statement and its opposite.

    Columns: answers (count); longest_run as in `longest_runs`; sd, the standard deviation (divisor n − 1, in scale
    units) over the items the respondent answered, NaN with fewer than two (intra-individual response variability,
    Dunn, Heggestad, Shanock & Theilgard 2018, Journal of Business and Psychology 33, 105–121); same, True where at
    least two answers were given and all are the same. Checked against respondents counted one by one.

    >>> import pandas as pd
    >>> items = pd.DataFrame({"a": [4.0, 1, 2], "b": [4.0, 2, None], "c": [4.0, 2, 2]})
    >>> straight_lining(items)[["answers", "longest_run", "same"]].values.tolist()
    [[3, 3, True], [3, 2, False], [2, 1, True]]
    """
    X = _numbers(items)
    count = (~np.isnan(X)).sum(axis=1)
    distinct = items.nunique(axis=1).to_numpy()
    return pd.DataFrame(
        {
            "answers": count,
            "longest_run": longest_runs(X),
            "sd": standard_deviations(X.T),
            "same": (count > 1) & (distinct == 1),
        },
        index=items.index,
    )


def straight_lining_share(respondents: pd.DataFrame) -> float:
    """Share (0–1) with one and the same answer throughout, of those with two answers or more; NaN where none has.

    respondents: the table of `straight_lining`.

    >>> import pandas as pd
    >>> straight_lining_share(straight_lining(pd.DataFrame({"a": [4.0, 1], "b": [4.0, 2]})))
    0.5
    """
    judged = respondents["answers"] > 1
    return float(respondents["same"].sum() / judged.sum()) if judged.any() else float("nan")


def _ratio(above: object, below: object, defined: NDArray[np.bool_]) -> Floats:
    """above / below, NaN where it is not defined, without a warning about divisions that are not wanted."""
    above, below = np.asarray(above, dtype=np.float64), np.asarray(below, dtype=np.float64)
    return np.divide(above, below, out=np.full(defined.shape, np.nan), where=defined)


def _deviations(X: Floats) -> Floats:
    count = (~np.isnan(X)).sum(axis=0)
    deviations = X - _ratio(np.nansum(X, axis=0), count, count > 0)
    # a mean that rounds would leave a constant item a variance
    return np.where(
        np.fmax.reduce(X, axis=0, initial=-np.inf) == np.fmin.reduce(X, axis=0, initial=np.inf),
        deviations * 0.0,
        deviations,
    )


def _moments(X: Floats) -> tuple[NDArray[np.intp], Floats, Floats, Floats]:
    count = (~np.isnan(X)).sum(axis=0)
    d = _deviations(X)
    m2, m3, m4 = (np.nansum(d**k, axis=0) / np.maximum(count, 1) for k in (2, 3, 4))
    return count, m2, m3, m4


def _numbers(items: pd.DataFrame) -> Floats:
    return items.to_numpy(dtype=np.float64, na_value=np.nan)


def _scale(items: pd.DataFrame, bounds: pd.DataFrame, X: Floats) -> tuple[Floats, Floats]:
    if without := [str(name) for name in items.columns if name not in bounds.index]:
        raise ParameterError(
            f"No lowest and highest answer is given for {', '.join(without)}; add a row to the bounds."
        )
    scale = bounds.loc[list(items.columns)]
    lowest, highest = scale["min"].to_numpy(dtype=np.float64), scale["max"].to_numpy(dtype=np.float64)
    outside = (np.less(X, lowest) | np.greater(X, highest)).sum(axis=0)
    if outside.any():
        problems = [
            f"{name}: {number} of {len(X)} answers lie outside {low:g} to {high:g}"
            for name, number, low, high in zip(items.columns, outside, lowest, highest, strict=True)
            if number
        ]
        raise DataError("Answers outside the scale of their item; a code for a missing answer, perhaps:", problems)
    return lowest, highest


def _within_constructs(items: pd.DataFrame, X: Floats, constructs: Mapping[str, Sequence[str]]) -> Floats:
    position = {name: j for j, name in enumerate(items.columns)}
    correlations = np.full(X.shape[1], np.nan)
    owner: dict[str, str] = {}
    for construct, names in constructs.items():
        for name in names:
            if name not in position:
                raise ParameterError(f"{construct} has the item {name!r}, which is not among the answers.")
            if name in owner:
                raise ParameterError(f"{name!r} is an item of {owner[name]} and of {construct}; keep one.")
            owner[name] = construct
        columns = [position[name] for name in names]
        correlations[columns] = item_rest_correlations(X[:, columns])
    return correlations
