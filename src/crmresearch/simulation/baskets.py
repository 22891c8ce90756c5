"""Orders of simulated customers: baskets of many sizes, of popular and rare products, with planted associations.

A customer orders at random at a rate of their own (gamma), with a size of basket and tastes of their own: to customer c
product j weighs exp(popularity_j + taste · z_cj), z standard normal and independent between products, so that nothing
but what is planted goes together. A basket of 1 + Poisson(size of the customer · size of the order) products is drawn
by these weights without replacement. Then, planted: a basket with all of `antecedent` and without `consequent` takes it
in with `probability`.
"""

from datetime import date
from pathlib import Path
from typing import Annotated, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, model_validator

from crmresearch.data.documents import read_document, shown
from crmresearch.errors import TruthError

FILE = "baskets.yaml"
STREAMS = ("rates", "tastes", "days", "sizes", "items", "planted", "amounts")  # never reorder
Positive = Annotated[float, Field(gt=0)]
Share = Annotated[float, Field(ge=0, le=1)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Rule(_Strict):
    """A basket with all of `antecedent` takes `consequent` in with `probability`, where it does not hold it."""

    antecedent: Annotated[tuple[str, ...], Field(min_length=1, max_length=2)]
    consequent: str
    probability: Share


class Category(_Strict):
    """A category of products: its name by language, and price of each of its products by name."""

    name: dict[str, str]
    products: Annotated[dict[str, Positive], Field(min_length=1)]


class BasketTruth(_Strict):
    """What is true of the orders of simulated customers.

    `orders` of `customers` from `first_day` to `last_day`, each customer one at least. `size`: mean number of products
    beyond the first; it varies between customers and orders with these coefficients of variation. `popularity`: the
    standard deviation of the logarithm of the weights of products; `taste`: that of customers around them. `planted`:
    rules between products.
    """

    customers: Annotated[int, Field(ge=1)]
    orders: Annotated[int, Field(ge=1)]
    first_day: date
    last_day: date
    rate_shape: Positive
    size: Positive
    size_of_customers: Annotated[float, Field(ge=0)]
    size_of_orders: Annotated[float, Field(ge=0)]
    popularity: Annotated[float, Field(ge=0)]
    taste: Annotated[float, Field(ge=0)]
    categories: Annotated[tuple[Category, ...], Field(min_length=1)]
    planted: tuple[Rule, ...] = ()
    seed: Annotated[int, Field(ge=0)]

    @property
    def prices(self) -> dict[str, float]:
        """Price of every product, in the order of the categories."""
        return {name: price for category in self.categories for name, price in category.products.items()}

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.orders < self.customers or self.last_day <= self.first_day:
            raise ValueError("there are as many `orders` as customers or more, and `last_day` is after `first_day`")
        if len(self.prices) != sum(len(category.products) for category in self.categories):
            raise ValueError("a product stands in two categories; give each its own name")
        for rule in self.planted:
            if unknown := [name for name in (*rule.antecedent, rule.consequent) if name not in self.prices]:
                raise ValueError(f"planted: {unknown[0]!r} is not among the products")
        return self


def load_basket_truth(folder: Path) -> BasketTruth:
    """The truth of the baskets in a folder. Raises TruthError, a sentence per mistake."""
    path = folder / FILE
    if not path.is_file():
        raise TruthError(f"There is no {FILE} in {shown(folder)}.")
    return read_document(path, BasketTruth, TruthError)


def baskets_of_truth(truth: BasketTruth, seed: int | None = None) -> pd.DataFrame:
    """The lines of the orders, a row a product of one: order, customer, date, product, category, quantity, amount.

    >>> from crmresearch.paths import DATA
    >>> truth = load_basket_truth(DATA / "baskets_simulated")
    >>> lines = baskets_of_truth(truth.model_copy(update={"customers": 5, "orders": 8}))
    >>> lines["order"].nunique(), lines["customer"].nunique()
    (8, 5)
    """
    spawned = np.random.SeedSequence([truth.seed if seed is None else seed, len(STREAMS)]).spawn(len(STREAMS))
    random = dict(zip(STREAMS, map(np.random.default_rng, spawned), strict=True))
    names, m = list(truth.prices), len(truth.prices)
    rates = random["rates"].gamma(truth.rate_shape, 1.0, truth.customers)
    further = random["rates"].choice(truth.customers, truth.orders - truth.customers, p=rates / rates.sum())
    customer = np.concatenate([np.arange(truth.customers), further])
    days = random["days"].integers(0, (truth.last_day - truth.first_day).days + 1, truth.orders)
    order = np.lexsort([customer, days])
    customer, days = customer[order], days[order]
    # weights of a whole world, whose order of popularity is not that of the list
    weights = truth.popularity * random["tastes"].standard_normal(m)
    tastes = weights + truth.taste * random["tastes"].standard_normal((truth.customers, m))
    means = _varied(random["sizes"], truth.customers, truth.size_of_customers)[customer]
    means = truth.size * means * _varied(random["sizes"], truth.orders, truth.size_of_orders)
    sizes = np.minimum(1 + random["sizes"].poisson(means), m)
    # the largest of so many of log weights and Gumbel noise are a sample by weights without replacement
    keys = tastes[customer] + random["items"].gumbel(size=(truth.orders, m))
    held = (-keys).argsort(axis=1, kind="stable").argsort(axis=1, kind="stable") < sizes[:, None]
    for rule in truth.planted:
        has = held[:, [names.index(name) for name in rule.antecedent]].all(axis=1)
        held[:, names.index(rule.consequent)] |= has & (random["planted"].random(truth.orders) < rule.probability)
    basket, item = np.nonzero(held)
    quantity = 1 + random["amounts"].poisson(0.4, len(basket))
    price = np.array(list(truth.prices.values()))[item]
    category = np.array([one.name["en"] for one in truth.categories for _ in one.products], dtype=object)
    on = pd.Timestamp(truth.first_day) + pd.to_timedelta(days[basket], unit="D")
    return pd.DataFrame(
        {"order": basket + 1, "customer": customer[basket] + 1, "date": on.strftime("%Y-%m-%d"),
         "product": np.array(names, dtype=object)[item], "category": category[item], "quantity": quantity,
         "amount": (price * quantity).round(2)}
    )  # fmt: skip


def baskets_file(folder: Path) -> bytes:
    """The CSV that the truth of a folder makes, the same bytes each time. Raises TruthError."""
    table = baskets_of_truth(load_basket_truth(folder))
    return table.to_csv(index=False, float_format="%.2f", lineterminator="\n").encode()


def _varied(random: np.random.Generator, n: int, variation: float) -> NDArray[np.float64]:
    """Gamma variates of mean 1 and this coefficient of variation."""
    return random.gamma(variation**-2, variation**2, n) if variation > 0 else np.ones(n)
