"""What to offer with what, to whom: associations, next purchases, segments and offers of one company."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from scipy import sparse

from crmresearch.caution import Caution
from crmresearch.data.customers import customer_table
from crmresearch.data.spend_by import largest, pooled, spend_by
from crmresearch.data.transactions.times import as_date
from crmresearch.data.transactions.transactions import Transactions
from crmresearch.errors import CrmResearchError, ParameterError
from crmresearch.mining.baskets.association import Associations, association_rules
from crmresearch.mining.baskets.baskets import Baskets, By, Of, find_baskets, item_names
from crmresearch.mining.baskets.next_product import HitRates, hit_rates
from crmresearch.mining.baskets.offers import Experiment, base_rates, experiment, needed, offers, target_list
from crmresearch.mining.baskets.segment_pairs import segment_pairs
from crmresearch.mining.baskets.swaps import swap_check
from crmresearch.segmentation.contract import Segmenter
from crmresearch.segmentation.lift import lifts
from crmresearch.segmentation.methods.rfm_named import RfmNamed

FEW = 100  # customers of the hit rates below which these say little
UNTOLD = pd.DataFrame({"told": np.zeros(0, dtype=bool), "p": np.zeros(0)})


@dataclass(frozen=True)
class CrossSelling:
    """What was found; a part that these data cannot give is None or empty, and `undefined` says why by its key.

    `rules` of all baskets; `swaps`: pairs told in each swapped world; `hits`: what was bought next, out of time;
    `lifts`: what segments buy more of (`lift_of`: product or category); `in_segments`: pairs in each segment;
    `offers` with `base` (share who bought the other one later unasked) and `needed` (customers in each half of a test);
    `targets`: the customers of each offer; `response`: the share of those who get one that is assumed to buy because of
    it. `method`: the segments, fitted.
    """

    transactions: Transactions
    by: By
    of: Of
    cutoff: date
    end: date
    k: int = 5
    response: float = 0.02
    rules: Associations | None = None
    swaps: Sequence[int] = ()
    hits: HitRates | None = None
    lifts: pd.DataFrame = field(default_factory=UNTOLD.copy)
    lift_of: Of = "product"
    in_segments: pd.DataFrame = field(default_factory=UNTOLD.copy)
    method: Segmenter | None = None
    offers: pd.DataFrame = field(default_factory=pd.DataFrame)
    targets: pd.DataFrame = field(default_factory=pd.DataFrame)
    undefined: dict[str, str] = field(default_factory=dict)

    @property
    def pairs(self) -> pd.DataFrame:
        """The pairs beyond chance, each once, surest first; none without rules."""
        return self.rules.told_pairs if self.rules else pd.DataFrame()

    @property
    def wrong_worlds(self) -> int:
        """In how many swapped worlds, where nothing goes together, a pair was told."""
        return sum(claims > 0 for claims in self.swaps)

    @property
    def compared(self) -> int:
        """How often a segment was compared with all customers."""
        return int(self.lifts["p"].notna().sum())

    @property
    def offered(self) -> dict[str, float]:
        """`count` of the offers, `customers` who get one, `sales` under the assumption; empty where nobody gets any."""
        if self.targets.empty:
            return {}
        sales, customers = self.offers["sales"].sum(), self.targets["customer"].nunique()
        return {"count": len(self.offers), "customers": customers, "sales": sales}

    @property
    def experiment(self) -> Experiment | None:
        """Which offer can be tested (`crmresearch.mining.baskets.offers.experiment`)."""
        return experiment(self.offers)

    @property
    def cautions(self) -> Iterator[tuple[str, Caution]]:
        """What must be known before anything is offered, each after its subject: rules, next, offers or segments."""
        worlds, wrong = len(self.swaps), self.wrong_worlds
        if self.rules is None:
            yield "rules", Caution("no_rules", "weak", "", {"reason": self.undefined["rules"]})
        elif wrong > max(1, 2 * self.rules.level * worlds):
            yield "rules", Caution("swaps", "weak", "", {"wrong": wrong, "worlds": worlds})
        if self.rules and self.rules.too_many:
            yield "rules", Caution("too_many", "note", "")
        if self.rules and "names" in self.undefined:
            yield "rules", Caution("no_names", "note", "", {"reason": self.undefined["names"]})
        if self.hits is None:
            yield "next", Caution("no_next", "weak", "", {"reason": self.undefined["hits"]})
        elif self.hits.customers < FEW:
            yield "next", Caution("few_customers", "weak", "", {"customers": self.hits.customers})
        yield "offers", Caution("no_effect", "weak", "", {"response": self.response})
        if self.method is None:
            yield "segments", Caution("no_segments", "note", "", {"reason": self.undefined["segments"]})


@dataclass(frozen=True)
class Shop:
    """Purchases whose items have names: `names` of some by key; those of `leave_out` are in no basket."""

    transactions: Transactions
    of: Of
    leave_out: tuple[str, ...] = ()
    names: Mapping[str, str] = field(default_factory=dict)

    def label(self, item: str) -> str:
        """Name of an item with its key, for two items may share a name; the key where it has none."""
        return f"{self.names[item]} ({item})" if item in self.names else item

    def baskets(self, by: By, **period: Any) -> Baskets:
        """`find_baskets` with names."""
        found = find_baskets(self.transactions, by, self.of, leave_out=self.leave_out, **period)
        return replace(found, items=pd.Index([self.label(item) for item in found.items], dtype=object))

    def often(self, past: Baskets, cutoff: date) -> sparse.csr_matrix:
        """In how many purchases each customer of `past` bought each of its items up to the cut-off."""
        spend = spend_by(self.transactions, self.of, cutoff)
        row = past.customers.get_indexer(spend["customer"])
        column = past.items.get_indexer([self.label(item) for item in spend["item"]])
        kept = (row >= 0) & (column >= 0)
        values = spend["purchases"].to_numpy(float)[kept]
        return sparse.csr_matrix((values, (row[kept], column[kept])), shape=past.matrix.shape)

    def worth(self, cutoff: date) -> pd.Series:
        """Mean spend of a purchase of each item."""
        sums = spend_by(self.transactions, self.of, cutoff).groupby("item")[["spend", "purchases"]].sum()
        return (sums["spend"] / sums["purchases"]).rename(self.label)


class Past(NamedTuple):
    """What is known at a cut-off: baskets by customer, how often each bought each item, and the rules, if any."""

    baskets: Baskets
    often: sparse.csr_matrix
    rules: Associations | None


def learned(shop: Shop, by: By, cutoff: date, min_support: float, level: float) -> Past:
    """All from which recommendations are made, of the days up to the cut-off alone. Raises as `find_baskets`."""
    past = shop.baskets("customer", until=cutoff)
    try:
        rules = association_rules(shop.baskets(by, until=cutoff), min_support, level)
    except ParameterError:  # too few baskets by then: the other recommenders need no rules
        rules = None
    return Past(past, shop.often(past, cutoff), rules)


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
    cut, end = as_date("cutoff", cutoff) if cutoff else transactions.thirds[1], transactions.known_until
    if cutoff and not transactions.first_day <= cut < end:
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
    shop = Shop(transactions, of, tuple(leave_out), known or {})
    result = CrossSelling(transactions, by, of, cut, end, k, response, undefined=undefined)
    if (baskets := attempt("rules", lambda: shop.baskets(by))) is None:
        undefined.update(dict.fromkeys(("hits", "segments"), undefined["rules"]))
        return result
    if (rules := attempt("rules", lambda: association_rules(baskets, min_support, level))) is not None:
        result = replace(result, rules=rules, swaps=swap_check(baskets, min_support, level, worlds, seed))
    past = attempt("hits", lambda: learned(shop, by, cut, min_support, level))
    later = attempt("hits", lambda: shop.baskets("customer", after=cut)) if past else None
    if past and later:
        hits = attempt("hits", lambda: hit_rates(past.baskets, past.often, later, past.rules, k, resamples, seed))
        result = replace(result, hits=hits)
    if rules is not None:
        today = shop.baskets("customer")
        table = offers(rules, today, shop.worth(end), response)
        if past and later and len(table):
            table = table.assign(base=base_rates(table, past.baskets, later))
            table = table.assign(needed=[needed(base, response) for base in table["base"]])
        result = replace(result, offers=table, targets=target_list(table, today))
    return _segmented(result, attempt, shop, others)


def _segmented(result: CrossSelling, attempt: Any, shop: Shop, others: str) -> CrossSelling:
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
    if kind == result.of:
        spend = spend.assign(item=[shop.label(item) for item in spend["item"]])
    spend = pooled(spend, others)
    spend = spend[spend["item"].isin(largest(spend)) & (spend["item"] != others)]
    table = lifts(spend, segments) if len(spend) else UNTOLD
    pairs = segment_pairs(result.rules, segments) if result.rules is not None else UNTOLD
    return replace(result, method=method, lifts=table, lift_of=kind, in_segments=pairs)
