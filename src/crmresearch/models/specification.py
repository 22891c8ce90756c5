"""A specification: one theory bound to the items of one codebook, ready to be estimated."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches

from crmresearch.data.dataset import Text
from crmresearch.data.survey.codebook import Codebook
from crmresearch.errors import SpecificationError
from crmresearch.models.theory import (
    Measurement,
    Moderation,
    Sign,
    Theory,
    check_acyclic,
)


@dataclass(frozen=True)
class BoundConstruct:
    """A construct of the theory with the items that measure it in one survey."""

    key: str
    label: Text
    definition: Text
    measurement: Measurement
    items: tuple[str, ...]
    stage: str | None = None


@dataclass(frozen=True)
class BoundPath:
    """A path both of whose constructs are measured; `hypothesis` numbers it (H1, H2, …)."""

    predictor: str
    outcome: str
    sign: Sign
    hypothesis: str


@dataclass(frozen=True)
class Specification:
    """What is estimated: constructs with their items, paths, moderations.

    `unmeasured` lists the theory's optional constructs for which the survey has no items.
    """

    theory: Theory
    constructs: tuple[BoundConstruct, ...]
    paths: tuple[BoundPath, ...]
    moderations: tuple[Moderation, ...] = ()
    unmeasured: tuple[str, ...] = ()

    @property
    def keys(self) -> list[str]:
        """Construct keys in the order of the theory file."""
        return [construct.key for construct in self.constructs]

    @property
    def items(self) -> list[str]:
        """Items of all constructs, construct by construct."""
        return [item for construct in self.constructs for item in construct.items]

    @property
    def outcomes(self) -> list[str]:
        """Endogenous constructs, in construct order."""
        reached = {path.outcome for path in self.paths}
        return [key for key in self.keys if key in reached]

    @property
    def most_arrows(self) -> int:
        """The most arrows that point to one construct: from its predictors, or from the items of a mode-B composite."""
        from_items = [len(c.items) for c in self.constructs if c.measurement == "composite_b"]
        return max(*(len(self.predictors_of(outcome)) for outcome in self.outcomes), *from_items, 0)

    def construct(self, key: str) -> BoundConstruct:
        """The construct of this key; SpecificationError when there is none."""
        for construct in self.constructs:
            if construct.key == key:
                return construct
        raise SpecificationError(f"Unknown construct {key!r}; the model has {', '.join(self.keys)}.")

    def label(self, key: str, language: str = "en") -> str:
        """Name of a construct for readers, in `language` or else in English."""
        label = self.construct(key).label
        return label.get(language, label["en"])

    def predictors_of(self, outcome: str) -> list[str]:
        """Constructs with a path into `outcome`, in construct order."""
        into = {path.predictor for path in self.paths if path.outcome == outcome}
        return [key for key in self.keys if key in into]

    def with_measurement(self, **measurement: Measurement) -> "Specification":
        """The same model with the measurement of the named constructs changed."""
        for key in measurement:
            self.construct(key)
        return replace(
            self,
            constructs=tuple(
                replace(c, measurement=_measurement(measurement.get(c.key, c.measurement), c.items))
                for c in self.constructs
            ),
        )

    def without_moderation(self) -> "Specification":
        """The same model with main effects only."""
        return replace(self, moderations=())

    def to_lavaan(self) -> str:
        """The model in lavaan syntax; a single item stands for its construct without error."""
        lines = ["# measurement"]
        for c in self.constructs:
            if len(c.items) == 1:
                lines += [f"{c.key} =~ 1*{c.items[0]}", f"{c.items[0]} ~~ 0*{c.items[0]}"]
            else:
                operator = "<~" if c.measurement.startswith("composite") else "=~"
                lines.append(f"{c.key} {operator} {' + '.join(c.items)}")
        if mode_a := [c.key for c in self.constructs if c.measurement == "composite_a"]:
            lines.append(f"# mode A: {', '.join(mode_a)}")  # lavaan does not tell the modes apart; `model` reads it
        lines.append("# structure")
        lines += [f"{outcome} ~ {' + '.join(self.predictors_of(outcome))}" for outcome in self.outcomes]
        lines += [f"# moderation (two-stage): {m.outcome} ~ {m.predictor}:{m.moderator}" for m in self.moderations]
        return "\n".join(lines) + "\n"

    def __str__(self) -> str:
        return self.to_lavaan()


def bind(theory: Theory, codebook: Codebook) -> Specification:
    """The theory with the items that measure its constructs in the codebook.

    The items the theory names for this data set come first, whole, in the place of what the codebook says; then the
    codebook's bindings for this theory; then its default map, which serves every theory and so may hold constructs
    this one does not use. Raises SpecificationError as `bind_items`, for an item of the theory that the codebook
    lacks, and for an unknown construct: one the theory lacks, in its own bindings; one that looks like a construct
    left without items, in the default map.
    """
    if codebook.key in theory.items:
        return _bind_own_items(theory, codebook)
    where = f"the codebook of {codebook.key}"
    items = codebook.items_of(theory.key)
    own = theory.key in codebook.theories and codebook.theories[theory.key].constructs
    unbound = [key for key in theory.constructs if not items.get(key)]
    for key in items:
        if key not in theory.constructs:
            close = get_close_matches(key, unbound, n=1, cutoff=0.6 if own else 0.8)
            if own or close:
                raise SpecificationError(
                    f"{where} binds items to the unknown construct {key!r}; "
                    + (f"did you mean {close[0]!r}?" if close else f"{theory.key} has {', '.join(theory.constructs)}.")
                )
    advice = f"add it under `constructs` or `theories: {theory.key}:`, or in the theory under `items: {codebook.key}:`"
    return bind_items(theory, items, where, advice)


def _bind_own_items(theory: Theory, codebook: Codebook) -> Specification:
    items, where = theory.items[codebook.key], f"{theory.where}, items.{codebook.key}"
    for construct, names in items.items():
        for name in names:
            if name not in codebook.items:
                close = get_close_matches(name, codebook.items, n=1)
                raise SpecificationError(
                    f"{where}.{construct}: the codebook of {codebook.key} has no item {name!r}; "
                    + (f"did you mean {close[0]!r}?" if close else f"it has {', '.join(codebook.items)}.")
                )
    return bind_items(theory, items, where)


def bind_items(
    theory: Theory, items: Mapping[str, Sequence[str]], where: str = "the codebook", advice: str = "add it there"
) -> Specification:
    """The theory with the items that measure each construct.

    `items` maps construct keys to item names and may hold constructs the theory does not use; `where` they come from
    and the `advice` to who must add some are for the sentences of mistakes. A construct that
    stands `instead_of` others takes their place when only it has items; optional constructs without items are left
    out. Raises SpecificationError for a construct without items, an item used twice, an outcome that has lost all
    its predictors, a construct that has lost all its paths; TheoryError for a cycle.
    """
    measured, unmeasured = _measured(theory, items, where, advice)
    constructs = tuple(
        BoundConstruct(key, c.label, c.definition, _measurement(c.measurement, items[key]), tuple(items[key]), c.stage)
        for key, c in theory.constructs.items()
        if key in measured
    )
    _check_items(constructs, where)
    paths = [p for p in theory.paths if {p.predictor, p.outcome} <= measured]
    check_acyclic([(p.predictor, p.outcome) for p in paths], theory.key)
    for outcome in dict.fromkeys(p.outcome for p in theory.paths):
        if outcome in measured and all(p.outcome != outcome for p in paths):
            predictors = [p.predictor for p in theory.paths if p.outcome == outcome]
            raise SpecificationError(
                f"{where} measures {outcome!r} but none of its predictors in theory {theory.key!r} "
                f"({', '.join(predictors)}); bind items to at least one."
            )
    for key in theory.constructs:
        if key in measured and all(key not in (p.predictor, p.outcome) for p in paths):
            raise SpecificationError(
                f"{where} measures {key!r} but nothing that theory {theory.key!r} joins it to; bind items to the "
                "constructs between, or none to it."
            )
    return Specification(
        theory=theory,
        constructs=constructs,
        paths=tuple(BoundPath(p.predictor, p.outcome, p.sign, f"H{i}") for i, p in enumerate(paths, start=1)),
        moderations=tuple(m for m in theory.moderations if {m.moderator, m.predictor, m.outcome} <= measured),
        unmeasured=tuple(unmeasured),
    )


def _measured(
    theory: Theory, items: Mapping[str, Sequence[str]], where: str, advice: str
) -> tuple[set[str], list[str]]:
    """Constructs that enter the model, and the optional ones that cannot for want of items."""
    stands_in = {key: c.instead_of for key, c in theory.constructs.items() if c.instead_of}
    measured = {key for key in theory.constructs if items.get(key)}
    measured -= {key for key, others in stands_in.items() if measured & set(others)}
    replaced = {other for key, others in stands_in.items() if key in measured for other in others}
    unmeasured = []
    for key, construct in theory.constructs.items():
        if key in measured or key in replaced or key in stands_in:
            continue
        if not construct.optional:
            raise SpecificationError(
                f"Theory {theory.key!r} needs items for the construct {key!r} ({construct.label['en']}), and {where} "
                f"binds none to it; {advice}."
            )
        unmeasured.append(key)
    return measured, unmeasured


def _measurement(measurement: Measurement, items: Sequence[str]) -> Measurement:
    if len(items) == 1:
        return "single_item"
    return "common_factor" if measurement == "single_item" else measurement


def _check_items(constructs: Sequence[BoundConstruct], where: str) -> None:
    owner: dict[str, str] = {}
    for construct in constructs:
        for item in construct.items:
            if item in owner:
                raise SpecificationError(
                    f"{where} uses the item {item!r} twice, for {owner[item]!r} and for {construct.key!r}; an item "
                    "measures one construct."
                )
            owner[item] = construct.key


def product_key(predictor: str, moderator: str) -> str:
    """Name of the construct that carries a moderation."""
    return f"{predictor}:{moderator}"
