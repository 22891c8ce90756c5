"""Whether segments can be used: a rule short enough to say, members who can be reached, a profit from targeting them.

Internal indices stand here too: they say how compact clusters are in their own space, and compare nothing beyond it.
"""

from collections.abc import Iterable
from contextlib import suppress

import numpy as np
import pandas as pd
from sklearn.compose import make_column_transformer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import calinski_harabasz_score, davies_bouldin_score, silhouette_score
from sklearn.model_selection import StratifiedKFold, cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from sklearn.tree import DecisionTreeClassifier
from threadpoolctl import threadpool_limits

from crmresearch.data.margins import Margins, as_margins
from crmresearch.resampling import bootstrap_counts
from crmresearch.segmentation.contract import Floats, SegmentationError
from crmresearch.segmentation.scoring.evaluate import HOLDOUT
from crmresearch.segmentation.scoring.evaluation import Evaluation, interval
from crmresearch.segmentation.scoring.scores import gains


def rule_length(features: pd.DataFrame, segments: pd.Series, fidelity: float = 0.95, most: int = 64) -> pd.DataFrame:
    """Length of the rule in plain conditions that says who is in which segment, one row: method, leaves, fidelity.

    `leaves` is the smallest number of leaves of a decision tree on the numeric features that puts at least `fidelity`
    of these customers into their segment, NaN where `most` leaves do not; `fidelity` is what the tree reaches with
    that many leaves. The tree grows by the split that gains most (Gini), so a shorter rule may exist that it does not
    find. Features of the time after (holdout_…) are not used. The customers are those the tree learned from: this
    describes the segments, it does not predict.

    Raises SegmentationError where features have no numeric column or lack a customer of the segments.
    """
    numbers = features.select_dtypes(include=["number", "bool"])
    numbers = numbers[[column for column in numbers.columns if not str(column).startswith(HOLDOUT)]]
    if numbers.empty or not segments.index.isin(numbers.index).all():
        raise SegmentationError(f"The rule of {segments.name} needs numeric features for every one of its customers.")
    X = numbers.reindex(segments.index).to_numpy(dtype=float, na_value=np.nan)
    codes = pd.factorize(segments)[0]

    def reached(leaves: int) -> float:
        if leaves == 1:
            return float(np.bincount(codes).max() / len(codes))
        tree = DecisionTreeClassifier(max_leaf_nodes=leaves, random_state=0).fit(X, codes)
        return float((tree.predict(X) == codes).mean())

    # a tree of m leaves is the first m − 1 splits of every larger one, so fidelity only rises and can be bisected
    low, high, best = 1, most, reached(most)
    if best < fidelity:
        return pd.DataFrame({"method": [str(segments.name)], "leaves": [np.nan], "fidelity": [best]})
    while low < high:
        middle = (low + high) // 2
        found = reached(middle)
        low, high, best = (low, middle, found) if found >= fidelity else (middle + 1, high, best)
    return pd.DataFrame({"method": [str(segments.name)], "leaves": [float(high)], "fidelity": [best]})


