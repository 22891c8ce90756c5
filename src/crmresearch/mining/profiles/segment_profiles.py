"""Segments described: how far the customers of each differ from all others, in standardised differences told by tests.

Numbers by Hedges' g (Hedges 1981), (x̄₁ − x̄₂)/s times J = 1 − 3/(4 df − 1), s pooled, df = n₁ + n₂ − 2; its variance
by the delta method with a variance of its own in each group (as Bonett 2008, whose s is another),

    v = J² [(s₁²/(n₁ − 1) + s₂²/(n₂ − 1))/s² + d² ((n₁ − 1) s₁⁴ + (n₂ − 1) s₂⁴)/(2 df² s⁴)],

or with 1/n₁ + 1/n₂ in the place of the first term, as Hedges & Olkin (1985) have it for equal variances, where that is
larger; p is likewise the larger of Welch's (1947) and Student's: a small segment whose values happen to be alike has a
variance too small to be believed. Shares by Cohen's h = 2 asin √p₁ − 2 asin √p₂ (Cohen 1988), variance 1/n₁ + 1/n₂, and
their test by Fisher.
"""

from collections.abc import Collection

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import stdtr
from scipy.stats import chi2_contingency, fisher_exact, norm, skew

from crmresearch.caution import SMALL_NUMBER
from crmresearch.errors import ParameterError
from crmresearch.ranks import holm

Floats = NDArray[np.float64]
LEVEL = 0.05  # of the intervals and, adjusted for all comparisons, of what is told
MOST_LEVELS = 6  # of a category that are compared: the most frequent
SKEWED = (
    1.0  # skewness from which a number without negative values is compared as log(1 + x), where that is less skewed
)
COLUMNS = ["segment", "feature", "level", "scale", "customers", "others", "typical", "typical_others", "difference"]
COLUMNS += ["ci_lower", "ci_upper", "p", "told"]


def hedges_g(x: Floats, y: Floats) -> tuple[float, float, float, float]:
    """Hedges' g of x (n₁,) over y (n₂,), its 95 % interval, and p of equal means (of Welch or Student, the larger).

    All NaN where one of them has fewer than two values, or both are constant.

    >>> [round(number, 3) for number in hedges_g(np.array([1.0, 2.0, 3.0]), np.array([2.0, 4.0, 6.0]))]
    [-1.012, -2.78, 0.756, 0.221]
    """
    n, m = len(x), len(y)
    if min(n, m) < 2 or (np.ptp(x) == 0 and np.ptp(y) == 0):
        return (np.nan,) * 4
    df, a, b = n + m - 2, float(np.var(x, ddof=1)), float(np.var(y, ddof=1))
    pooled = ((n - 1) * a + (m - 1) * b) / df
    d, correction = float((x.mean() - y.mean()) / np.sqrt(pooled)), 1 - 3 / (4 * df - 1)
    of_means = max((a / (n - 1) + b / (m - 1)) / pooled, 1 / n + 1 / m)
    of_spread = d**2 * ((n - 1) * a**2 + (m - 1) * b**2) / (2 * (df * pooled) ** 2)
    g, reach = correction * d, float(norm.isf(LEVEL / 2) * correction * np.sqrt(of_means + of_spread))
    of_each, gap = (a / n, b / m), abs(float(x.mean() - y.mean()))
    welch = _p(gap / np.sqrt(sum(of_each)), sum(of_each) ** 2 / (of_each[0] ** 2 / (n - 1) + of_each[1] ** 2 / (m - 1)))
    return g, g - reach, g + reach, max(welch, _p(gap / np.sqrt(pooled * (1 / n + 1 / m)), df))


def _p(t: float, df: float) -> float:
    """Two-sided p of Student's t."""
    return float(2 * stdtr(df, -t))


def cohens_h(has: int, n: int, others_have: int, m: int) -> tuple[float, float, float, float]:
    """Cohen's h of a share has/n over another, its 95 % interval, and p of equal shares by Fisher's exact test.

    >>> [round(number, 3) for number in cohens_h(30, 100, 50, 100)]
    [-0.412, -0.689, -0.134, 0.006]
    """
    h = float(2 * np.arcsin(np.sqrt(has / n)) - 2 * np.arcsin(np.sqrt(others_have / m)))
    reach = float(norm.isf(LEVEL / 2) * np.sqrt(1 / n + 1 / m))
    p = float(fisher_exact([[has, n - has], [others_have, m - others_have]]).pvalue)
    return h, h - reach, h + reach, p


