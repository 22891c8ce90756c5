"""The user's own segments: an ordered list of rules in a YAML file, the first that matches wins."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, ClassVar, Self

import numpy as np
import pandas as pd
from pydantic import Field, model_validator

from crmresearch.data.dataset import Code, Key, Number, Strict, Text
from crmresearch.data.documents import MistakesError, read_document
from crmresearch.data.survey.codebook import as_value
from crmresearch.segmentation.contract import Codes, Segment, SegmentationError, Segmenter, needed_columns
from crmresearch.segmentation.wording import told

OTHER = "other"


class Condition(Strict):
    """What one column must be: at least `min`, at most `max`, or one of the values `in`."""

    min: Number | None = None
    max: Number | None = None
    among: Annotated[tuple[Code, ...] | None, Field(alias="in", min_length=1)] = None

    @model_validator(mode="after")
    def _possible(self) -> Self:
        if self.among is not None and not (self.min is None and self.max is None):
            raise ValueError("holds `in` beside min or max; use one of the two")
        if self.among is None and self.min is None and self.max is None:
            raise ValueError("says nothing; give min, max or in")
        if self.min is not None and self.max is not None and self.min > self.max:
            raise ValueError(f"min ({self.min:g}) is above max ({self.max:g}), so nobody can match")
        return self


class Rule(Strict):
    """One rule: customers who meet every condition of `when` belong to `segment`."""

    segment: Key
    label: Text
    when: Annotated[dict[str, Condition], Field(min_length=1)]


class RuleFile(Strict):
    """The YAML document: key, definition, rules in order, and the name of those whom no rule describes."""

    key: Key
    definition: Text
    other: Text = Field(default_factory=lambda: told("segment.other"))
    rules: Annotated[tuple[Rule, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        mistakes = []
        labels: dict[str, dict[str, str]] = {}
        for number, rule in enumerate(self.rules):
            if rule.segment == OTHER:
                mistakes.append(
                    f"rules.{number}.segment: {OTHER!r} is for customers no rule describes; use another key"
                )
            if labels.setdefault(rule.segment, rule.label) != rule.label:
                mistakes.append(f"rules.{number}.label: {rule.segment!r} has another label further up; write one label")
        if mistakes:
            raise MistakesError(mistakes)
        return self


def read_rules(path: Path) -> "CustomRules":
    """The segmenter of a rule file. Raises SegmentationError: one sentence per mistake, naming file and key.

    key: my_segments
    definition: {en: Who the sales team calls}
    rules:
      - segment: vip
        label: {en: VIP, zh: 贵宾}
        when: {monetary_total: {min: 500}, recency: {max: 90}}
      - segment: web_only
        label: {en: Web only}
        when: {channel: {in: [web, app]}}
    """
    return CustomRules(read_document(Path(path), RuleFile, SegmentationError))


@dataclass(eq=False)
class CustomRules(Segmenter):
    """Customers by the first rule they meet, "other" where they meet none; made by `read_rules`.

    Bounds are inclusive. A missing value meets no condition. Nothing is learned, so one customer is enough.
    """

    family: ClassVar[str] = "own"

    document: RuleFile

    @property
    def name(self) -> str:
        """The key of the document."""
        return self.document.key

    @property
    def definition(self) -> dict[str, str]:
        """The definition the user wrote."""
        return self.document.definition

    @property
    def segments(self) -> tuple[Segment, ...]:
        """Segments in the order in which the rules first name them, then other."""
        labels = {rule.segment: rule.label for rule in reversed(self.document.rules)}
        order = dict.fromkeys(rule.segment for rule in self.document.rules)
        return (*(Segment(key, labels[key]) for key in order), Segment(OTHER, self.document.other, other=True))

    @property
    def needs(self) -> tuple[str, ...]:
        """Every column a rule names."""
        return tuple(dict.fromkeys(column for rule in self.document.rules for column in rule.when))

    @property
    def learns(self) -> bool:
        """Nothing."""
        return False

    def _checked(self, features: pd.DataFrame) -> pd.DataFrame:
        frame = needed_columns(features, self.needs, self.name)
        for rule in self.document.rules:
            for column, condition in rule.when.items():
                if condition.among is None and not pd.api.types.is_numeric_dtype(frame[column]):
                    raise SegmentationError(
                        f"{self.name} compares {column} with a number in rule {rule.segment}, "
                        "but it holds text; use `in`."
                    )
        return frame

    def _learn(self, frame: pd.DataFrame) -> None:
        pass

    def _assign(self, frame: pd.DataFrame) -> Codes:
        keys = [segment.key for segment in self.segments]
        met = [np.logical_and.reduce([_met(frame[c], w) for c, w in rule.when.items()]) for rule in self.document.rules]
        return np.select(met, [keys.index(rule.segment) for rule in self.document.rules], len(keys) - 1)


def _met(values: pd.Series, condition: Condition) -> Sequence[bool]:
    if condition.among is not None:
        wanted = {as_value(code) for code in condition.among}
        return [not pd.isna(value) and as_value(value) in wanted for value in values]
    numbers = values.astype(float).to_numpy()
    low = -np.inf if condition.min is None else condition.min
    high = np.inf if condition.max is None else condition.max
    return (numbers >= low) & (numbers <= high)
