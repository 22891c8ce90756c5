"""The portfolio matrix of the Boston Consulting Group turned on one's own customers or categories.

Boston compares a product's share with its largest competitor's and growth with the market's. Inside one firm there is
no competitor: here share is relative to the mean item of the portfolio, growth to that of the whole portfolio.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import ClassVar, Self

import numpy as np
import pandas as pd
from scipy.stats import norm

from crmresearch.data.categories import category_sales
from crmresearch.data.transactions.transactions import Transactions
from crmresearch.errors import ParameterError
from crmresearch.segmentation.contract import (
    Codes,
    Floats,
    Segment,
    SegmentationError,
    Segmenter,
    Text,
    needed_columns,
    numeric,
    register,
)
from crmresearch.segmentation.cuts import middle
from crmresearch.segmentation.wording import named_segment, told

MATRIX = ("share", "relative_share", "growth", "quadrant", "against_whole", "lower", "upper")
QUADRANTS = ("star", "cash_cow", "question_mark", "dog")
ADVICE: dict[str, Text] = {
    "star": told("advice.portfolio_star"),
    "cash_cow": told("advice.portfolio_cash_cow"),
    "question_mark": told("advice.portfolio_question_mark"),
    "dog": told("advice.portfolio_dog"),
}


def _quadrants(current: Floats, previous: Floats, mean: float, growth: float) -> Codes:
    # growth above the cut without a division: an item new in the current window grows without bound
    large, growing = current > mean, current > previous * (1 + growth)
    return np.select([large & growing, large, growing], [0, 1, 2], 3)


COVERED = 0.9  # share of the earlier window that must lie after the first purchase of all, or its sales say nothing


def _check_covered(features: pd.DataFrame, windows: tuple[int, int], what: str) -> None:
    """Growth from a window that began before the company's data is growth of the data."""
    short, long = windows
    if "tenure" not in features or features.empty:
        return
    known = float(features["tenure"].max()) + 1
    if known - short < COVERED * (long - short):
        later = np.ceil(short + COVERED * (long - short) - known)
        raise SegmentationError(
            f"{what} compares the last {short} days with the {long - short} before them, but the first purchase of all "
            f"is only {known:.0f} days old; choose a cut-off {later:.0f} or more days later, "
            "or shorter windows."
        )


def _cuts(current: Floats, previous: Floats, what: str) -> tuple[float, float]:
    now, before = middle(current, "mean"), middle(previous, "mean")
    if not (now > 0 and before > 0):
        raise SegmentationError(f"{what} needs sales in both windows; one of them has none.")
    return now, now / before - 1


@register
@dataclass(eq=False)
class PortfolioMatrix(Segmenter):
    """Customers as stars, cash cows, question marks and dogs, by spend in the last window against the one before.

    `windows` (short, long) in days name the columns `spend_last_<short>` and `spend_last_<long>`; the window before is
    long − short, and should be as long as the short one. Learns `mean_spend_`, the mean spend in the short window,
    and `growth_`, the growth of the whole: a customer above the first has a high share, above the second high growth.
    `fit` refuses customers whose column `tenure` (days; read where it is there) covers less than 90 % of the window
    before. Who returned more than they bought in the window before counts as having bought nothing in it.
    """

    title: ClassVar[Text] = told("title.portfolio_matrix")
    family: ClassVar[str] = "stage"
    advice: ClassVar[Mapping[str, Text]] = ADVICE
    place: ClassVar[int] = 9

    windows: tuple[int, int] = (91, 182)
    mean_spend_: float = field(init=False, repr=False)
    growth_: float = field(init=False, repr=False)

    @classmethod
    def as_ruled(cls, seed: int = 0) -> list[Segmenter]:
        """As in the contract."""
        return [cls()]

    @classmethod
    def as_described(cls, seed: int = 0) -> list[Segmenter]:
        """None: what one customer spent in two windows differs by chance, and growth of one is nothing to act on."""
        return []

    def __post_init__(self) -> None:
        if not 0 < self.windows[0] < self.windows[1]:
            raise SegmentationError(f"The portfolio matrix needs a short and a longer window; {self.windows} are not.")

    @property
    def name(self) -> str:
        """`portfolio_matrix`."""
        return "portfolio_matrix"

    @property
    def definition(self) -> Text:
        """The two axes."""
        short, long = self.windows
        return told("definition.portfolio", short=short, before=long - short)

    @property
    def segments(self) -> tuple[Segment, ...]:
        """The four quadrants."""
        return tuple(map(named_segment, QUADRANTS))

    @property
    def needs(self) -> tuple[str, ...]:
        """The two spend windows."""
        return tuple(f"spend_last_{days}" for days in self.windows)

    def fit(self, features: pd.DataFrame) -> Self:
        """The two cuts learned from these customers. Raises as every method, and for windows without data."""
        _check_covered(features, self.windows, self.name)
        return super().fit(features)

    def _windows(self, frame: pd.DataFrame) -> tuple[Floats, Floats]:
        current, both = (frame[column].to_numpy() for column in self.needs)
        return current, both - current

    def _learn(self, frame: pd.DataFrame) -> None:
        self.mean_spend_, self.growth_ = _cuts(*self._windows(frame), self.name)

    def _assign(self, frame: pd.DataFrame) -> Codes:
        current, previous = self._windows(frame)
        return _quadrants(current, np.maximum(previous, 0), self.mean_spend_, self.growth_)