def reachability(demographics: pd.DataFrame, segments: pd.Series, folds: int = 5, seed: int = 0) -> pd.DataFrame:
    """How well demographics tell the segments apart, one row: method, k, left_out, balanced_accuracy, error, chance.

    Multinomial logistic regression with balanced classes on the demographics (text and categories as indicators, a
    missing one as its own; numbers standardised, the median for missing ones and an indicator), predicted for
    customers of folds it has not seen. Balanced accuracy is the mean share of each segment's members recognised,
    1/k by `chance`; `error` its standard error √(Σ rₛ (1 − rₛ)/nₛ)/k. Left out are customers of whom nothing is known,
    for not being on record is no way to be reached, and segments with fewer known members than folds; `left_out` is the
    share of both in the customers.

    Raises SegmentationError where demographics lack a customer and where fewer than two segments remain.
    """
    if demographics.empty or not segments.index.isin(demographics.index).all():
        raise SegmentationError(f"Reachability of {segments.name} needs demographics of every one of its customers.")
    on_record = segments[demographics.reindex(segments.index).notna().any(axis=1)]
    counts = on_record.value_counts()
    kept = on_record[on_record.isin(counts.index[counts >= folds])]
    codes, keys = pd.factorize(kept, sort=True)
    if len(keys) < 2:
        raise SegmentationError(
            f"Fewer than two segments of {segments.name} have {folds} members on record; use fewer folds."
        )
    known = demographics.reindex(kept.index)
    known = known.loc[:, known.notna().any()]
    numeric = list(known.select_dtypes(include=["number"]).columns)
    texts = [column for column in known.columns if column not in numeric]
    known = known.assign(**{column: known[column].astype(object).where(known[column].notna(), "") for column in texts})
    known = known.assign(**{column: known[column].astype(str) for column in texts})
    known = known.assign(**{column: known[column].to_numpy(dtype=float, na_value=np.nan) for column in numeric})
    reader = make_column_transformer(
        (OneHotEncoder(handle_unknown="ignore"), texts),
        (make_pipeline(SimpleImputer(strategy="median", add_indicator=True), StandardScaler()), numeric),
    )
    learner = make_pipeline(reader, LogisticRegression(class_weight="balanced", max_iter=1000))
    dealt = StratifiedKFold(folds, shuffle=True, random_state=seed)
    with threadpool_limits(1):
        guessed = cross_val_predict(learner, known, codes, cv=dealt)
    members = np.bincount(codes)
    recognised = np.bincount(codes, guessed == codes) / members
    error = np.sqrt((recognised * (1 - recognised) / members).sum()) / len(keys)
    row = (str(segments.name), len(keys), 1 - len(kept) / len(segments), recognised.mean(), error, 1 / len(keys))
    return pd.DataFrame([row], columns=["method", "k", "left_out", "balanced_accuracy", "error", "chance"])


MONEY = ["profit", "targeted", "everybody", "gained", "ci_lower", "ci_upper"]


def targeting(
    evaluation: Evaluation, spend: pd.Series, margin: float | Margins, cost: float, top: float = 0.2
) -> pd.DataFrame:
    """Profit of contacting some customers against contacting everybody, a row a method, the most profit first.

    `spend`: of every customer after the cut-off, less than 0 counting as 0; `margin` of a unit of spend, `cost` of a
    contact. Columns: method; captured, profit: the share of the spend held by the share `top` of the customers that the
    method ranks first, and margin × that spend − cost × those customers; contacted, targeted: the share of the
    customers of whom the cost or more is expected (margin × cross-fitted expected spend ≥ cost), and the profit of
    contacting these; everybody: that of contacting all; gained (targeted − everybody) with ci_lower and ci_upper,
    the middle 95 % of resamples of the customers with the decisions held. Where margins differ by what was bought,
    what is expected is that spend at the customer's own margin, by which customers are ranked, and what came is what
    the lines after the cut-off left. A customer's decision rests on other customers only and no share is picked
    afterwards, so that what is gained is no best of many. Spend counts as if the contact had caused all of it, which no
    observed spend can show. The money of a scored sample is raised to all.

    Raises SegmentationError for a `top` outside 0 to 1.
    """
    if not 0 <= top <= 1:
        raise SegmentationError(f"The share of customers to contact is a number from 0 to 1, such as 0.2, not {top}.")
    expected = evaluation.expected[[name for name in evaluation.expected if ":" not in name]]  # none carried over
    held = evaluation.gains.assign(captured=evaluation.gains["captured"].fillna(0.0)).groupby("method", sort=False)
    captured = {name: np.interp(top, [0.0, *part["share"]], [0.0, *part["captured"]]) for name, part in held}
    margins, values = as_margins(margin), expected.to_numpy()
    spent = np.maximum(spend.reindex(expected.index).to_numpy(dtype=float), 0)
    if not isinstance(margins.each, pd.Series):
        left, worth = margins.each * spent, margins.each * values
        first = {name: left.sum() * share for name, share in captured.items()}
    else:
        assert margins.after is not None, "margins of a table without a holdout"
        left = np.maximum(margins.after.reindex(expected.index).to_numpy(dtype=float), 0)
        worth = margins.each.reindex(expected.index).to_numpy(dtype=float)[:, None] * values
        ranked = dict(zip(expected, worth.T, strict=True))
        captured, of_left = (
            {name: float(gains(by, what, np.zeros(len(left), dtype=np.intp), [top])[0]) for name, by in ranked.items()}
            for what in (spent, left)
        )
        first = {name: left.sum() * share for name, share in of_left.items()}
    n, whole, each = len(left), left.sum() - cost * len(left), len(spend) / len(left)  # customers one stands for
    reached = worth >= cost
    spared = np.where(reached, 0.0, (cost - left)[:, None])  # what leaving a customer out brings
    drawn = [counts @ spared for counts in bootstrap_counts(n, evaluation.resamples, evaluation.seed)]
    lower, upper = interval(np.concatenate(drawn).T)
    table = pd.DataFrame({"method": expected.columns, "captured": [captured[name] for name in expected]})
    table["profit"] = [first[name] - cost * top * n for name in expected]
    table["contacted"], table["targeted"] = reached.mean(axis=0), whole + spared.sum(axis=0)
    table = table.assign(everybody=whole, gained=spared.sum(axis=0), ci_lower=lower, ci_upper=upper)
    table[MONEY] *= each
    return table.sort_values("targeted", ascending=False, kind="stable", ignore_index=True)


