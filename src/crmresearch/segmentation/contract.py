"""The one contract of every segmentation method: `fit` learns frozen cut points, `predict` applies them to anyone.

Works on the customer table: one row a customer (the index), calibration features in columns, times in days.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, ClassVar, Self, TypeVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from crmresearch.errors import CrmResearchError

Text = dict[str, str]  # a text by language; English ("en") is always there
Floats = NDArray[np.float64]
Codes = NDArray[np.intp]
FAMILIES = ("rfm", "value", "stage", "clusters", "tree", "own", "other")  # a chart gives each one colour and marker


class SegmentationError(CrmResearchError):
    """Customers that cannot be segmented, or a method whose parameters contradict each other."""


@dataclass(frozen=True)
class Segment:
    """One segment: its key, its name by language, and whether it only holds those no other segment describes."""

    key: str
    label: Text
    other: bool = False


@dataclass(frozen=True)
class Criterion:
    """What one column says of every segment: the column, its heading by language, and the level of each key."""

    column: str
    heading: Text
    levels: Mapping[str, Text]


class Segmenter(ABC):
    """A segmentation method. Parameters are set in the constructor; what `fit` learns ends with an underscore.

    A method says which columns it needs and which of them may be missing for some customers, learns from a checked
    frame in `_learn`, and gives every customer of a checked frame the position of a segment in `_assign`.

    Raises SegmentationError for a class whose family is none of `FAMILIES`.
    """

    title: ClassVar[Text] = {}  # the name readers see whatever the parameters, by language
    family: ClassVar[str] = "other"  # one of FAMILIES; "own" for rules a user writes
    advice: ClassVar[Mapping[str, Text]] = {}  # what to do with a segment, by its key and language, where there is some
    place: ClassVar[int] = 1000  # where a list of methods shows it; equal places in the order of registration
    may_be_missing: ClassVar[frozenset[str]] = frozenset()
    outcome = ""  # what a method that learns from an earlier window's outcome calls that column
    learned_from_: int

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if cls.family not in FAMILIES:
            raise SegmentationError(f"{cls.__name__}.family is {cls.family!r}; use one of {', '.join(FAMILIES)}.")

    @classmethod
    def as_ruled(cls, seed: int = 0) -> "list[Segmenter]":
        """The variants a comparison shows whose rule sets the number of segments; `seed` of those that draw."""
        return []

    @classmethod
    def of_size(cls, k: int, seed: int = 0) -> "list[Segmenter]":
        """The variants with k segments, of a method that can have any number."""
        return []

    @classmethod
    def as_described(cls, seed: int = 0) -> "list[Segmenter]":
        """The variants that a customer report describes one by one: those of `as_ruled` unless said otherwise."""
        return cls.as_ruled(seed)

    @property
    @abstractmethod
    def name(self) -> str:
        """Key of the method with the parameters that change its result, such as `rfm_eight_mean`."""

    @property
    def label(self) -> Text:
        """What readers call this variant: the title, with the number at the end of `name` where it can have any."""
        if not self.title:
            return {"en": self.name.replace("_", " ")}
        number = self.name.rpartition("_")[2]
        if not number.isdecimal() or type(self).of_size.__func__ is Segmenter.of_size.__func__:  # type: ignore[attr-defined]
            return self.title
        return {language: f"{title} ({number})" for language, title in self.title.items()}

    @property
    @abstractmethod
    def definition(self) -> Text:
        """What the segments are and where they come from, by language."""

    @property
    @abstractmethod
    def segments(self) -> tuple[Segment, ...]:
        """The segments in the order in which a table shows them."""

    @property
    def keys(self) -> list[str]:
        """The keys of the segments, in their order."""
        return [segment.key for segment in self.segments]

    @property
    @abstractmethod
    def needs(self) -> tuple[str, ...]:
        """Columns of the customer table that the method reads."""

    @property
    def criteria(self) -> tuple[Criterion, ...]:
        """Columns of a table that define the segments, such as high or low; none of a method told by its definition."""
        return ()

    @property
    def learns(self) -> bool:
        """Whether cut points come from the customers; False where the parameters already hold them all."""
        return True

    @abstractmethod
    def _learn(self, frame: pd.DataFrame) -> None: ...

    @abstractmethod
    def _assign(self, frame: pd.DataFrame) -> Codes: ...

    def fit(self, features: pd.DataFrame) -> Self:
        """The method with cut points learned from these customers (customers × features).

        Raises SegmentationError for missing columns, no customers, a customer listed twice, text or missing numbers
        where the method needs numbers, and more segments than customers who differ in the columns needed.
        """
        frame = self._checked(features)
        if self.learns:
            distinct = len(frame.drop_duplicates())
            if distinct < len(self.keys):
                raise SegmentationError(
                    f"{self.name} has {len(self.keys)} segments, but only {distinct} of the {len(frame)} customers "
                    f"differ in {_listed(self.needs)}; use more customers or fewer segments."
                )
        self._learn(frame)
        self.learned_from_ = len(frame)
        return self

    def predict(self, features: pd.DataFrame) -> pd.Series:
        """Segment key of every customer, as a category in the order of `segments`, by the learned cut points.

        The customers may be others than those of `fit`. Raises SegmentationError as `fit`, and before it.
        """
        if not hasattr(self, "learned_from_"):
            raise SegmentationError(f"{self.name} has not learned its cut points yet; call fit first.")
        frame = self._checked(features)
        segments = pd.Categorical.from_codes(self._assign(frame), categories=self.keys)
        return pd.Series(segments, index=features.index, name=self.name)

    def _checked(self, features: pd.DataFrame) -> pd.DataFrame:
        frame = needed_columns(features, self.needs, self.name)
        return numeric(frame, self.may_be_missing, self.name)


# whether what one method has learned from some customers may serve another; where each is timed it may not
SHARED: ContextVar[bool] = ContextVar("SHARED", default=False)


@contextmanager
def sharing() -> Iterator[None]:
    """Within it what one method has learned from some customers serves another that would learn the same."""
    token = SHARED.set(True)
    try:
        yield
    finally:
        SHARED.reset(token)


Method = TypeVar("Method", bound=type[Segmenter])
REGISTERED: list[type[Segmenter]] = []


def register(method: Method) -> Method:
    """Class decorator: the method takes part in every list, comparison and monitoring made from the registry.

    Raises SegmentationError for a method without any variant to show, and for a title or advice without English text.
    """
    written = {name for kind in method.__mro__ if kind is not Segmenter for name in vars(kind)}
    if not written & {"as_ruled", "of_size"}:
        raise SegmentationError(f"{method.__name__} has no variant; let `as_ruled` or `of_size` return some.")
    for what, text in {
        "title": method.title,
        **{f"advice[{key!r}]": text for key, text in method.advice.items()},
    }.items():
        if "en" not in text:
            raise SegmentationError(f"{method.__name__}.{what} has no English text; write it under 'en'.")
    REGISTERED.append(method)
    return method


def needed_columns(features: pd.DataFrame, needs: Sequence[str], reader: str) -> pd.DataFrame:
    """The columns needed. Raises SegmentationError when one is missing, no customer is there, or one is twice."""
    if missing := [column for column in needs if column not in features.columns]:
        raise SegmentationError(f"{reader} needs {_listed(missing)}, which the customer table does not have.")
    if features.empty:
        raise SegmentationError(f"{reader} got a customer table without customers.")
    if features.index.has_duplicates:
        twice = features.index[features.index.duplicated()][0]
        raise SegmentationError(f"Customer {twice} is listed twice; the customer table has one row a customer.")
    return features[list(dict.fromkeys(needs))]


def numeric(frame: pd.DataFrame, may_be_missing: frozenset[str], reader: str) -> pd.DataFrame:
    """The frame as numbers. Raises SegmentationError for text, infinity, and NaN where that is not allowed."""
    for column, kind in frame.dtypes.items():
        if not (pd.api.types.is_numeric_dtype(kind) or pd.api.types.is_bool_dtype(kind)):
            raise SegmentationError(f"{reader} needs numbers in {column}; it holds {_example(frame[column])}.")
    numbers = frame.astype(float)
    values = numbers.to_numpy()  # all columns at once: a survey of 17 items is checked a thousand times in its refits
    allowed = np.isnan(values) & np.array([column in may_be_missing for column in numbers.columns], dtype=bool)
    wrong = ~np.isfinite(values) & ~allowed
    if wrong.any():
        place = int(wrong.any(axis=0).argmax())
        raise SegmentationError(
            f"{reader} needs a number in {numbers.columns[place]} for every customer; {int(wrong[:, place].sum())} "
            f"have none, the first is customer {numbers.index[wrong[:, place].argmax()]}."
        )
    return numbers


def coverage(segments: pd.Series, method: Segmenter) -> float:
    """Share of customers in a segment that describes them: not in "other"."""
    others = [segment.key for segment in method.segments if segment.other]
    return float((~segments.isin(others)).mean())


def _listed(columns: Sequence[str]) -> str:
    return " and ".join([", ".join(columns[:-1]), columns[-1]] if len(columns) > 1 else columns)


def _example(column: pd.Series) -> str:
    value: Any = next((v for v in column if not isinstance(v, (int, float))), column.iloc[0])
    return f"{str(value)[:40]!r}"
