"""Do the answers have the moments that factor and path models rely on: joint normality, and correlations to explain?

Arrays X are (n, p) without missing answers, R (p, p) are correlations. Frames may have holes: their complete rows
are used, and every result says how many those were.
"""

from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy.stats import chi2, norm

from crmresearch.errors import EstimationError
from crmresearch.sem.pls.algorithm import Floats

SINGULAR = 1e-10  # smallest eigenvalue of a correlation matrix that still has an inverse to six digits


class Mardia(NamedTuple):
    """Mardia's coefficients with their tests under normality.

    skewness b₁ with χ² and its p, and with the χ² corrected for small samples and its p, both of `df` degrees of
    freedom; kurtosis b₂, p(p + 2) of which are expected, with z and its two-sided p.
    """

    skewness: float
    chi2: float
    p_skewness: float
    small_sample_chi2: float
    p_small_sample: float
    df: int
    kurtosis: float
    z: float
    p_kurtosis: float


class Adequacy(NamedTuple):
    """Kaiser–Meyer–Olkin measure of all variables and of each (p,), 0–1; NaN where no variables correlate at all."""

    overall: float
    items: Floats


class Sphericity(NamedTuple):
    """Bartlett's χ², degrees of freedom p(p − 1)/2 and the probability of as large a χ² without any correlation."""

    chi2: float
    df: int
    p: float


class Factorability(NamedTuple):
    """What `factorability` found: measures of `adequacy`, a row an item (item, msa), overall, Bartlett's test, rows."""

    overall: float
    items: pd.DataFrame
    bartlett: Sphericity
    rows: int


def mardia(X: Floats, *, unbiased: bool = False) -> Mardia:
    """Mardia's multivariate skewness and kurtosis of X (n, p), with tests of what a normal distribution has.

    With d_rs = (x_r − x̄)' S⁻¹ (x_s − x̄) and S of divisor n,

        b₁ = Σ_rs d_rs³ / n²,   n b₁ / 6 ~ χ² of p(p + 1)(p + 2)/6 degrees of freedom
        b₂ = Σ_r d_rr² / n,     z = (b₂ − p(p + 2)) / √(8p(p + 2)/n) ~ N(0, 1)

    and for small samples n b₁ k / 6 with k = (p + 1)(n + 1)(n + 3) / (n((n + 1)(p + 1) − 6)). Sources: Mardia (1970),
    Biometrika 57, 519–530; Mardia (1974), Sankhyā B 36, 115–128.

    `unbiased` takes S with divisor n − 1 instead, as R psych's mardia does, which makes b₁ smaller by ((n − 1)/n)³ and
    b₂ by ((n − 1)/n)². Checked against psych that way to 10 digits, and with divisor n against these two factors.
    Raises EstimationError when S has no inverse: a constant or redundant variable, or not more rows than variables.

    >>> import numpy as np
    >>> normal = np.random.default_rng(1).normal(size=(500, 3))
    >>> found = mardia(normal)
    >>> found.df, bool(found.p_kurtosis > 0.05)
    (10, True)
    """
    n, p = X.shape
    R = correlations(X)
    Z = (X - X.mean(axis=0)) / X.std(axis=0, ddof=int(unbiased))
    Y = np.linalg.solve(np.linalg.cholesky(R), Z.T).T  # d_rs = y_r' y_s
    # Σ_rs (y_r' y_s)³ is the squared length of the third moments Σ_r y_r ⊗ y_r ⊗ y_r: no (n, n) matrix
    third = sum(part.T @ np.einsum("ni,nj->nij", part, part).reshape(len(part), -1) for part in _in_parts(Y))
    b1 = float((third**2).sum() / n**2)
    b2 = float(((Y**2).sum(axis=1) ** 2).sum() / n)
    k = (p + 1) * (n + 1) * (n + 3) / (n * ((n + 1) * (p + 1) - 6))
    statistic, df = n * b1 / 6, p * (p + 1) * (p + 2) // 6
    z = (b2 - p * (p + 2)) / np.sqrt(8 * p * (p + 2) / n)
    tails = [float(chi2.sf(value, df)) for value in (statistic, k * statistic)]
    return Mardia(b1, statistic, tails[0], k * statistic, tails[1], df, b2, float(z), float(2 * norm.sf(abs(z))))


