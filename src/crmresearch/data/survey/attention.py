"""How attentively each respondent answered: spread of the answers, agreement of what belongs together, halves.

Arrays X are (n, p), respondents by items on one scale, NaN where there is no answer. A low value is the careless one.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from crmresearch.data.survey.answers import Floats

Pairs = NDArray[np.intp]


def response_variability(X: Floats) -> Floats:
    """Intra-individual response variability (n,): the standard deviation (divisor m − 1) of a respondent's m answers.

    Low where one answer is given to nearly everything; items are taken as they were asked. NaN with fewer than two
    answers. Source: Dunn, Heggestad, Shanock & Theilgard (2018), Journal of Business and Psychology 33, 105–121; as
    `irv` of R careless.

    >>> response_variability(np.array([[1.0, 3, 5], [4, 4, 4]])).tolist()
    [2.0, 0.0]
    """
    m = (~np.isnan(X)).sum(axis=1)
    centred = X - (np.nansum(X, axis=1) / np.maximum(m, 1))[:, None]
    return np.sqrt(np.where(m > 1, np.nansum(centred**2, axis=1) / np.maximum(m - 1, 1), np.nan))


def synonyms(R: Floats, least: float = 0.6) -> Pairs:
    """Psychometric synonyms (k, 2): pairs of items, the later one first, that correlate above `least` in R (p, p)."""
    later, earlier = np.tril_indices(len(R), -1)
    close = R[later, earlier] > least
    return np.column_stack([later[close], earlier[close]])


def synonym_agreement(X: Floats, pairs: Pairs) -> Floats:
    """Correlation (n,) within each respondent, over pairs (k, 2) of synonyms, of the one answer with the other.

    High where what is alike is answered alike. Items point the same way. NaN with fewer than three pairs answered, and
    where one side of them does not vary. Sources: Meade & Craig (2012), Psychological Methods 17, 437–455; Curran
    (2016), Journal of Experimental Social Psychology 66, 4–19; as `psychsyn` of R careless.
    """
    return _row_correlations(X[:, pairs[:, 0]], X[:, pairs[:, 1]])


def even_odd(X: Floats, scales: Sequence[Sequence[int]]) -> Floats:
    """Even–odd consistency (n,): the correlation, over scales, of the means of their even and of their odd items.

    `scales`: the columns of the items of each, of two items at least (others are left out), pointing the same way. Of
    the correlation r the Spearman–Brown formula 2r/(1 + r) makes that of whole scales, −1 at least. NaN with fewer than
    three scales. Sources: as in `synonym_agreement`; as `evenodd` of R careless, which turns its sign.
    """
    halves = [(list(scale[1::2]), list(scale[::2])) for scale in scales if len(scale) > 1]
    if len(halves) < 3:
        return np.full(len(X), np.nan)
    even, odd = (np.column_stack([_means(X[:, half[side]]) for half in halves]) for side in (0, 1))
    r = _row_correlations(even, odd)
    return np.where(r <= -1 / 3, -1.0, 2 * r / np.where(r <= -1 / 3, 1.0, 1 + r))


def _means(X: Floats) -> Floats:
    answered = (~np.isnan(X)).sum(axis=1)
    return np.where(answered > 0, np.nansum(X, axis=1) / np.maximum(answered, 1), np.nan)


def _row_correlations(A: Floats, B: Floats) -> Floats:
    """Correlation (n,) of the rows of A (n, k) with those of B over what both have."""
    both = ~(np.isnan(A) | np.isnan(B))
    m = np.maximum(both.sum(axis=1), 1)
    centred = [np.where(both, M, 0.0) - (np.where(both, M, 0.0).sum(axis=1) / m)[:, None] for M in (A, B)]
    a, b = (np.where(both, M, 0.0) for M in centred)
    squares = (a**2).sum(axis=1) * (b**2).sum(axis=1)
    defined = (both.sum(axis=1) > 2) & (squares > 1e-18)
    r = (a * b).sum(axis=1) / np.sqrt(np.where(defined, squares, 1.0))
    return np.where(defined, np.clip(r, -1.0, 1.0), np.nan)
