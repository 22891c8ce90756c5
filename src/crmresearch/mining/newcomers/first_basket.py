"""Groups of newcomers by what is known on the first purchase day: month, size and category of the basket."""

import pandas as pd

from crmresearch.data.transactions.transactions import Transactions

MOST = 6  # groups of a category, a channel or an attribute; the rest is one
OTHERS = ""  # the key of the rest


def groupings(people: pd.DataFrame, transactions: Transactions) -> dict[str, pd.Series]:
    """Groupings of `newcomers` by name: cohort (month), basket (thirds of the first spend), category, channel, and each
    attribute that describes customers.

    A group is text; the thirds are low, middle and high, of customers alike in spend all in one. Where more than
    `MOST` values stand, the rarest are one group, `OTHERS`. Who has no value is in no group.
    """
    came = pd.Timestamp("1970-01-01") + pd.to_timedelta(people["came"], unit="D")
    found = {"cohort": came.dt.strftime("%Y-%m")}
    thirds = people["first_spend"].quantile([1 / 3, 2 / 3]).to_numpy()
    if thirds[0] < thirds[1]:
        ends = [-float("inf"), *thirds, float("inf")]
        cut = pd.cut(people["first_spend"], ends, labels=["low", "middle", "high"])
        found["basket"] = cut.cat.remove_unused_categories()
    for name, column in (("category", "first_category"), ("channel", "first_channel")):
        if column in people:
            found[name] = _largest(people[column])
    for name in transactions.codebook.demographics:
        if name in transactions.codebook.levels:
            found[name] = pd.Categorical(people[name], transactions.codebook.levels[name], ordered=True)
            found[name] = pd.Series(found[name], index=people.index)
        else:
            found[name] = _largest(people[name])
    return {name: groups for name, groups in found.items() if len(groups.dropna().unique()) > 1}


def _largest(values: pd.Series) -> pd.Series:
    counts = values.value_counts().sort_index().sort_values(ascending=False, kind="stable")
    if len(counts) <= MOST + 1:
        return values
    return values.where(values.isin(counts.index[:MOST]) | values.isna(), OTHERS)
