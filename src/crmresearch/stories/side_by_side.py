"""A long table with one kind beside the other: three columns a kind, its number and the ends of its interval."""

from collections.abc import Iterable

import pandas as pd


def side_by_side(
    table: pd.DataFrame, rows: list[str], across: str, numbers: tuple[str, str, str], kinds: Iterable[str]
) -> pd.DataFrame:
    """A row for every value of the columns `rows`, in the order of the table, and for each of the `kinds`, values of
    the column `across`, the columns <kind>, <kind>_lower and <kind>_upper, which hold `numbers`.

    >>> long = pd.DataFrame({"who": ["b", "a"], "aim": "x", "n": [1, 2], "low": [0, 1], "up": [2, 3]})
    >>> side_by_side(long, ["who"], "aim", ("n", "low", "up"), ["x"]).to_dict("list")
    {'who': ['b', 'a'], 'x': [1, 2], 'x_lower': [0, 1], 'x_upper': [2, 3]}
    """
    wide = table.pivot(index=rows, columns=across, values=list(numbers))
    ends = list(zip(("", "_lower", "_upper"), numbers, strict=True))
    columns = {f"{kind}{end}": wide[number, kind] for kind in kinds for end, number in ends}
    order = table[rows].drop_duplicates()
    at = order[rows[0]] if len(rows) == 1 else pd.MultiIndex.from_frame(order)
    return pd.DataFrame(columns).loc[at].reset_index()