def cramers_v(codes: NDArray[np.intp], segments: NDArray[np.intp]) -> tuple[float, float]:
    """Cramér's V of two codings (n,) of the same customers, freed of its bias, and p of χ² of independence.

    Ṽ² = max(0, φ² − (r − 1)(c − 1)/(n − 1)) / (min(r̃, c̃) − 1), r̃ = r − (r − 1)²/(n − 1) (Bergsma 2013). NaN where a
    coding is constant.

    >>> tuple(round(number, 3) for number in cramers_v(np.repeat([0, 1], 50), np.repeat([0, 1, 0, 1], 25)))
    (0.0, 1.0)
    """
    table = pd.crosstab(codes, segments).to_numpy()
    (r, c), n = table.shape, table.sum()
    if min(r, c) < 2:
        return np.nan, np.nan
    found = chi2_contingency(table, correction=False)
    phi2 = max(0.0, found.statistic / n - (r - 1) * (c - 1) / (n - 1))
    smaller = min(r - (r - 1) ** 2 / (n - 1), c - (c - 1) ** 2 / (n - 1)) - 1
    return float(np.sqrt(phi2 / smaller)), float(found.pvalue)


def segment_profiles(
    features: pd.DataFrame,
    segments: pd.Series,
    *,
    untested: Collection[str] = (),
    fewest: int = SMALL_NUMBER,
) -> pd.DataFrame:
    """How each segment differs from all other customers: a row a segment, feature and, of a category, level.

    `features`: customers × features, numbers (missing allowed) or categories (text, bool, category; of more than 6
    levels the 6 most frequent); `segments`: of the same customers, by the same index, missing for those in none.
    Columns segment, feature, level ("" of a number), scale (mean; log: of log(1 + x), where the number is skewed and no
    share; share),
    customers and others (with a value), typical and typical_others (mean; on the log scale e^mean − 1; share),
    difference (Hedges' g, or Cohen's h of shares) with ci_lower and ci_upper (95 %), p (Holm-adjusted over all rows),
    told (p < .05). Sorted by segment, largest difference first.

    Features named in `untested` define the segments, or follow from what does: they differ because the segments were
    made so, and have neither p nor told. A segment or its counterpart with fewer than `fewest` customers with a value
    is not compared, nor is a constant. Segments are taken as given. Raises ParameterError where no customer of the
    features has a segment. Hedges (1981), Bonett (2008), Cohen (1988), Holm (1979); formulas at the head of the module.
    Checked by hand, against scipy and statsmodels, and by the rate of false findings where nothing differs.

    >>> import crmresearch as crm
    >>> survey = crm.load_survey("staged_simulated")
    >>> found = crm.segment_profiles(survey.items[["SEARCH1", "BRAND1"]], survey.groups["CHANNEL"])
    >>> int(found["told"].sum())
    0
    """
    kept = segments.reindex(features.index).dropna().astype("category").cat.remove_unused_categories()
    if kept.empty:
        raise ParameterError("No customer of `features` has a segment; give both the same index.")
    table = differences(features, kept, fewest)
    p = holm(table["p"].where(~table["feature"].isin(list(untested))).to_numpy(dtype=np.float64))
    table = table.assign(p=p, told=p < LEVEL)
    place = table["segment"].map({key: i for i, key in enumerate(kept.cat.categories)}).astype(int)
    order = np.lexsort((-table["difference"].abs().to_numpy(), place.to_numpy()))
    return table.iloc[order].reset_index(drop=True)