def reached(demographics: pd.DataFrame, segments: Iterable[pd.Series], seed: int = 0) -> pd.DataFrame:
    """Whether demographics tell the segments of each method apart, of customers of whom any is known.

    Columns method, k, left_out, balanced_accuracy, error, chance as `reachability`, and told: beyond chance by more
    than 2 standard errors. A method too few of whose members are on record has no row.
    """
    rows = []
    for one in segments:
        with suppress(SegmentationError):  # too few of its members are on record
            rows.append(reachability(demographics, one, seed=seed))
    columns = ["method", "k", "left_out", "balanced_accuracy", "error", "chance"]
    table = pd.concat(rows, ignore_index=True) if rows else pd.DataFrame(columns=columns)
    return table.assign(told=table["balanced_accuracy"] - 2 * table["error"] > table["chance"])[[*columns, "told"]]


def internal_indices(X: Floats, segments: pd.Series, seed: int = 0, sample: int = 2000) -> pd.DataFrame:
    """How compact segments are in X (n, p): method, k, silhouette, calinski_harabasz, davies_bouldin; one row.

    X is the space in which the clusters were found (standardised, logged). The numbers compare clusters of one family
    in one space; of two spaces or two families they say nothing. silhouette (Rousseeuw, 1987; −1 to 1) is on a seeded
    `sample`, its cost grows with the square of customers; Calinski & Harabasz (1974) is better high, Davies & Bouldin
    (1979) low. NaN for one segment.
    """
    codes, keys = pd.factorize(segments)
    names = ["silhouette", "calinski_harabasz", "davies_bouldin"]
    values = [np.nan] * 3
    if 1 < len(keys) < len(codes):
        rng = np.random.default_rng(seed)
        some = rng.choice(len(codes), sample, replace=False) if len(codes) > sample else np.arange(len(codes))
        with threadpool_limits(1):
            apart = 1 < len(np.unique(codes[some])) < len(some)
            silhouette = silhouette_score(X[some], codes[some]) if apart else np.nan
            values = [silhouette, calinski_harabasz_score(X, codes), davies_bouldin_score(X, codes)]
    row = {"method": str(segments.name), "k": len(keys), **dict(zip(names, map(float, values), strict=True))}
    return pd.DataFrame([row])
