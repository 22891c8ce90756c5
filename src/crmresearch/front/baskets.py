"""Baskets from the front door: rules of what is bought together beyond chance, and what a customer buys next."""

from typing import Literal

import numpy as np
import pandas as pd
from scipy import sparse

from crmresearch.data.transactions.transactions import Transactions
from crmresearch.errors import ParameterError
from crmresearch.mining.baskets import association, next_product
from crmresearch.mining.baskets.baskets import Baskets, By, Of, baskets_of, find_baskets

__all__ = ["association_rules", "next_products"]


def association_rules(
    purchases: pd.DataFrame | Transactions,
    by: By = "order",
    of: Of = "product",
    *,
    customer: str = "customer",
    item: str = "product",
    order: str = "order",
    min_support: float = 0.01,
    level: float = 0.05,
    triples: bool = True,
) -> pd.DataFrame:
    """A row a rule "who buys the antecedent buys the consequent": support, confidence, lift, and whether it is chance.

    `purchases`: loaded transactions, of whose `of` (product or category) baskets are made, or a frame with a line an
    item bought, whose columns `customer`, `item` and `order` name (`order` is not needed `by` customer). A basket is an
    order, or all that a customer bought. Rules have one consequent and one item before it, or two with `triples`, in a
    share of `min_support` of the baskets or more; `level` is the share of false ones among those told.

    Columns: antecedent, consequent, baskets (that hold all), support, confidence, lift, leverage, conviction, expected
    (baskets that hold all by chance, given how large each basket is and how many hold each item), beyond = baskets /
    expected, design (by which factor counts vary more because orders come from the same customers), p, p_adjusted
    (Benjamini–Yekutieli over all pairs and rules of three tested, told or not) and told (p_adjusted at most `level`);
    those told first. Support and the rest are those of Agrawal, Imieliński & Swami (1993), chance is that of Gionis et
    al. (2007), rules of three are those of Webb (2007); formulas: `association`, `cooccurrence` and
    `chance` of `crmresearch.mining.baskets`.
    Checked against brute force, exact sums over all baskets, Fisher's test, and the rate of false rules in
    simulated worlds.
    Raises ParameterError for an unknown column, fewer than 50 baskets, or where nothing was bought together.

    >>> import crmresearch as crm
    >>> rules = crm.association_rules(crm.load_transactions("baskets_simulated"), triples=False)
    >>> rules.loc[rules["told"], ["antecedent", "consequent", "baskets"]].head(2).values.tolist()
    [['Conditioner', 'Shampoo', 154], ['Shampoo', 'Conditioner', 154]]
    """
    baskets = _baskets(purchases, by, of, customer, item, order)
    rules = association.association_rules(baskets, min_support, level, triples=triples).rules
    return rules.drop(columns=["first", "second", "third"])


def next_products(
    purchases: pd.DataFrame | Transactions,
    k: int = 5,
    of: Of = "product",
    *,
    customer: str = "customer",
    item: str = "product",
    order: str = "order",
    recommender: Literal["similar", "popularity", "repeat"] = "similar",
    new: bool = True,
) -> pd.DataFrame:
    """A row a customer and item to recommend: customer, rank (1 to `k`), item and score.

    `purchases`, `of`, and the columns `customer`, `item` and `order` as in `association_rules`; scores have no unit but
    that of the `recommender`: similar, the sum of the cosines between an item and all that
    the customer has, as in Sarwar et al. (2001); popularity, how many customers bought it; repeat, in how many
    orders the customer did. With `new` only what the customer has not bought yet. Ties go by popularity. Which of them
    foretells best, if any, the report `cross_selling` tells out of time: often none beats popularity.
    Raises ParameterError for an unknown column or recommender.

    >>> import pandas as pd, crmresearch as crm
    >>> frame = pd.DataFrame({"order": [1, 1, 2, 2, 3], "customer": ["a", "a", "b", "b", "c"],
    ...                       "product": ["tea", "milk", "tea", "milk", "tea"]})
    >>> crm.next_products(frame, k=1).values.tolist()
    [['c', 1, 'milk', 0.816496580927726]]
    """
    orders = _baskets(purchases, "order", of, customer, item, order)
    k_customers = len(orders.customers)
    whose = sparse.csr_matrix(
        (np.ones(len(orders.customer)), (orders.customer, np.arange(len(orders.customer)))),
        shape=(k_customers, len(orders.customer)),
    )
    often = sparse.csr_matrix(whose @ orders.matrix)
    held = sparse.csr_matrix((often > 0).astype(np.int32))
    past = Baskets(held, orders.items, np.arange(k_customers), orders.customers, "customer", of)
    return next_product.recommend(past, often, k, recommender, new)


def _baskets(purchases: object, by: By, of: Of, customer: str, item: str, order: str) -> Baskets:
    if isinstance(purchases, Transactions):
        return find_baskets(purchases, by, of)
    if not isinstance(purchases, pd.DataFrame):
        raise ParameterError(
            f"A {type(purchases).__name__} is not a frame; pass a pandas frame, or load_transactions(…)."
        )
    wanted = {"customer": customer, "item": item} | ({"order": order} if by == "order" else {})
    for role, name in wanted.items():
        if name not in purchases:
            known = ", ".join(map(str, purchases.columns))
            raise ParameterError(f"The frame has no column {name!r}; name another as {role}=…: {known}.")
    lines = pd.DataFrame({role: purchases[name].astype("string") for role, name in wanted.items()}).dropna()
    if lines.empty:
        raise ParameterError("No line of the frame has all of " + ", ".join(map(str, wanted.values())) + ".")
    return baskets_of(lines.assign(loose=0).drop_duplicates(), by, of)
