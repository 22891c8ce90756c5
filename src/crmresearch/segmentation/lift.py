"""What a segment buys more of than all customers do, told apart from chance."""

import numpy as np
import pandas as pd
from scipy.stats import t as student

from crmresearch.caution import SMALL_NUMBER
from crmresearch.ranks import holm

LEVEL = 0.05  # of the intervals and, adjusted for all comparisons, of what is told


def lifts(spend: pd.DataFrame, segments: pd.Series, fewest: int = SMALL_NUMBER) -> pd.DataFrame:
    """One row a segment and item it buys: the item's share of the segment's spend against its share of all spend.

    `spend`: customer, item, spend (≥ 0), one row a customer and item; `segments`: of every customer, by customer, as a
    category. Columns segment, item, customers (of the segment who bought it), spend, share, share_all, lift = share /
    share_all, ci_lower, ci_upper (95 %), p (of lift 1; Holm-adjusted over all rows), told (p < 0.05). Largest spend of
    a segment first. NaN and not told where fewer than `fewest` customers of the segment bought it.

    The standard error is that of log lift = log S_sp − log S_s − log S_p + log S by the jackknife, customers left out
    one at a time: (n − 1)/n Σ (θ_i − mean θ)² (Efron & Stein 1981, Annals of Statistics 9, 586–596); linearised it is
    too small where few customers spend much. Intervals and p are of Student's t with one degree of freedom less than
    customers of the segment who bought the item. Segments are taken as given. Checked against leaving every customer
    out in turn, and by the rate of false findings where segments buy alike.
    """
    member = segments.reindex(spend["customer"].unique())
    place = pd.Index(member.index)
    customer = place.get_indexer(spend["customer"])
    item, items = pd.factorize(spend["item"], sort=True)
    y = spend["spend"].to_numpy(dtype=float)
    t = np.bincount(customer, weights=y, minlength=len(place))
    n, S, S_p = len(place), t.sum(), np.bincount(item, weights=y, minlength=len(items))
    tables = []
    for key in segments.cat.categories:
        m = (member == key).to_numpy()
        in_segment = m[customer]
        S_s = t[m].sum()
        S_sp = np.bincount(item, weights=y * in_segment, minlength=len(items))
        buyers = np.bincount(item[in_segment & (y > 0)], minlength=len(items))
        with np.errstate(divide="ignore", invalid="ignore"):
            # log lift without customer i less log lift: a part of all customers, and one of those who bought the item
            of_all = np.log1p(-t / S) - np.log1p(-(m * t) / S_s)
            of_item = np.log1p(-(y * in_segment) / S_sp[item]) - np.log1p(-y / S_p[item])
            first = of_all.sum() + np.bincount(item, weights=of_item, minlength=len(items))
            squares = np.bincount(item, weights=of_item * (of_item + 2 * of_all[customer]), minlength=len(items))
            squares += (of_all**2).sum() - first**2 / n
            error = np.sqrt(np.maximum((n - 1) / n * squares, 0))
            share, share_all = S_sp / S_s, S_p / S
            row = {"segment": key, "item": items, "customers": buyers, "spend": S_sp, "share": share}
            row |= {"share_all": share_all, "lift": share / share_all, "error": error}
        tables.append(pd.DataFrame(row)[buyers > 0].sort_values("spend", ascending=False, kind="stable"))
    table = pd.concat(tables, ignore_index=True)
    log, freedom = np.log(table["lift"]), table["customers"] - 1
    # rounding apart, a segment of everybody has no error: no lift but 1, and nothing to tell
    error = (
        table.pop("error").where((table["customers"] >= fewest) & (table["customers"] > 1)).where(lambda e: e > 1e-9)
    )
    reach = student.isf(LEVEL / 2, freedom) * error
    p = pd.Series(holm(2 * student.sf(log.abs() / error, freedom)), index=table.index)
    return table.assign(ci_lower=np.exp(log - reach), ci_upper=np.exp(log + reach), p=p, told=p < LEVEL)
