"""The segments to describe: of a registered method, own rules, a column of the data, or a file of the user."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Literal

import pandas as pd

from crmresearch.data.customers import customer_table
from crmresearch.data.files import read_table
from crmresearch.data.rule_file import OWN_RULES
from crmresearch.data.text_table import FileProblem
from crmresearch.data.transactions.transactions import Transactions
from crmresearch.errors import CrmResearchError, DataError, ParameterError
from crmresearch.mining.profiles.customer_features import CustomerFeatures
from crmresearch.mining.profiles.segment_profiles import is_category
from crmresearch.segmentation.contract import Segmenter
from crmresearch.segmentation.customer_methods import found_file, own_segments
from crmresearch.segmentation.registry import described, every_method, variant

Text = dict[str, str]
MOST_SEGMENTS = 20  # of a column or a file: more are no segments that somebody acts on
LONGEST = 365  # days of the window whose outcome a method learns from


@dataclass(frozen=True)
class ChosenSegments:
    """The segment of every customer, and what is known of the segmentation.

    `segments`: a category by customer, missing of those in none. `labels` and `advice` of the segments by key and
    language. `needs`: the columns of customers that define them, none where that is not known. `method`: the fitted
    method, None of a column or a file; `learned`: the customers it learned from. `outside`: customers of a file that
    are not in the table. `failure`: why the segments asked for could not be made, so that everybody is one.
    """

    segments: pd.Series
    source: Literal["method", "rules", "column", "file", "none"]
    name: Text
    definition: Text
    labels: Mapping[str, Text]
    advice: Mapping[str, Text] = field(default_factory=dict)
    needs: tuple[str, ...] = ()
    method: Segmenter | None = None
    learned: pd.DataFrame | None = None
    outside: int = 0
    failure: str = ""

    @property
    def keys(self) -> list[str]:
        """The segments with customers, in their order."""
        counts = self.segments.value_counts()
        return [str(key) for key in self.segments.cat.categories if counts[key]]

    @property
    def without(self) -> int:
        """The customers in no segment."""
        return int(self.segments.isna().sum())

    @property
    def remarks(self) -> list[str]:
        """What is to be known of how they were made: source_<source> unless a method, needs, outside, without."""
        needs = self.source != "column" and len(self.needs) > 0
        found = {f"source_{self.source}": self.source != "method", "needs": needs}
        found |= {"outside": self.outside > 0, "without": self.without > 0}
        return [name for name, known in found.items() if known]


def chosen_segments(
    transactions: Transactions,
    customers: pd.DataFrame,
    features: CustomerFeatures,
    cutoff: date,
    *,
    method: str,
    rules: str = "",
    file: str = "",
    seed: int = 0,
) -> ChosenSegments:
    """The segments of a `file` of customer and segment, else of the `method`: its key, own_rules, or a column.

    `customers`: a customer table up to the `cutoff`, with the columns of forecasts where there are some; `own_rules`
    are those of the file `rules`; a column is an attribute of the purchases or a group of the survey. A method that
    learns from an outcome learns it from the customers of an earlier window. Raises ParameterError for a method, a
    column or a file that is not there, and for more than 20 segments; DataError for a file without these customers.
    Where a method cannot learn from these customers everybody is one segment, and `failure` says why.
    """
    if file:
        return _of_file(found_file(file, "segments_file", "file of segments"), customers.index)
    if method == OWN_RULES:
        return _of_method(own_segments(rules), "rules", transactions, customers, cutoff)
    if (known := variant(method, seed)) is not None:
        return _of_method(known, "method", transactions, customers, cutoff)
    columns = {name.partition("_")[2]: name for name in features.of("attribute")}
    if method not in columns:
        offered = [one.name for one in [*described(seed), *every_method((4,), seed)]]
        raise ParameterError(
            f"There is no segmentation {method!r}; `method` is one of {', '.join(dict.fromkeys(offered))} (or another "
            f"number at the end), or a column that divides the customers: {', '.join(columns) or 'there is none'}."
        )
    name = columns[method]
    values = features.frame[name]
    if not is_category(values) or values.nunique() > MOST_SEGMENTS:
        raise ParameterError(
            f"{method!r} has {values.nunique():,} values, too many for segments; {MOST_SEGMENTS} words at most divide "
            "customers. Write own rules for it (`rules`)."
        )
    segments = values.astype(object).map(str, na_action="ignore").astype("category")
    if isinstance(values.dtype, pd.CategoricalDtype):
        segments = segments.cat.set_categories([str(level) for level in values.cat.categories])
    label = features.labels.get(name, {"en": method})
    labels = {key: features.values.get((name, key), {"en": key}) for key in segments.cat.categories}
    return ChosenSegments(segments, "column", label, {}, labels, needs=(name,))


def _of_method(
    method: Segmenter,
    source: Literal["method", "rules"],
    transactions: Transactions,
    customers: pd.DataFrame,
    cutoff: date,
) -> ChosenSegments:
    try:
        learned = _earlier(transactions, cutoff) if method.outcome else customers
        segments = method.fit(learned).predict(customers)
    except CrmResearchError as error:
        everybody = pd.Series("all", index=customers.index, dtype="category")
        return ChosenSegments(everybody, "none", method.label, {}, {}, failure=str(error))
    labels = {segment.key: segment.label for segment in method.segments}
    return ChosenSegments(
        segments, source, method.label, method.definition, labels, method.advice, method.needs, method, learned
    )


def _earlier(transactions: Transactions, cutoff: date) -> pd.DataFrame:
    """The customers half of the known time earlier, a year at most, with what they did until the cut-off."""
    days = min(LONGEST, (cutoff - transactions.first_day).days // 2)
    return customer_table(transactions, cutoff - timedelta(days=max(days, 1)), cutoff).frame


def _of_file(path: Path, customers: pd.Index) -> ChosenSegments:
    """The segments that a file gives: columns customer and segment, or its first two."""
    try:
        cells = read_table(path).cells
    except FileProblem as why:
        raise DataError(f"{path.name} cannot be read as segments:", [f"{path.name}: {why}."]) from None
    if cells.shape[1] < 2:
        raise DataError(f"{path.name} cannot be read as segments:", ["It has one column; write customer and segment."])
    names = {str(name).strip().casefold(): name for name in cells}
    pair = [names.get("customer", cells.columns[0]), names.get("segment", cells.columns[1])]
    given = cells[pair].set_axis(["customer", "segment"], axis=1).apply(lambda column: column.str.strip())
    given = given[given["segment"] != ""].drop_duplicates()
    twice = given["customer"].duplicated()
    problems = []
    if twice.any():
        problems.append(
            f"Customer {given.loc[twice, 'customer'].iloc[0]} is in two segments; write each customer once."
        )
    found = given.drop_duplicates("customer").set_index("customer")["segment"].reindex(customers)
    if found.isna().all():
        example = given["customer"].iloc[0] if len(given) else ""
        problems.append(
            f"No customer of it (such as {example!r}) bought by the cut-off (where a customer is such as "
            f"{customers[0]!r}); write them in both files alike."
        )
    if found.nunique() > MOST_SEGMENTS:
        problems.append(f"It has {found.nunique():,} segments, more than {MOST_SEGMENTS}; write fewer.")
    if problems:
        raise DataError(f"{path.name} cannot be used as segments:", problems)
    segments = found.astype("category")
    outside = int((~given["customer"].isin(customers)).sum())
    labels = {key: {"en": key} for key in segments.cat.categories}
    return ChosenSegments(segments, "file", {"en": path.name}, {}, labels, outside=outside)