def differences(features: pd.DataFrame, kept: pd.Series, fewest: int, only: object = None) -> pd.DataFrame:
    """The rows of `segment_profiles`, p not adjusted, of customers who all have a segment; of one segment if `only`."""
    told, keys = features.loc[kept.index], [*kept.cat.categories] if only is None else [only]
    inside = {key: (kept == key).to_numpy() for key in keys}
    rows: list[tuple[object, ...]] = []
    for name in features:
        values = told[name]
        known = values.notna().to_numpy()
        enough = {key: i for key, i in inside.items() if min((i & known).sum(), (~i & known).sum()) >= max(fewest, 2)}
        if is_category(values):
            for level in main_levels(values):
                has = (values == level).fillna(False).to_numpy(dtype=bool)
                if has.sum() < known.sum():
                    rows += [(key, name, str(level), "share", *_shares(has, i, known)) for key, i in enough.items()]
            continue
        numbers = values.to_numpy(dtype=np.float64)
        logged = is_skewed(numbers[known])
        scaled = np.log1p(numbers) if logged else numbers
        for key, i in enough.items():
            x, y = scaled[i & known], scaled[~i & known]
            typical = [float(np.expm1(part.mean()) if logged else part.mean()) for part in (x, y)]
            rows.append((key, name, "", "log" if logged else "mean", len(x), len(y), *typical, *hedges_g(x, y)))
    table = pd.DataFrame(rows, columns=COLUMNS[:-1])
    return table.dropna(subset=["difference"]).astype({"difference": float, "p": float}).reset_index(drop=True)


def associations(features: pd.DataFrame, segments: pd.Series, *, untested: Collection[str] = ()) -> pd.DataFrame:
    """How far each category goes with the segments as a whole: feature, customers, v (Cramér's), p (Holm), told.

    `features` and `segments` as in `segment_profiles`; rows by v, largest first. Levels beyond the 6 most frequent are
    one. χ² is not to be trusted where it expects few customers in many cells; see `cramers_v`.
    """
    rows = []
    for name in [name for name in features if is_category(features[name]) and name not in untested]:
        both = pd.DataFrame({"value": features[name], "segment": segments.reindex(features.index)}).dropna()
        main = main_levels(both["value"])
        codes = both["value"].map({level: i for i, level in enumerate(main)}).fillna(len(main)).to_numpy(dtype=np.intp)
        v, p = cramers_v(codes, both["segment"].astype("category").cat.codes.to_numpy()) if len(both) else (np.nan,) * 2
        rows.append((name, len(both), v, p))
    table = pd.DataFrame(rows, columns=["feature", "customers", "v", "p"]).dropna(subset=["v"])
    adjusted = holm(table["p"].to_numpy(dtype=np.float64))
    return table.assign(p=adjusted, told=adjusted < LEVEL).sort_values(
        "v", ascending=False, kind="stable", ignore_index=True
    )


def is_category(values: pd.Series) -> bool:
    """Whether a feature is compared by its levels: text, categories, yes or no."""
    return not pd.api.types.is_numeric_dtype(values) or pd.api.types.is_bool_dtype(values)


def main_levels(values: pd.Series, most: int = MOST_LEVELS) -> list[object]:
    """The `most` frequent values of a category, most frequent first, ties by the alphabet, or in the order it has."""
    counts = values.astype(object).value_counts()
    kept = sorted(counts.index, key=lambda level: (-counts[level], str(level)))[:most]
    if isinstance(values.dtype, pd.CategoricalDtype) and values.cat.ordered:
        return [level for level in values.cat.categories if level in kept]
    return kept


def is_skewed(values: Floats) -> bool:
    """Whether numbers (n,) are compared as log(1 + x): never negative, skewed, and less so on that scale.

    Never shares, from 0 to 1: those of customers who bought seldom are the more extreme, and a mean of logarithms would
    take that for a smaller share.
    """
    if len(values) < 3 or values.min() < 0 or values.max() <= 1 or np.ptp(values) == 0:
        return False
    raw = float(skew(values))
    return raw > SKEWED and abs(float(skew(np.log1p(values)))) < raw


def _shares(has: NDArray[np.bool_], inside: NDArray[np.bool_], known: NDArray[np.bool_]) -> tuple[object, ...]:
    n, m = int((inside & known).sum()), int((~inside & known).sum())
    a, b = int((has & inside).sum()), int((has & ~inside & known).sum())
    return n, m, a / n, b / m, *cohens_h(a, n, b, m)
