"""A theory: constructs, the paths between them with their expected signs, and where it was published.

`crmresearch.models.specification.bind` joins it to a codebook, or to the items it names itself for that data set.
"""

import os
import re
from collections.abc import Iterable, Mapping
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, PrivateAttr

from crmresearch.data.dataset import Key, Text
from crmresearch.data.documents import read_mapping, shown, validated
from crmresearch.errors import TheoryError
from crmresearch.paths import THEORIES

Measurement = Literal["common_factor", "composite_a", "composite_b", "single_item"]
Sign = Literal["positive", "negative", "open"]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Construct(_Strict):
    """One construct. `instead_of` names constructs whose place it takes when only it has items;
    an `optional` construct is left out when the survey does not measure it. `of` names the constructs that make up one
    of second order, a composite of theirs which no item measures."""

    label: Text
    definition: Text
    measurement: Measurement = "common_factor"
    of: tuple[str, ...] = ()
    stage: Literal["before", "during", "after"] | None = None
    optional: bool = False
    instead_of: tuple[str, ...] = ()


class TheoryPath(_Strict):
    """A directed effect of `predictor` on `outcome` and the sign the theory expects of it."""

    predictor: str = Field(alias="from")
    outcome: str = Field(alias="to")
    sign: Sign = "positive"


class Moderation(_Strict):
    """`moderator` changes the effect of `predictor` on `outcome`."""

    moderator: str
    predictor: str = Field(alias="from")
    outcome: str = Field(alias="to")
    sign: Sign = "open"


class Theory(_Strict):
    """A path model of satisfaction and loyalty, as published.

    `about` says what it claims, `why` the reasons. `satisfaction` and `loyalty` name the two constructs that such a
    theory is about; `loyalty` is None in one that ends with satisfaction. `items` (data set → construct → items) says
    what measures it in a survey whose codebook is not to be changed. `extends` is the theory, a key or a file, all of
    which holds here too but for what is written anew.
    """

    key: str
    extends: str | None = None
    title: Text
    about: Text
    why: Text | None = None
    citation: str
    satisfaction: str = "satisfaction"
    loyalty: str | None = "loyalty"
    constructs: dict[str, Construct]
    paths: tuple[TheoryPath, ...]
    moderations: tuple[Moderation, ...] = ()
    items: dict[Key, dict[str, tuple[str, ...]]] = Field(default_factory=dict)
    _file: str = PrivateAttr(default="")
    _bases: tuple[str, ...] = PrivateAttr(default=())

    @property
    def lineage(self) -> tuple[str, ...]:
        """Its key and those of the theories it extends, the nearest first: whose items are its own too."""
        return (self.key, *self._bases)

    @property
    def components(self) -> dict[str, str]:
        """Of every construct that makes up one of second order, that one."""
        return {part: whole for whole, construct in self.constructs.items() for part in construct.of}

    @property
    def aims(self) -> dict[str, str]:
        """satisfaction and, where the theory has it, loyalty → construct; one construct in both roles counts once."""
        named = {"satisfaction": self.satisfaction, "loyalty": self.loyalty}
        return {aim: key for aim, key in named.items() if key and not (aim == "loyalty" and key == self.satisfaction)}

    @property
    def where(self) -> str:
        """What a sentence about a mistake calls it: its file, or its key when it was made in Python."""
        return self._file or f"the theory {self.key}"


def theory_keys() -> list[str]:
    """Keys of the theories that come with the package, in alphabetical order."""
    return sorted(path.stem for path in THEORIES.glob("*.yaml"))


@cache
def known_labels() -> dict[str, dict[str, str]]:
    """Labels by language of the constructs of these theories; where several have a construct, that of the first."""
    constructs = [one for key in reversed(theory_keys()) for one in load_theory(key).constructs.items()]
    return {key: construct.label for key, construct in constructs}


def short_titles(titles: Mapping[str, str]) -> dict[str, str]:
    """By key the abbreviation in brackets at the end of a title, where it has one of its own; else the whole title.

    >>> short_titles({"a": "The American index (ACSI)", "b": "Mine (ACSI)", "c": "The Swedish one (SCSB)", "d": "None"})
    {'a': 'The American index (ACSI)', 'b': 'Mine (ACSI)', 'c': 'SCSB', 'd': 'None'}
    """
    short = {key: re.sub(r".*[(（]([^()（）]+)[)）]$", r"\1", title) for key, title in titles.items()}
    return {key: name if [*short.values()].count(name) == 1 else titles[key] for key, name in short.items()}


def load_theory(key: str | Path) -> Theory:
    """The theory of this `key`, or of a YAML file of the reader's own.

    Its `constructs` have a label, a definition and a kind of measurement, its `paths` the sign that the publication
    named by `citation` expects. `crm.theories()` lists the keys; `crm.bind` gives the constructs their items.

    Raises TheoryError with one sentence on what is wrong and where.

    >>> import crmresearch as crm
    >>> theory = crm.load_theory("scsb")
    >>> list(theory.constructs)[:2]
    ['expectation', 'value']
    >>> theory.paths[0].predictor, theory.paths[0].outcome, theory.paths[0].sign
    ('expectation', 'value', 'positive')
    """
    return _load(_theory_file(key), ())


def _theory_file(key: str | Path, folder: Path = Path()) -> Path:
    """The file of a theory, named by its key or its path, from `folder`."""
    path = folder / key if str(key).endswith((".yaml", ".yml")) else THEORIES / f"{key}.yaml"
    if not os.path.isfile(path):
        raise TheoryError(f"There is no theory {str(key)!r}; there are {', '.join(theory_keys())}.")
    return path


