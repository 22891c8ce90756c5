"""A specification: one theory bound to the items of one codebook, ready to be estimated."""

from collections.abc import Collection, Mapping, Sequence
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
    """A construct of the theory with the items that measure it in one survey, or the constructs it is made `of`."""

    key: str
    label: Text
    definition: Text
    measurement: Measurement
    items: tuple[str, ...]
    stage: str | None = None
    of: tuple[str, ...] = ()

    @property
    def parts(self) -> tuple[str, ...]:
        """Its items, or the constructs it is made of."""
        return self.of or self.items


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
        """The most arrows that point to one construct: from its predictors, or from the parts of a mode-B composite.

        With constructs of second order those of the first stage count too, where their components have their paths.
        """
        from_parts = [len(c.parts) for c in self.constructs if c.measurement == "composite_b"]
        own = max(*(len(self.predictors_of(outcome)) for outcome in self.outcomes), *from_parts, 0)
        return max(own, self.first_stage().most_arrows) if self.components else own

    @property
    def components(self) -> dict[str, str]:
        """Of every construct that is part of one of second order, that one."""
        return {part: c.key for c in self.constructs for part in c.of}

    def first_stage(self) -> "Specification":
        """The model of the first stage: no construct of second order; its components have each of its paths.

        Source: Sarstedt et al. (2019), Australasian Marketing Journal 27, 197–211, the disjoint two-stage approach.
        """
        ends = {c.key: c.of or (c.key,) for c in self.constructs}
        paths = [
            replace(path, predictor=x, outcome=y)
            for path in self.paths
            for y in ends[path.outcome]
            for x in ends[path.predictor]
        ]
        kept = tuple(c for c in self.constructs if not c.of)
        return replace(self, constructs=kept, paths=tuple(paths), moderations=())

    def second_stage(self) -> "Specification":
        """The model of the second stage: the scores of the components are the items of their construct."""
        return replace(
            self,
            constructs=tuple(
                replace(c, items=c.parts, of=(), measurement=_measurement(c.measurement, c.parts))
                for c in self.constructs
                if c.key not in self.components
            ),
        )

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
                replace(c, measurement=_measurement(measurement.get(c.key, c.measurement), c.parts))
                for c in self.constructs
            ),
        )

    def without_moderation(self) -> "Specification":
        """The same model with main effects only."""
        return replace(self, moderations=())

    def to_lavaan(self) -> str:
        """The model in lavaan syntax; a single item stands for its construct without error.

        A composite of constructs is written as one of items, `before <~ brand + information`.
        """
        lines = ["# measurement"]
        for c in self.constructs:
            if len(c.items) == 1 and not c.of:
                lines += [f"{c.key} =~ 1*{c.items[0]}", f"{c.items[0]} ~~ 0*{c.items[0]}"]
            else:
                operator = "<~" if c.of or c.measurement.startswith("composite") else "=~"
                lines.append(f"{c.key} {operator} {' + '.join(c.parts)}")
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
    items = codebook.items_of(*theory.lineage)
    own = any(one in codebook.theories and codebook.theories[one].constructs for one in theory.lineage)
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
    constructs = tuple(_bound(theory, key, items, measured) for key in theory.constructs if key in measured)
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
        whole = theory.components.get(key, key)  # a component has no path but that of what it is part of
        if key in measured and all(whole not in (p.predictor, p.outcome) for p in paths):
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


def _bound(theory: Theory, key: str, items: Mapping[str, Sequence[str]], measured: Collection[str]) -> BoundConstruct:
    construct = theory.constructs[key]
    of = tuple(part for part in construct.of if part in measured)
    own = () if of else tuple(items[key])
    measurement = _measurement(construct.measurement, of or own)
    return BoundConstruct(key, construct.label, construct.definition, measurement, own, construct.stage, of)


def _measured(
    theory: Theory, items: Mapping[str, Sequence[str]], where: str, advice: str
) -> tuple[set[str], list[str]]:
    """Constructs that enter the model, and the optional ones that cannot for want of items."""
    stands_in = {key: c.instead_of for key, c in theory.constructs.items() if c.instead_of}
    measured = {key for key in theory.constructs if items.get(key)}
    for key, construct in theory.constructs.items():
        if construct.of and key in measured:
            raise SpecificationError(
                f"{where} binds items to {key!r}, which theory {theory.key!r} makes of {', '.join(construct.of)}; bind "
                "them to these."
            )
    measured -= {key for key, others in stands_in.items() if measured & set(others)}
    measured |= {whole for part, whole in theory.components.items() if part in measured}
    replaced = {other for key, others in stands_in.items() if key in measured for other in others}
    unmeasured = []
    for key, construct in theory.constructs.items():
        if key in measured or key in replaced or key in stands_in:
            continue
        if not construct.optional and construct.of:
            raise SpecificationError(
                f"Theory {theory.key!r} needs items for one of the constructs that make up {key!r} "
                f"({', '.join(construct.of)}), and {where} binds none to any; {advice}."
            )
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
