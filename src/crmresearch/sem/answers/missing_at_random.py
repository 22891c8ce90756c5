"""Are the answers missing completely at random? Little's test compares the means of rows with different holes."""

from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy.special import chdtrc

from crmresearch.sem.covariance.full_information import missing_patterns, units_of
from crmresearch.sem.covariance.likelihood.discrepancy import Pattern
from crmresearch.sem.covariance.likelihood.saturated import saturated_moments
from crmresearch.sem.pls.algorithm import Floats


class LittleTest(NamedTuple):
    """Little's χ² with degrees of freedom and p, over `patterns` of `rows` with an answer.

    Where there is nothing to test chi2 and p are NaN, df is 0, and `reason` says why; else it is None.
    """

    chi2: float
    df: int
    p: float
    patterns: int
    rows: int
    reason: str | None = None


def little_statistic(patterns: list[Pattern], means: Floats, covariances: Floats) -> tuple[float, int]:
    """d² and its degrees of freedom for patterns of rows, at means (p,) and covariances (p, p) of all rows.

        d² = Σ_j n_j (ȳ_j − μ_oj)' Σ_oj⁻¹ (ȳ_j − μ_oj),   df = Σ_j p_j − p

    over the patterns j, with n_j rows that answered the p_j items o_j with means ȳ_j.
    """
    statistic, answered = 0.0, 0
    for pattern in patterns:
        o = pattern.observed
        assert pattern.means is not None  # patterns of answers always have them
        d = pattern.means[0] - means[o]
        statistic += pattern.rows * float(d @ np.linalg.solve(covariances[np.ix_(o, o)], d))
        answered += len(o)
    return statistic, answered - len(means)


def little_test(items: pd.DataFrame) -> LittleTest:
    """Little's test that answers are missing completely at random: a small p says that they are not.

    Answers (n, p) in any units, NaN where missing; rows without any answer are left out. μ is the maximum likelihood
    estimate by EM, and Σ is that estimate times n/(n − 1), as Little has it. Programs that leave the factor out, such
    as R naniar and BaylorEdPsych, give d² larger by n/(n − 1). The test is of large samples and normal answers,
    compares means only, and says nothing about answers that go missing for reasons the survey did not ask about.

    NaN with a reason when no answer is missing, and when all rows with an answer have the same holes. Raises
    EstimationError where the covariances are not determined: an item nobody answered or with one and the same answer,
    two items never answered together, too few rows.

    Source: Little (1988), Journal of the American Statistical Association 83, 1198–1202. Checked against his identity
    d² = (n − 1)F/(n − 2 + F) for one item with holes next to a complete one, F of the analysis of variance; against
    an EM of plain loops over the rows; and by simulation, where p is uniform for answers missing completely at random.

    >>> import numpy as np, pandas as pd
    >>> X = np.random.default_rng(1).normal(size=(200, 2))
    >>> X[X[:, 0] > 1, 1] = np.nan  # those high in one item do not answer the other
    >>> test = little_test(pd.DataFrame(X, columns=["a", "b"]))
    >>> test.df, test.patterns, bool(test.p < 0.001)
    (1, 2, True)
    """
    X = (items / units_of(items)).to_numpy(dtype=np.float64, na_value=np.nan)
    patterns = missing_patterns(X)
    n = int(sum(pattern.rows for pattern in patterns))
    if not n:
        return _undefined(patterns, n, "There is no answer at all.")
    if not np.isnan(X).any():
        return _undefined(patterns, n, "No answer is missing.")
    if len(patterns) == 1:
        return _undefined(patterns, n, "All rows with an answer have the same holes: no rows to compare them with.")
    saturated = saturated_moments([str(name) for name in items.columns], patterns)
    statistic, df = little_statistic(patterns, saturated.means, saturated.covariances * n / (n - 1))
    return LittleTest(statistic, df, float(chdtrc(df, statistic)) if df else np.nan, len(patterns), n)


def _undefined(patterns: list[Pattern], n: int, reason: str) -> LittleTest:
    return LittleTest(float("nan"), 0, float("nan"), len(patterns), n, reason)
