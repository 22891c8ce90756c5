"""A path model written as text in lavaan syntax, read into a specification; the reverse of `Specification.to_lavaan`.

One statement a line: `construct =~ item + item` (common factor), `construct <~ item + item` (composite, mode B; of
second order where constructs stand for items),
`outcome ~ predictor + predictor`, and `a:b` on the right of `~` for the moderation of a by b.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NoReturn

from crmresearch.errors import SpecificationError, TheoryError
from crmresearch.models.specification import Specification, bind_items
from crmresearch.models.theory import Construct, Measurement, Moderation, Theory, TheoryPath, check_acyclic

_TOKEN = re.compile(r"\s*(=~|<~|~~|[~+*:]|[^\W\d][\w.]*|\d+(?:\.\d+)?|\S)")
_NAME = re.compile(r"[^\W\d][\w.]*")
_OPERATORS = ("=~", "<~", "~~", "~")
# lavaan knows neither mode A nor two-stage products, so `to_lavaan` writes both as remarks, which are read back here
_MODERATION = re.compile(r"(\s*#\s*moderation \(two-stage\):)(.*)")
_MODE_A = re.compile(r"\s*#\s*mode A:(.*)")

Place = tuple[int, int]  # line and column, both from 1


@dataclass(frozen=True)
class _Token:
    text: str
    place: Place


def _refuse(place: Place, why: str) -> NoReturn:
    raise TheoryError(f"The model, line {place[0]}, column {place[1]}: {why}")


def _name(token: _Token, what: str) -> str:
    if not _NAME.fullmatch(token.text):
        _refuse(token.place, f"{token.text!r} stands where {what} is expected; names begin with a letter.")
    return token.text


@dataclass
class _Reader:
    """What the statements read so far have said, each with the place where it was said."""

    items: dict[str, list[str]] = field(default_factory=dict)
    measurement: dict[str, Measurement] = field(default_factory=dict)
    measured_at: dict[str, Place] = field(default_factory=dict)
    owner: dict[str, str] = field(default_factory=dict)
    fixed: dict[str, Place] = field(default_factory=dict)
    paths: dict[tuple[str, str], Place] = field(default_factory=dict)
    products: dict[tuple[str, str, str], Place] = field(default_factory=dict)
    names: list[_Token] = field(default_factory=list)

    def statement(self, tokens: list[_Token]) -> None:
        left = tokens[0]
        _name(left, "a construct")
        if len(tokens) < 2 or tokens[1].text not in _OPERATORS:
            place = tokens[1].place if len(tokens) > 1 else left.place
            _refuse(place, f"{left.text!r} is not followed by one of {', '.join(_OPERATORS)}; write it after the name.")
        operator = tokens[1]
        terms = self._terms(operator, tokens[2:])
        read: dict[str, Callable[[_Token, list[list[_Token]], str], None]] = {
            "=~": self._measure, "<~": self._measure, "~": self._regress, "~~": self._error,
        }  # fmt: skip
        read[operator.text](left, terms, operator.text)

    def _terms(self, operator: _Token, tokens: list[_Token]) -> list[list[_Token]]:
        terms: list[list[_Token]] = [[]]
        sign = operator
        for token in tokens:
            if token.text == "+":
                if not terms[-1]:
                    _refuse(token.place, f"nothing stands between {sign.text!r} and '+'; name a construct or an item.")
                terms.append([])
                sign = token
            else:
                terms[-1].append(token)
        if not terms[-1]:
            _refuse(sign.place, f"nothing follows {sign.text!r}; name a construct or an item, or remove it.")
        return terms

    def _measure(self, left: _Token, terms: list[list[_Token]], operator: str) -> None:
        if left.text in self.items:
            _refuse(left.place, f"{left.text!r} is measured twice; write all its items on one line.")
        items: list[str] = []
        for term in terms:
            if len(term) > 1 and term[1].text == "*":
                if len(terms) > 1 or len(term) != 3 or term[0].text != "1":
                    _refuse(term[0].place, "only a single item may have a fixed loading, written 1*item; remove it.")
                term = term[2:]
            item = _name(term[0], "an item")
            self._end(term, 1)
            if item in self.owner:
                _refuse(
                    term[0].place, f"the item {item!r} measures {self.owner[item]!r} already; an item measures one."
                )
            self.owner[item] = left.text
            items.append(item)
        self.items[left.text] = items
        self.measured_at[left.text] = left.place
        self.measurement[left.text] = "composite_b" if operator == "<~" else "common_factor"

    def _regress(self, left: _Token, terms: list[list[_Token]], operator: str) -> None:
        self.names.append(left)
        for term in terms:
            _name(term[0], "a construct")
            self.names.append(term[0])
            if len(term) > 1 and term[1].text == ":":
                if len(term) < 3:
                    _refuse(term[1].place, "nothing follows ':'; name the construct that moderates.")
                _name(term[2], "a construct")
                self.names.append(term[2])
                self._end(term, 3)
                a, b = term[0].text, term[2].text
                if a == b:
                    _refuse(term[0].place, f"{a!r} cannot moderate its own path; name two constructs.")
                if (a, b, left.text) in self.products or (b, a, left.text) in self.products:
                    _refuse(term[0].place, f"the product of {a!r} and {b!r} is written twice; keep one.")
                self.products[a, b, left.text] = term[0].place
                continue
            self._end(term, 1)
            pair = (term[0].text, left.text)
            if pair[0] == pair[1]:
                _refuse(term[0].place, f"{left.text!r} is its own predictor; remove it.")
            if pair in self.paths:
                _refuse(term[0].place, f"the path {pair[0]} → {pair[1]} is written twice; keep one.")
            self.paths[pair] = term[0].place

    def _error(self, left: _Token, terms: list[list[_Token]], operator: str) -> None:
        written = [token.text for term in terms for token in term]
        if written != ["0", "*", left.text]:
            _refuse(left.place, "of '~~' only `item ~~ 0*item` for a single item is known; remove other covariances.")
        self.fixed[left.text] = left.place

    @staticmethod
    def _end(term: list[_Token], length: int) -> None:
        if len(term) > length:
            _refuse(term[length].place, f"{term[length].text!r} is not known here; separate terms by '+'.")

    def of(self, key: str) -> list[str]:
        """The constructs that a construct is made of; none where items measure it."""
        parts = self.items.get(key, [])
        own = [part for part in parts if part in self.items and part != key]
        if own and len(own) == len(parts) and self.measurement[key] == "composite_b":
            return parts
        return []

    def check(self) -> None:
        """What only the whole model shows: unmeasured constructs, names used for two things, stray constraints."""
        for token in self.names:
            if token.text not in self.items:
                _refuse(
                    token.place,
                    f"{token.text!r} has no items; measure it with a line `{token.text} =~ item + item`, "
                    "or `=~ 1*item` for a single one.",
                )
        for key, place in self.measured_at.items():
            if self.of(self.owner.get(key, "")):
                continue
            if self.owner.get(key, key) != key or (key in self.owner and len(self.items[key]) > 1):
                _refuse(place, f"{key!r} is a construct and an item; give the construct another name.")
        for item, place in self.fixed.items():
            if len(self.items.get(self.owner.get(item, ""), [])) != 1:
                _refuse(place, f"{item!r} is not the single item of a construct, so its error cannot be 0.")
        for (predictor, moderator, outcome), place in self.products.items():
            for key in (predictor, moderator):
                if (key, outcome) not in self.paths:
                    _refuse(place, f"{predictor}:{moderator} needs the path of {key} too; add `{outcome} ~ {key}`.")
        connected = {key for pair in self.paths for key in pair}
        components = [part for key in self.items for part in self.of(key)]
        for part in components:
            if part in connected:
                _refuse(
                    self.measured_at[part],
                    f"{part!r} is part of {self.owner[part]!r} and acts through it only; remove its paths.",
                )
            if self.of(part):
                _refuse(self.measured_at[part], f"{part!r} is part of a construct and made of constructs; keep one.")
        for key, place in self.measured_at.items():
            if key not in connected and key not in components:
                _refuse(place, f"{key!r} is on no path; add one, such as `outcome ~ {key}`, or remove it.")


def _tokens(line: str, number: int, offset: int = 0) -> list[_Token]:
    return [_Token(m[1], (number, offset + m.start(1) + 1)) for m in _TOKEN.finditer(line) if m[1]]


def _statements(text: str) -> tuple[list[list[_Token]], list[_Token]]:
    """Statements, a line that ends with an operator going on in the next, and the constructs of mode A."""
    statements: list[list[_Token]] = []
    mode_a: list[_Token] = []
    open_ended = False
    for number, line in enumerate(text.splitlines(), start=1):
        if found := _MODE_A.fullmatch(line):
            mode_a += [t for t in _tokens(found[1], number, found.start(1)) if t.text != ","]
            continue
        if found := _MODERATION.fullmatch(line):
            tokens = _tokens(found[2], number, len(found[1]))
        else:
            tokens = _tokens(line.split("#")[0], number)
        if not tokens:
            continue
        if open_ended:
            statements[-1] += tokens
        else:
            statements.append(tokens)
        open_ended = tokens[-1].text in ("+", *_OPERATORS)
    return statements, mode_a


def model(text: str) -> Specification:
    """The specification of a model in lavaan syntax: constructs, items, paths and moderations, all signs open.

    In `text`, `=~` measures a common factor, `<~` a composite of mode B, of items or of other constructs (second order,
    by two stages), one item a construct without error; `~` is a
    path and `a:b` on its right the moderation by b of the path from a. `#` begins a comment. Printed, the specification
    is lavaan syntax again, and the same model when read. Reports of satisfaction and loyalty look for constructs of
    these names; estimation needs none. Source of the syntax: Rosseel (2012), Journal of Statistical Software 48(2).

    Raises TheoryError, with line and column, for what it does not know, and for a circle of paths.

    >>> import crmresearch as crm
    >>> model = crm.model('''
    ...   satisfaction =~ CUSA1 + CUSA2 + CUSA3
    ...   loyalty =~ CUSL1 + CUSL2
    ...   loyalty ~ satisfaction
    ... ''')
    >>> model.items
    ['CUSA1', 'CUSA2', 'CUSA3', 'CUSL1', 'CUSL2']
    >>> str(model).splitlines()[-1]
    'loyalty ~ satisfaction'
    >>> crm.model(str(model)) == model
    True
    """
    reader = _Reader()
    statements, mode_a = _statements(text)
    for tokens in statements:
        reader.statement(tokens)
    if not reader.paths:
        raise TheoryError("The model has no path; add a line such as `loyalty ~ satisfaction`.")
    reader.check()
    of = {key: reader.of(key) for key in reader.items}  # before modes are read, which only composites of `<~` have
    for token in mode_a:
        if reader.measurement.get(token.text) != "composite_b":
            _refuse(token.place, f"{token.text!r} is no composite, so it has no mode; measure it with `<~`.")
        reader.measurement[token.text] = "composite_a"
    check_acyclic(reader.paths, "The model")
    theory = Theory(
        key="model",
        title={"en": "A model written in lavaan syntax"},
        about={"en": "Read from text; no sign is expected of any path."},
        citation="None: the reader's own model.",
        constructs={
            key: Construct(
                label={"en": key},
                definition={"en": key},
                measurement=reader.measurement[key],
                of=tuple(of[key]),
            )
            for key in reader.items
        },
        paths=tuple(TheoryPath.model_validate({"from": x, "to": y, "sign": "open"}) for x, y in reader.paths),
        moderations=tuple(
            Moderation.model_validate({"moderator": m, "from": x, "to": y, "sign": "open"})
            for x, m, y in reader.products
        ),
    )
    try:
        return bind_items(theory, {key: items for key, items in reader.items.items() if not of[key]}, "the model")
    except SpecificationError as error:
        raise TheoryError(str(error)) from None
