"""What to offer with what, to whom: associations, next purchases, segments and offers of one company."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from functools import partial
from typing import Any

import pandas as pd
from scipy import sparse

from crmresearch.data.customers import customer_table
from crmresearch.data.spend_by import largest, pooled, spend_by
from crmresearch.data.transactions.times import as_date
from crmresearch.data.transactions.transactions import Transactions
from crmresearch.errors import CrmResearchError, ParameterError
from crmresearch.mining.association import Associations, association_rules
from crmresearch.mining.baskets import Baskets, By, Of, find_baskets, item_names
from crmresearch.mining.next_product import HitRates, hit_rates
from crmresearch.mining.offers import base_rates, needed, offers, target_list
from crmresearch.mining.segment_pairs import segment_pairs
from crmresearch.mining.swaps import swap_check
from crmresearch.segmentation.contract import Segmenter
from crmresearch.segmentation.lift import lifts
from crmresearch.segmentation.methods.rfm_named import RfmNamed


@dataclass(frozen=True)
class CrossSelling:
    """What was found; a part that these data cannot give is None or empty, and `undefined` says why by its key.

    `rules` of all baskets; `swaps`: pairs told in each swapped world; `hits`: what was bought next, out of time;
    `lifts`: what segments buy more of (`lift_of`: product or category); `in_segments`: pairs in each segment;
    `offers` with `base` (share who bought the other one later unasked) and `needed` (customers in each half of a test);
    `targets`: the customers of each offer. `method`: the segments, fitted.
    """

    transactions: Transactions
    by: By
    of: Of
    cutoff: date
    end: date
    k: int = 5
    rules: Associations | None = None
    swaps: Sequence[int] = ()
    hits: HitRates | None = None
    lifts: pd.DataFrame = field(default_factory=pd.DataFrame)
    lift_of: Of = "product"
    in_segments: pd.DataFrame = field(default_factory=pd.DataFrame)
    method: Segmenter | None = None
    offers: pd.DataFrame = field(default_factory=pd.DataFrame)
    targets: pd.DataFrame = field(default_factory=pd.DataFrame)
    undefined: dict[str, str] = field(default_factory=dict)


def cross_selling(
    transactions: Transactions,
    by: By = "order",
    of: Of = "product",
    *,
    min_support: float = 0.005,
    level: float = 0.05,
    cutoff: date | str = "",
    k: int = 5,
    response: float = 0.02,
    names: str = "",
    leave_out: Sequence[str] = (),
    worlds: int = 20,
    resamples: int = 500,
    seed: int = 0,
    others: str = "",
) -> CrossSelling:
    """The whole analysis of one company's purchases; see the modules it calls for each part and its sources.

    `cutoff`: the last day from which what is bought next is learned (empty: two thirds of the data); `names`: a column
    of the file that names items; `others`: what the items beyond the first twenty are called. Raises ParameterError for
    parameters that no data could have; what these data cannot give is told in `undefined`.
    """
    cut = as_date("cutoff", cutoff) if cutoff else transactions.thirds[1]
    end = transactions.known_until
    if not transactions.first_day <= cut < end:
        raise ParameterError(f"`cutoff` must lie from {transactions.first_day} to before {end}; it is {cut}.")
    if not 0 < response < 1:
        raise ParameterError(f"`response` is a share between 0 and 1; it is {response}.")
    undefined: dict[str, str] = {}

    def attempt(part: str, make: Callable[[], Any]) -> Any:
        try:
            return make()
        except CrmResearchError as error:
            undefined[part] = str(error)
            return None

    known = attempt("names", lambda: item_names(transactions, names, of)) if names else None
    of_period = partial(find_baskets, transactions, of=of, leave_out=leave_out)

    def found(by: By, **period: Any) -> Baskets:
        return _named(of_period(by=by, **period), known or {})

    result = CrossSelling(transactions, by, of, cut, end, k, undefined=undefined)
    all_baskets = attempt("rules", lambda: found(by))
    if all_baskets is None:
        return result
    if (rules := attempt("rules", lambda: association_rules(all_baskets, min_support, level))) is not None:
        swaps = swap_check(all_baskets, min_support, level, worlds, seed)
        result = replace(result, rules=rules, swaps=swaps)
    past = attempt("hits", lambda: found("customer", until=cut))
    later = attempt("hits", lambda: found("customer", after=cut))
    if past is not None and later is not None:
        learned = attempt("learned", lambda: association_rules(found(by, until=cut), min_support, level))
        often = _often(transactions, of, cut, past, known or {})
        hits = attempt("hits", lambda: hit_rates(past, often, later, learned, k, resamples, seed))
        result = replace(result, hits=hits)
    if rules is not None:
        spend = spend_by(transactions, of, end)
        sums = spend.groupby("item")[["spend", "purchases"]].sum()
        worth = (sums["spend"] / sums["purchases"]).rename(_label(known or {}))
        today = found("customer")
        table = offers(rules, today, worth, response)
        if past is not None and later is not None and len(table):
            table = table.assign(base=base_rates(table, past, later))
            table = table.assign(needed=[needed(base, response) for base in table["base"]])
        result = replace(result, offers=table, targets=target_list(table, today))
    return _segmented(result, attempt, known or {}, others)


def _segmented(result: CrossSelling, attempt: Any, known: dict[str, str], others: str) -> CrossSelling:
    """With what the segments named by RFM buy more of, of categories where they are known, and their pairs."""
    transactions, end = result.transactions, result.end

    def fitted() -> tuple[Segmenter, pd.Series]:
        customers = customer_table(transactions, end).frame
        method = RfmNamed().fit(customers)
        segments = method.predict(customers)
        return method, segments.set_axis(segments.index.astype(str))

    if (of_customers := attempt("segments", fitted)) is None:
        return result
    method, segments = of_customers
    kind: Of = "category" if transactions.codebook.columns.category else "product"
    spend = spend_by(transactions, kind, end)
    spend = spend[spend["customer"].isin(segments.index) & (spend["spend"] > 0)]
    label = _label(known if kind == result.of else {})
    spend = pooled(spend.assign(item=[label(item) for item in spend["item"]]), others)
    spend = spend[spend["item"].isin(largest(spend)) & (spend["item"] != others)]
    table = lifts(spend, segments) if len(spend) else pd.DataFrame()
    pairs = segment_pairs(result.rules, segments) if result.rules is not None else pd.DataFrame()
    return replace(result, method=method, lifts=table, lift_of=kind, in_segments=pairs)


def _label(known: dict[str, str]) -> Callable[[str], str]:
    """Name of an item with its key, which two items may share a name; the key where it has none."""
    return lambda item: f"{known[item]} ({item})" if item in known else item


def _named(baskets: Baskets, known: dict[str, str]) -> Baskets:
    return replace(baskets, items=pd.Index([_label(known)(item) for item in baskets.items], dtype=object))


def _often(transactions: Transactions, of: Of, cut: date, past: Baskets, known: dict[str, str]) -> sparse.csr_matrix:
    """In how many purchases each customer of `past` bought each of its items up to the cut-off."""
    spend = spend_by(transactions, of, cut)
    row = past.customers.get_indexer(spend["customer"])
    column = past.items.get_indexer([_label(known)(item) for item in spend["item"]])
    kept = (row >= 0) & (column >= 0)
    values = spend["purchases"].to_numpy(float)[kept]
    return sparse.csr_matrix((values, (row[kept], column[kept])), shape=past.matrix.shape)