def _in_parts(Y: Floats, rows: int = 10_000) -> list[Floats]:
    """The rows of Y in parts of a size whose products fit into memory."""
    return [Y[start : start + rows] for start in range(0, len(Y), rows)]


def sampling_adequacy(R: Floats) -> Adequacy:
    """Kaiser–Meyer–Olkin measure of correlations R (p, p): how much of them is shared by more than two variables.

    With the partial correlations q_jk = −r^jk / √(r^jj r^kk) given all other variables, r^jk from R⁻¹,

        MSA_j = Σ_{k≠j} r_jk² / (Σ_{k≠j} r_jk² + Σ_{k≠j} q_jk²),   KMO the same with sums over all pairs

    Kaiser (1974) calls values below 0.5 unacceptable and those above 0.8 meritorious. Sources: Kaiser (1970),
    Psychometrika 35, 401–415; Kaiser & Rice (1974), Educational and Psychological Measurement 34, 111–117. Checked
    against R psych's KMO to 11 digits. Raises EstimationError for fewer than two variables and for R without inverse.

    >>> import numpy as np
    >>> R = np.array([[1.0, 0.5, 0.5], [0.5, 1.0, 0.5], [0.5, 0.5, 1.0]])  # partial correlations of 1/3
    >>> round(sampling_adequacy(R).overall, 4)  # 0.25 / (0.25 + 1/9)
    0.6923
    """
    _require_inverse(R)
    inverse = np.linalg.inv(R)
    scale = np.sqrt(np.diag(inverse))
    different = ~np.eye(len(R), dtype=bool)
    r2 = np.where(different, R, 0.0) ** 2
    q2 = np.where(different, inverse / np.outer(scale, scale), 0.0) ** 2
    shared, total = r2.sum(axis=0), (r2 + q2).sum(axis=0)
    items = np.divide(shared, total, out=np.full(len(R), np.nan), where=total > 0)
    return Adequacy(float(shared.sum() / total.sum()) if total.any() else float("nan"), items)


def sphericity(R: Floats, n: int) -> Sphericity:
    """Bartlett's test that the correlations R (p, p) of n rows are those of variables that do not correlate.

        χ² = −(n − 1 − (2p + 5)/6) log|R|,   p(p − 1)/2 degrees of freedom

    Source: Bartlett (1951), Biometrika 38, 337–344. Checked against R psych's cortest.bartlett to 11 digits. It
    presumes normal answers and rejects nearly always in samples of survey size: what it says when it does not is worth
    more. Raises EstimationError for fewer than two variables, R without inverse, and n that leaves no factor above 0.

    >>> import numpy as np
    >>> test = sphericity(np.array([[1.0, 0.5], [0.5, 1.0]]), 50)  # −(49 − 1.5) log 0.75
    >>> round(test.chi2, 3), test.df
    (13.665, 1)
    """
    _require_inverse(R)
    p = len(R)
    factor = n - 1 - (2 * p + 5) / 6
    if factor <= 0:
        raise EstimationError(f"{n} rows are too few for Bartlett's test of {p} items; collect more answers.")
    statistic = -factor * np.linalg.slogdet(R)[1] + 0.0  # no −0 for R = I
    df = p * (p - 1) // 2
    return Sphericity(float(statistic), df, float(chi2.sf(statistic, df)))


