"""Moves between segments: their direction, and what movers spend against who was in their segment without moving."""

import numpy as np
import pandas as pd

DIRECTIONS = ("up", "level", "down", "stayed")
NORMAL_95 = 1.959964
SPEND = ("spend_before", "spend_between", "spend_after")
COLUMNS = ("direction", "customers", "share", *SPEND, "compared", "spend_of_others", "difference", "lower", "upper")
FEWEST = 2  # customers who had not moved that a segment needs: of one alone, nobody knows how far chance takes them


def directions(before: pd.Series, after: pd.Series, ranks: pd.DataFrame) -> pd.Series:
    """up, level, down or stayed for every customer present at both dates, by the spend in `ranks`."""
    both = before.index.intersection(after.index, sort=False)
    spend = ranks.set_index("segment")["spend"]
    old, new = (s.loc[both].cat for s in (before, after))
    worth = spend.reindex(old.categories).to_numpy()
    change = np.sign(worth[new.codes.to_numpy()] - worth[old.codes.to_numpy()])
    way = np.select([change > 0, change < 0], ["up", "down"], "level")
    return pd.Series(np.where(old.codes.to_numpy() == new.codes.to_numpy(), "stayed", way), index=both)


def moves(direction: pd.Series, segments: pd.Series, spend: pd.DataFrame) -> pd.DataFrame:
    """A row a direction: who went that way, what they spend, and how it differs from those who had not moved.

    `direction`: of `directions`; `segments`: the segment of every customer after the move, also of those who joined
    in it and so have no direction; `spend`: spend_before, spend_between and spend_after of the same customers.
    Columns: direction, customers, share, the three means, then compared (movers to a segment that holds two customers
    or more who had not moved), spend_of_others, difference, lower and upper; NaN without any,
    as for who stayed.

    spend_of_others is Σ w_s m_s: m_s the mean spend after of segment s over those who stayed or joined, w_s the share
    of the compared movers who are in s. The difference is the movers' mean d̄ of d_i = y_i − m_s(i), its interval
    d̄ ± 1.96 √(var(d) / n + Σ w_s² var_s / n_s): both sides are samples, and so is the movers' mix. To first order this
    is the variance of a bootstrap of customers, against which it is checked.
    """
    way = direction.reindex(segments.index)
    keys, after = segments.astype(str), spend["spend_after"]
    unmoved = way.isna() | (way == "stayed")
    others = after[unmoved].groupby(keys[unmoved]).agg(["mean", "var", "size"])
    others = others[others["size"] >= FEWEST]
    rows = []
    for name in DIRECTIONS:
        part = way.index[way == name]
        row = {"direction": name, "customers": len(part), "share": len(part) / len(direction)}
        row |= spend.loc[part, list(SPEND)].mean().to_dict()
        rows.append(row | (_compared(after[part], keys[part], others) if name != "stayed" else {"compared": 0}))
    return pd.DataFrame(rows, columns=COLUMNS)


def _compared(after: pd.Series, keys: pd.Series, others: pd.DataFrame) -> dict[str, float]:
    known = keys.isin(others.index)
    after, keys = after[known], keys[known]
    usual = others["mean"].reindex(keys).set_axis(after.index)
    gap, mix = after - usual, keys.value_counts(normalize=True)
    there = others.loc[mix.index]
    variance = gap.var(ddof=1) / max(len(gap), 1) + (mix**2 * there["var"] / there["size"]).sum()
    reach = NORMAL_95 * np.sqrt(variance)  # NaN for a single mover
    difference = gap.mean()
    return {"compared": len(gap), "spend_of_others": usual.mean(), "difference": difference,
            "lower": difference - reach, "upper": difference + reach}  # fmt: skip


def balance(up: float, down: float) -> str:
    """Whether more customers moved up or down, by a sign test at 95 % of the `up` + `down` who did either.

    Returns "up", "down", or "same" within chance: |up − down| of a fair coin has the standard deviation √(up + down).
    """
    if abs(up - down) <= NORMAL_95 * (up + down) ** 0.5:
        return "same"
    return "up" if up > down else "down"
