"""What changed between two dates: customers who moved, segments that grew or shrank, features that shifted."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from crmresearch.segmentation.contract import Codes, Floats, SegmentationError, needed_columns, numeric
from crmresearch.segmentation.cuts import groups_above, quantile_cuts

FLOOR = 1e-4  # least share in the logarithm: an empty segment would cost infinity
WATCH, SHIFTED = 0.1, 0.25  # of the population stability index, a convention of credit scoring (Siddiqi, 2006)


def transition_matrix(before: pd.Series, after: pd.Series) -> pd.DataFrame:
    """Who went where, of the customers present at both dates: before, after, customers, share (of the row).

    One row for every two segments, also those between which nobody moved; share is NaN for a segment without anyone.
    Raises SegmentationError for a customer listed twice and where nobody is present at both dates.
    """
    first, second = _both(before, after)
    table = pd.crosstab(first, second, dropna=False).reindex(
        index=first.cat.categories, columns=second.cat.categories, fill_value=0
    )
    counts = table.to_numpy(dtype=float)
    number = counts.sum(axis=1, keepdims=True)
    share = np.divide(counts, number, out=np.full_like(counts, np.nan), where=number > 0)
    keys = [(str(a), str(b)) for a in table.index for b in table.columns]
    frame = pd.DataFrame(keys, columns=["before", "after"])
    return frame.assign(customers=counts.ravel().astype(int), share=share.ravel())


def share_moved(before: pd.Series, after: pd.Series) -> float:
    """Share of the customers present at both dates whose segment key changed."""
    first, second = _both(before, after)
    return float((first.astype(str).to_numpy() != second.astype(str).to_numpy()).mean())


def population_stability(before: pd.Series, after: pd.Series, floor: float = FLOOR) -> float:
    """Population stability index of the segment shares, PSI = Σ (b − a) ln(b / a): 0 if no share changed.

    a and b are the shares before and after, raised to `floor`; the customers need not be the same ones. It is the
    symmetric Kullback–Leibler divergence (Jeffreys). Of n and m customers from one unchanged population with k
    segments it is about (1/n + 1/m) χ² with k − 1 degrees of freedom (Yurdakul & Naranjo, 2020), so small tables
    show some drift by chance.
    """
    return float(stability_terms(before, after, floor)["term"].sum())


def stability_terms(before: pd.Series, after: pd.Series, floor: float = FLOOR) -> pd.DataFrame:
    """The terms of the index, segments in the order of their categories: segment, before and after (shares), term."""
    for which, segments in (("before", before), ("after", after)):
        if segments.empty or segments.isna().any():
            raise SegmentationError(f"Every customer needs a segment to measure drift; some have none {which}.")
    keys = list(dict.fromkeys([*_keys(before), *_keys(after)]))
    a, b = (_shares(segments, keys) for segments in (before, after))
    return pd.DataFrame({"segment": keys, "before": a, "after": b, "term": _psi_terms(a, b, floor)})


def feature_stability(
    before: pd.DataFrame, after: pd.DataFrame, columns: Sequence[str], groups: int = 10
) -> pd.DataFrame:
    """Population stability index of each feature: feature, groups, psi, missing_before, missing_after, verdict.

    The values before are cut into `groups` of about equal size, ties together; the cut points are frozen and cut the
    values after. Missing values are a group of their own, and so are values beyond a least or largest value that was as
    frequent as a whole group. Words are groups as they are. `groups` of the table counts those with anyone before.

    Raises SegmentationError for missing columns and text among numbers.
    """
    if groups < 2:
        raise SegmentationError(f"A feature is cut into at least 2 groups to measure drift; {groups} were asked for.")
    reader = "The drift of features"
    given = [needed_columns(frame, columns, reader) for frame in (before, after)]
    words = [name for name in dict.fromkeys(columns) if any(_is_words(table[name]) for table in given)]
    tables = [numeric(table.drop(columns=words), frozenset(columns), reader) for table in given]
    rows = []
    for column in dict.fromkeys(columns):
        if column in words:
            rows.append(_word_stability(column, *(table[column] for table in given)))
            continue
        old, new = (table[column].to_numpy() for table in tables)
        cuts = _frozen_cuts(old[~np.isnan(old)], groups)
        size = len(cuts) + 2
        a, b = (np.bincount(_grouped(values, cuts), minlength=size) / len(values) for values in (old, new))
        psi = float(_psi_terms(a, b, FLOOR).sum())
        rows.append((column, int((a > 0).sum()), psi, np.isnan(old).mean(), np.isnan(new).mean(), drift_verdict(psi)))
    return pd.DataFrame(rows, columns=["feature", "groups", "psi", "missing_before", "missing_after", "verdict"])


def _is_words(values: pd.Series) -> bool:
    return isinstance(values.dtype, pd.CategoricalDtype) or pd.api.types.is_string_dtype(values)


def _word_stability(column: str, before: pd.Series, after: pd.Series) -> tuple[str, int, float, float, float, str]:
    # missing is a group of its own, told apart from every word by its type
    old, new = ([None if pd.isna(value) else str(value) for value in values] for values in (before, after))
    groups = list(dict.fromkeys([*old, *new]))
    a, b = (np.array([values.count(group) for group in groups]) / len(values) for values in (old, new))
    psi = float(_psi_terms(a, b, FLOOR).sum())
    return column, int((a > 0).sum()), psi, before.isna().mean(), after.isna().mean(), drift_verdict(psi)


def stability(a: Floats, b: Floats, floor: float = FLOOR) -> Floats:
    """Population stability index of shares a against shares b (…, segments), as `population_stability`."""
    return _psi_terms(a, b, floor).sum(axis=-1)


def drift_verdict(psi: float) -> str:
    """`stable` below .1, `watch` up to .25, `shifted` above.

    The bounds are a convention of credit scoring (Siddiqi, 2006, Credit Risk Scorecards), not a test: they take no
    account of the number of customers.
    """
    return "stable" if psi < WATCH else "watch" if psi <= SHIFTED else "shifted"


def _psi_terms(a: Floats, b: Floats, floor: float) -> Floats:
    present = (a > 0) | (b > 0)  # a group that never had anyone says nothing
    a, b = np.maximum(a, floor), np.maximum(b, floor)
    return np.where(present, (b - a) * np.log(b / a), 0.0)


def _frozen_cuts(values: Floats, groups: int) -> Floats:
    if not len(values):
        return np.array([])
    cuts = np.unique(quantile_cuts(values, groups))
    least = values.min()
    # a column that was 0 for most would otherwise hide what falls below 0
    return np.concatenate([[np.nextafter(least, -np.inf)], cuts]) if cuts[0] == least else cuts


def _grouped(values: Floats, cuts: Floats) -> Codes:
    return np.where(np.isnan(values), len(cuts) + 1, groups_above(values, cuts))


def _keys(segments: pd.Series) -> list[str]:
    return [str(key) for key in segments.astype("category").cat.categories]


def _shares(segments: pd.Series, keys: list[str]) -> Floats:
    known = segments.astype("category").cat
    counts = np.bincount(known.codes, minlength=len(known.categories)) / len(segments)
    return pd.Series(counts, index=known.categories.astype(str)).reindex(keys, fill_value=0.0).to_numpy(dtype=float)


def _both(before: pd.Series, after: pd.Series) -> tuple[pd.Series, pd.Series]:
    for segments in (before, after):
        if segments.index.has_duplicates:
            twice = segments.index[segments.index.duplicated()][0]
            raise SegmentationError(f"Customer {twice} is listed twice; a segmentation has one segment a customer.")
    both = before.index.intersection(after.index, sort=False)
    if both.empty:
        raise SegmentationError("No customer is in both segmentations, so nobody can have moved between them.")
    return before.loc[both].astype("category"), after.loc[both].astype("category")