def correlations(X: Floats) -> Floats:
    """Correlations (p, p) of X (n, p) without missing answers.

    Raises EstimationError when they have no inverse: not more rows than variables, a constant or redundant variable.
    """
    n, p = X.shape
    if n <= p:
        raise EstimationError(
            f"{n} complete rows are too few for the correlations of {p} items, which need {p + 1} at least; "
            "leave items out, or collect more answers."
        )
    constant = np.flatnonzero(np.ptp(X, axis=0) == 0)
    if len(constant):
        raise EstimationError(
            f"Item number {constant[0] + 1} has one and the same answer in all {n} complete rows. Leave it out."
        )
    R = np.corrcoef(X, rowvar=False).reshape(p, p)
    _require_inverse(R, fewest=1)
    return R


def normality(items: pd.DataFrame) -> pd.DataFrame:
    """Mardia's tests of joint normality, rows skewness, skewness (small sample) and kurtosis.

    Columns: test; coefficient (b₁ or b₂); expected, its value for normal answers in large samples; statistic, χ² or z;
    df, missing for z; p, a probability; rows, how many complete rows were used. Definitions, sources and checks as in
    `mardia`, with divisor n. Raises EstimationError, naming the item, where it is not defined.

    >>> import numpy as np, pandas as pd
    >>> items = pd.DataFrame(np.random.default_rng(1).normal(size=(500, 2)), columns=["a", "b"])
    >>> normality(items)[["test", "expected"]].values.tolist()
    [['skewness', 0.0], ['skewness (small sample)', 0.0], ['kurtosis', 8.0]]
    """
    X = _complete(items)
    p = X.shape[1]
    found = mardia(X)
    return pd.DataFrame(
        {
            "test": ["skewness", "skewness (small sample)", "kurtosis"],
            "coefficient": [found.skewness, found.skewness, found.kurtosis],
            "expected": [0.0, 0.0, float(p * (p + 2))],
            "statistic": [found.chi2, found.small_sample_chi2, found.z],
            "df": pd.array([found.df, found.df, None], dtype="Int64"),
            "p": [found.p_skewness, found.p_small_sample, found.p_kurtosis],
            "rows": len(X),
        }
    )


def factorability(items: pd.DataFrame) -> Factorability:
    """Whether the items correlate enough, and in common enough, for a factor model: KMO and Bartlett's test.

    Definitions, sources and checks as in `sampling_adequacy` and `sphericity`. Raises EstimationError, naming the
    item, where they are not defined.

    >>> import numpy as np, pandas as pd
    >>> common = np.random.default_rng(1).normal(size=(300, 1))
    >>> noise = np.random.default_rng(2).normal(size=(300, 3))
    >>> found = factorability(pd.DataFrame(common + noise, columns=["a", "b", "c"]))
    >>> found.bartlett.df, found.items["item"].tolist(), found.rows
    (3, ['a', 'b', 'c'], 300)
    """
    X = _complete(items)
    R = correlations(X)
    adequacy = sampling_adequacy(R)
    table = pd.DataFrame({"item": items.columns.astype(str), "msa": adequacy.items})
    return Factorability(adequacy.overall, table, sphericity(R, len(X)), len(X))


def _complete(items: pd.DataFrame) -> Floats:
    complete = items.dropna()
    constant = [str(name) for name, same in (complete.min() == complete.max()).items() if same]
    if len(complete) > 1 and constant:
        raise EstimationError(
            f"{', '.join(constant)} has one and the same answer in all {len(complete)} complete rows; leave it out."
        )
    return complete.to_numpy(dtype=np.float64)


def _require_inverse(R: Floats, fewest: int = 2) -> None:
    if len(R) < fewest:
        raise EstimationError("A single item has nothing to correlate with; give two items at least.")
    if not np.isfinite(R).all():
        raise EstimationError("Some correlations are not defined: an item has no variance. Leave it out.")
    if np.linalg.eigvalsh(R)[0] < SINGULAR:
        raise EstimationError(
            "The correlations have no inverse: an item is determined by the others, as a copy or a sum of them is. "
            "Leave it out."
        )
