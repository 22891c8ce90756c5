"""How segments of respondents differ: deviations of every item from everybody's mean, and how much is only level."""

import numpy as np
import pandas as pd

from crmresearch.segmentation.contract import Floats

BEHAVIOUR = ("recency", "frequency", "tenure", "monetary_mean", "monetary_total")


def deviations(answers: pd.DataFrame, segments: pd.Series) -> pd.DataFrame:
    """Mean of every item in every segment, in standard deviations from everybody's mean: (segments, items).

    Missing answers are left out item by item; an item that nobody of a segment answered is NaN.
    """
    standardised = (answers - answers.mean()) / answers.std(ddof=0)
    return standardised.groupby(segments, observed=True).mean()


def behaviour_deviations(customers: pd.DataFrame, segments: pd.Series) -> pd.DataFrame:
    """Mean of what customers did in every segment, in standard deviations from all of them: (segments, features).

    Features are recency, frequency, tenure, spend and spend of the last windows; counts and money are logged, and a
    feature in which nobody differs is left out.
    """
    frame = customers.select_dtypes("number")
    frame = frame[[column for column in frame if column in BEHAVIOUR or column.startswith("spend_last")]]
    logged = [column for column in frame if column.startswith(("frequency", "monetary", "spend"))]
    frame = frame.assign(**{column: np.log1p(frame[column].clip(lower=0)) for column in logged})
    return deviations(frame.loc[:, frame.std() > 0], segments)


def level_share(profile: pd.DataFrame, sizes: pd.Series) -> tuple[float, pd.Series]:
    """How much of what separates segments is only level, of all of them and of each: shares from 0 to 1.

    `profile` is that of `deviations`, `sizes` the members of each segment. With d_cj the deviation of item j in
    segment c, the variance between segments Σ_c n_c Σ_j d_cj² is the sum of Σ_c n_c p d̄_c², people who answer higher or
    lower on everything, and of what is left, a pattern of its own. Near 1 the segments may be no more than a habit of
    answering (Dolnicar, Grün & Leisch, 2018, section 5.3, on response styles).
    """
    values: Floats = profile.to_numpy()
    weights = sizes.reindex(profile.index).to_numpy(dtype=float)
    total = np.nansum(values**2, axis=1)
    level = np.isfinite(values).sum(axis=1) * np.nanmean(values, axis=1) ** 2
    each = pd.Series(np.divide(level, total, out=np.ones_like(level), where=total > 0), profile.index)
    everything = float(weights @ total)
    return float(weights @ level) / everything if everything > 0 else 1.0, each


def construct_deviations(profile: pd.DataFrame, constructs: dict[str, list[str]]) -> pd.DataFrame:
    """Mean deviation of the items of every construct: (segments, constructs)."""
    return pd.DataFrame({key: profile[items].mean(axis=1) for key, items in constructs.items()})


def shares_by_group(groups: pd.DataFrame, segments: pd.Series) -> pd.DataFrame:
    """Share of every segment among respondents of each value: variable, value, respondents, one column a segment."""
    rows = []
    for variable in groups.columns:
        table = pd.crosstab(groups[variable], segments.astype(str))
        for value, counts in table.iterrows():
            total = int(counts.sum())
            rows.append({"variable": variable, "value": value, "respondents": total, **(counts / total).to_dict()})
    keys = [str(key) for key in segments.cat.categories]
    return pd.DataFrame(rows, columns=["variable", "value", "respondents", *keys]).fillna(dict.fromkeys(keys, 0.0))