def portfolio_matrix(current: pd.Series, previous: pd.Series) -> pd.DataFrame:
    """The matrix of any items: columns share, relative_share, growth, quadrant; one row an item.

    `current` and `previous` are sales of each item in two windows of equal length. share is the item's share of
    current sales, relative_share that share against the mean item's (high above 1), growth current / previous − 1
    (NaN for an item without sales in both, infinite for a new one; high above the growth of the whole). Of an item
    with more returns than sales in the earlier window, growth and quadrant are not defined (NaN, missing).

    Raises SegmentationError for different items in the two, missing numbers, or a window without sales.
    """
    if set(current.index) != set(previous.index):
        raise SegmentationError("The portfolio matrix needs the same items in both windows.")
    frame = needed_columns(
        pd.DataFrame({"current": current, "previous": previous}), ("current", "previous"), "portfolio"
    )
    frame = numeric(frame, frozenset(), "The portfolio matrix")
    now, before = frame["current"].to_numpy(), frame["previous"].to_numpy()
    mean, whole = _cuts(now, before, "The portfolio matrix")
    with np.errstate(divide="ignore", invalid="ignore"):
        growth = np.where(before < 0, np.nan, now / before - 1)
    codes = np.where(before < 0, -1, _quadrants(now, before, mean, whole))
    keys = list(QUADRANTS)
    return pd.DataFrame(
        {
            "share": now / now.sum(),
            "relative_share": now / mean,
            "growth": growth,
            "quadrant": pd.Categorical.from_codes(codes, categories=keys),
        },
        index=frame.index,
    )


def category_matrix(transactions: Transactions, cutoff: date | str) -> pd.DataFrame:
    """The categories as items of a portfolio, by dated sales of two windows of 91 days: `told_apart`, largest first.

    Columns category, then those of `told_apart`. Empty where there is no column of categories, where the data do not
    cover both windows, or one is without sales.
    """
    try:
        sales = category_sales(transactions, cutoff, by_customer=True)
        matrix = told_apart(sales.rename(columns={"category": "item"}))
    except (ParameterError, SegmentationError):
        return pd.DataFrame(columns=["category", *MATRIX])
    return matrix.sort_values("share", ascending=False, kind="stable").rename_axis("category").reset_index()


def told_apart(sales: pd.DataFrame, level: float = 0.95) -> pd.DataFrame:
    """The `portfolio_matrix` of items by their customers' sales, with a quadrant only where growth is beyond chance.

    `sales`: customer, item, current, previous, a row for each customer of an item. Beside the columns of the matrix
    stand `against_whole`, the growth of the item less that of the whole, and its `lower` and `upper` at `level`,
    Bonferroni-adjusted for the items, by the linearised variance of a ratio (Cochran 1977, Sampling Techniques, section
    6.3) over customers, who are taken as a sample. An item whose interval holds 0, or that a single customer bought,
    has no quadrant: it is neither growing nor shrinking beyond chance. Checked against a bootstrap of customers.

    Raises SegmentationError as `portfolio_matrix`.
    """
    totals = sales.groupby("item")[["current", "previous"]].sum()
    matrix = portfolio_matrix(totals["current"], totals["previous"])
    whole = totals.sum()
    away = sales["current"] - whole["current"] / whole["previous"] * sales["previous"]
    customer = away.groupby(sales["customer"]).transform("sum")  # over the items of a customer
    sums = pd.DataFrame({"square": away**2, "cross": away * customer, "away": away}).groupby(sales["item"]).sum()
    squares = float((away.groupby(sales["customer"]).sum() ** 2).sum())
    part, previous = totals["previous"] / whole["previous"], totals["previous"].where(totals["previous"] > 0)
    variance = np.maximum(sums["square"] - 2 * part * sums["cross"] + part**2 * squares, 0)
    customers, single = sales["customer"].nunique(), sales.groupby("item")["customer"].nunique() < 2
    width = norm.ppf(1 - (1 - level) / 2 / len(totals)) * np.sqrt(variance * customers / max(customers - 1, 1))
    found = pd.DataFrame({"against_whole": sums["away"], "lower": sums["away"] - width, "upper": sums["away"] + width})
    chance = (sums["away"].abs() <= width) | single
    found[["lower", "upper"]] = found[["lower", "upper"]].mask(single)
    return matrix.assign(quadrant=matrix["quadrant"].mask(chance)).join(found.div(previous, axis=0))
