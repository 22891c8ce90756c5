"""The user's own segments: an ordered list of rules in a YAML file, the first that matches wins."""

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from crmresearch.data.documents import shown
from crmresearch.data.rule_file import OTHER, Condition, RuleFile, When, read_rule_file
from crmresearch.data.survey.codebook import as_value
from crmresearch.segmentation.contract import Codes, Segment, SegmentationError, Segmenter, needed_columns
from crmresearch.segmentation.wording import told

Flags = NDArray[np.bool_]


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
    document = read_rule_file(path, SegmentationError)
    if not document.rules:
        raise SegmentationError(f"{shown(path)} gives tags but no segments; add `rules`.")
    return CustomRules(document)


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
        rest = self.document.other or told("segment.other")
        return (*(Segment(key, labels[key]) for key in order), Segment(OTHER, rest, other=True))

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
            check_comparable(frame, rule.when, f"{self.name} compares", f"rule {rule.segment}")
        return frame

    def _learn(self, frame: pd.DataFrame) -> None:
        pass

    def _assign(self, frame: pd.DataFrame) -> Codes:
        keys = [segment.key for segment in self.segments]
        met = [meets(frame, rule.when) for rule in self.document.rules]
        return np.select(met, [keys.index(rule.segment) for rule in self.document.rules], len(keys) - 1)


def check_comparable(frame: pd.DataFrame, when: When, compares: str, rule: str) -> None:
    """Raises SegmentationError where a condition compares a number with text, or text with a number."""
    for column, condition in when.items():
        numbers = pd.api.types.is_numeric_dtype(frame[column])
        if condition.among is None and not numbers:
            raise SegmentationError(f"{compares} {column} with a number in {rule}, but it holds text; use `in`.")
        if condition.among is not None and numbers:
            for text in (value for value in map(as_value, condition.among) if isinstance(value, str)):
                raise SegmentationError(f"{compares} {column} with the text {text!r} in {rule}, but it holds numbers.")


def meets(frame: pd.DataFrame, when: When) -> Flags:
    """Which customers meet every condition (n,). Bounds are inclusive; a missing value meets none."""
    return np.logical_and.reduce([_met(frame[column], condition) for column, condition in when.items()])


def _met(values: pd.Series, condition: Condition) -> Flags:
    if condition.among is not None:
        wanted = {as_value(code) for code in condition.among}
        return np.array([not pd.isna(value) and as_value(value) in wanted for value in values], dtype=bool)
    numbers = values.astype(float).to_numpy()
    low = -np.inf if condition.min is None else condition.min
    high = np.inf if condition.max is None else condition.max
    return (numbers >= low) & (numbers <= high)
