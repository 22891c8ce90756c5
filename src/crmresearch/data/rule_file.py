"""A YAML file of the user's own rules: segments, of which a customer has one, and tags, of which one may carry several.

It says in columns of the customer table who is meant, and can be checked before any customer is known.
"""

from collections.abc import Callable, Iterator, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Self

from pydantic import Field, model_validator

from crmresearch.data.dataset import Code, Key, Number, Strict, Text
from crmresearch.data.documents import MistakesError, read_document
from crmresearch.data.reserved_columns import FEATURES, FORECASTS, OUTCOMES, window_days
from crmresearch.data.transactions.codebook import TransactionsCodebook
from crmresearch.errors import CrmResearchError

OTHER = "other"
OWN_RULES = "own_rules"  # the `method` of a monitoring that follows the segments of such a file
TAKEN = ("customer", "tags", "advice", *FORECASTS, "value")  # columns of a list of customers beside their segments


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


When = Annotated[dict[str, Condition], Field(min_length=1)]


class Rule(Strict):
    """One rule: customers who meet every condition of `when` belong to `segment`, if no rule before has them."""

    segment: Key
    label: Text
    when: When


class Tag(Strict):
    """One rule: customers who meet every condition of `when` carry `tag`, whatever else they carry."""

    tag: Key
    label: Text
    when: When


class RuleFile(Strict):
    """The YAML document: key, definition, rules in order, the name of those whom no rule describes, and tags."""

    key: Key
    definition: Text
    other: Text | None = None
    rules: tuple[Rule, ...] = ()
    tags: tuple[Tag, ...] = ()

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        mistakes = [] if self.rules or self.tags else ["rules: there is none; write one or more here, or under `tags`"]
        if self.key in TAKEN:
            mistakes.append(f"key: {self.key!r} is another column of the list of customers; use another key")
        for number, rule in enumerate(self.rules):
            if rule.segment == OTHER:
                mistakes.append(
                    f"rules.{number}.segment: {OTHER!r} is for customers no rule describes; use another key"
                )
        mistakes += _name_mistakes([(f"rules.{i}", rule.segment, rule.label) for i, rule in enumerate(self.rules)])
        mistakes += _name_mistakes([(f"tags.{i}", tag.tag, tag.label) for i, tag in enumerate(self.tags)])
        mistakes += [
            f"{place}: {column!r} is only known after the cut-off; use columns of the time before it"
            for place, column, _ in self.conditions()
            if column.startswith("holdout_")
        ]
        if mistakes:
            raise MistakesError(mistakes)
        return self

    def conditions(self) -> Iterator[tuple[str, str, Condition]]:
        """Where each condition stands in the file, the column it is about, and the condition."""
        parts: dict[str, Sequence[Rule | Tag]] = {"rules": self.rules, "tags": self.tags}
        for part, entries in parts.items():
            for number, entry in enumerate(entries):
                for column, condition in entry.when.items():
                    yield f"{part}.{number}.when", column, condition


def read_rule_file(path: Path, error: Callable[[str], CrmResearchError]) -> RuleFile:
    """The file as a document. Raises what `error` makes of one sentence per mistake, naming file and key."""
    return read_document(Path(path), RuleFile, error)


def misfits(document: RuleFile, codebook: TransactionsCodebook | None) -> list[str]:
    """One sentence for each condition that no customer table of this data set can meet, each naming its place.

    That are columns the table does not have, and values that are no level of an attribute whose levels are known. None
    where there is no codebook.
    """
    mistakes: list[str] = []
    if codebook is None:
        return mistakes
    for place, column, condition in document.conditions():
        if not _is_column(column, codebook):
            known = [*FEATURES, *FORECASTS, *codebook.demographics, "spend_last_91", "purchases_last_91"]
            near = get_close_matches(column, known, n=1)
            hint = f"did you mean {near[0]!r}?" if near else f"there are {', '.join(known)}"
            mistakes.append(f"{place}: there is no column {column!r} of customers; {hint}")
        elif levels := codebook.levels.get(column):
            mistakes += [f"{place}.{column}: {text}" for text in _level_mistakes(condition, levels)]
    return mistakes


def forecasts_read(document: RuleFile) -> list[str]:
    """One sentence for each condition of a segment on a forecast, which is not made at the cut-offs of a monitoring."""
    return [
        f"{place}: {column!r} is a forecast, which monitoring does not make; use columns of purchases"
        for place, column, _ in document.conditions()
        if column in FORECASTS and place.startswith("rules.")
    ]


def _is_column(column: str, codebook: TransactionsCodebook) -> bool:
    if column.startswith("share_"):
        return codebook.columns.category is not None
    if column == "discount_share":
        return codebook.columns.discount is not None
    return window_days(column) is not None or column in {*FEATURES, *OUTCOMES, *FORECASTS, *codebook.demographics}


def _level_mistakes(condition: Condition, levels: tuple[str, ...]) -> Iterator[str]:
    if condition.among is None:
        yield f"its values are words, which have no min and max; use `in` with some of {', '.join(levels)}"
        return
    for value in condition.among:
        if value not in levels:
            yield f"{value!r} is none of its levels, which are {', '.join(levels)}"


def _name_mistakes(named: list[tuple[str, str, Text]]) -> Iterator[str]:
    """One key with two labels, and two keys with one label."""
    labels: dict[str, Text] = {}
    keys: dict[str, str] = {}
    for place, key, label in named:
        if labels.setdefault(key, label) != label:
            yield f"{place}.label: {key!r} has another label further up; write one label"
        elif (before := keys.setdefault(label["en"].strip().casefold(), key)) != key:
            yield f"{place}.label: {before!r} is called {label['en']!r} too; readers need two names"