def _load(path: Path, extending: tuple[Path, ...]) -> Theory:
    content = read_mapping(path, TheoryError)
    bases: tuple[str, ...] = ()
    if isinstance(content.get("extends"), str):
        base_file = _theory_file(content["extends"], path.parent)
        if base_file.resolve() in (chain := (*extending, path.resolve())):
            raise TheoryError(f"{shown(path)}, extends: {shown(base_file)} extends this theory; remove one of both.")
        base = _load(base_file, chain)  # its own mistakes are told of its own file
        content, bases = _extended(base, content), base.lineage
    theory = validated(content, path, Theory, TheoryError)
    if "loyalty" not in theory.model_fields_set | theory.constructs.keys():
        theory = theory.model_copy(update={"loyalty": None})
    _check(theory, shown(path))
    theory._file, theory._bases = shown(path), bases
    return theory


OWN = {"key", "title", "about", "extends"}  # what a theory does not take over from the one it extends


def _extended(base: Theory, content: dict[Any, Any]) -> dict[Any, Any]:
    """What a theory says that extends another: its constructs are added or take the place of those of that name,
    whatever else it writes takes the place of all that the other says of it."""
    taken = base.model_dump(by_alias=True, exclude_unset=True, exclude=OWN)
    own = content.get("constructs", {})
    constructs = {**taken["constructs"], **own} if isinstance(own, dict) else own
    return {**taken, **content, "constructs": constructs}


def _check(theory: Theory, file: str) -> None:
    known = theory.constructs
    named = [
        (theory.satisfaction, "satisfaction"),
        *([(theory.loyalty, "loyalty")] if theory.loyalty else []),
        *((key, f"instead_of of {owner}") for owner, c in known.items() for key in c.instead_of),
        *((key, f"of of {owner}") for owner, c in known.items() for key in c.of),
        *((key, f"path {p.predictor} → {p.outcome}") for p in theory.paths for key in (p.predictor, p.outcome)),
        *((m.moderator, f"moderation of {m.predictor} → {m.outcome}") for m in theory.moderations),
        *((key, f"items.{dataset}") for dataset, constructs in theory.items.items() for key in constructs),
    ]
    for key, where in named:
        if key not in known:
            raise TheoryError(f"{file}, {where}: unknown construct {key!r}; the theory has {', '.join(known)}.")
    for dataset, constructs in theory.items.items():
        for key, items in constructs.items():
            if not items:
                raise TheoryError(
                    f"{file}, items.{dataset}.{key}: has no items; list some or remove the construct there."
                )
    pairs = [(p.predictor, p.outcome) for p in theory.paths]
    _check_second_order(theory, pairs, file)
    for pair in pairs:
        if pairs.count(pair) > 1:
            raise TheoryError(f"{file}: the path {pair[0]} → {pair[1]} is written twice; keep one.")
    for m in theory.moderations:
        if (m.predictor, m.outcome) not in pairs:
            raise TheoryError(
                f"{file}: {m.moderator} moderates {m.predictor} → {m.outcome}, which is not a path of the theory."
            )
        if (m.moderator, m.outcome) not in pairs:
            raise TheoryError(
                f"{file}: {m.moderator} moderates {m.predictor} → {m.outcome} without a path of its own; add "
                f"{m.moderator} → {m.outcome}, or its effect is taken for moderation."
            )
    check_acyclic(pairs, file)
    connected = {key for pair in pairs for key in pair} | theory.components.keys()
    for key in known:
        if key not in connected:
            raise TheoryError(f"{file}: construct {key!r} is on no path; add one or remove it.")


def _check_second_order(theory: Theory, pairs: list[tuple[str, str]], file: str) -> None:
    """Raise TheoryError for a construct of constructs that is none: its parts have items, and no place elsewhere."""
    wholes = {key: c for key, c in theory.constructs.items() if c.of}
    on_path = {key: f"{a} → {b}" for a, b in pairs for key in (a, b)}
    owner: dict[str, str] = {}
    for key, construct in wholes.items():
        where = f"{file}, constructs.{key}"
        if not construct.measurement.startswith("composite"):
            raise TheoryError(
                f"{where}: a construct `of` constructs is a composite of theirs; write `measurement: composite_b` "
                "(or composite_a)."
            )
        for part in construct.of:
            if part in wholes:
                raise TheoryError(f"{where}.of: {part!r} is made of constructs itself; name those it is made of.")
            if part in owner:
                again = f"also a part of {owner[part]!r}" if owner[part] != key else "named twice"
                raise TheoryError(f"{where}.of: {part!r} is {again}; name it once.")
            if part in on_path:
                raise TheoryError(
                    f"{where}.of: {part!r} has the path {on_path[part]} of its own, and acts through {key!r} only; "
                    "remove one of both."
                )
            owner[part] = key
        for dataset, constructs in theory.items.items():
            if key in constructs:
                raise TheoryError(
                    f"{file}, items.{dataset}.{key}: {key!r} is made of constructs; list the items of those "
                    f"({', '.join(construct.of)})."
                )


def check_acyclic(pairs: Iterable[tuple[str, str]], where: str) -> None:
    """Raise TheoryError naming the cycle when the paths (predictor, outcome) are not recursive."""
    sorter: TopologicalSorter[str] = TopologicalSorter()
    for predictor, outcome in pairs:
        sorter.add(outcome, predictor)
    try:
        sorter.prepare()
    except CycleError as error:
        cycle = " → ".join(error.args[1])
        raise TheoryError(f"{where}: the paths run in a circle ({cycle}); remove one of them.") from None
