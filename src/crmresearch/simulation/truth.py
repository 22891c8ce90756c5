"""A truth: the numbers of a theory from which respondents are simulated, read strictly from YAML or made in Python.

`crmresearch.simulation.population` turns it into matrices, `crmresearch.simulation.simulate` draws respondents from it.
"""

import os
from collections.abc import Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Field, PrivateAttr, model_validator

from crmresearch.data.catalog import find_codebook
from crmresearch.data.documents import MistakesError, read_document
from crmresearch.data.survey.codebook import Codebook
from crmresearch.errors import CrmResearchError, TruthError
from crmresearch.models.lavaan import model
from crmresearch.models.specification import Specification, bind, bind_items, product_key
from crmresearch.models.theory import Measurement, load_theory
from crmresearch.simulation.scale import Scale

Share = Annotated[float, Field(ge=0, le=1)]
Correlation = Annotated[float, Field(gt=-1, lt=1)]
Loading = Annotated[float, Field(ge=-1, le=1)]
Coefficient = Annotated[float, Field(allow_inf_nan=False)]
Arrows = dict[str, dict[str, Coefficient]]  # outcome → predictor (or predictor:moderator) → standardised coefficient


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Answers(_Strict):
    """How an item is answered on its scale: mean, standard deviation and skewness of the answers, in scale points.

    Without a mean it is the middle, without a standard deviation a fifth of the range; of a 0/1 item the mean is the
    share of ones. `min` and `max` are those of the codebook where the truth has one, else 1 and 10.
    """

    mean: float | None = None
    sd: Annotated[float, Field(gt=0)] | None = None
    skewness: float = 0.0
    min: int | None = None
    max: int | None = None


class GroupTruth(_Strict):
    """What is different in one group: its share, paths, moderations, and own levels of constructs in SD."""

    share: Annotated[float, Field(gt=0, le=1)]
    paths: Arrows = Field(default_factory=dict)
    moderations: Arrows = Field(default_factory=dict)
    means: dict[str, Coefficient] = Field(default_factory=dict)


class Groups(_Strict):
    """A column that divides the respondents, and what is different in each of its values."""

    column: str
    values: Annotated[dict[int | str, GroupTruth], Field(min_length=1)]

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if abs(total := sum(group.share for group in self.values.values()) - 1) > 1e-9:
            raise ValueError(f"the shares of the groups must sum to 1; they sum to {1 + total:g}")
        return self


class MissingAtRandom(_Strict):
    """A `share` of the answers to `items` (all others, if none are named) is missing, the more the higher `by` is.

    The log-odds of a gap change by `slope` with every standard deviation of the answer to `by`, which has no gaps.
    """

    share: Share
    by: str
    slope: Coefficient
    items: tuple[str, ...] = ()


class Missing(_Strict):
    """Shares of missing answers: completely at random (`mcar`), and depending on an answer that is there (`mar`)."""

    mcar: Share = 0.0
    mar: MissingAtRandom | None = None


class Careless(_Strict):
    """Shares of respondents who give one answer to everything (`straight`), and answers by chance (`random`)."""

    straight: Share = 0.0
    random: Share = 0.0

    @model_validator(mode="after")
    def _possible(self) -> Self:
        if self.straight + self.random > 1:
            raise ValueError(f"straight ({self.straight:g}) and random ({self.random:g}) cannot exceed 1 together")
        return self


class Truth(_Strict):
    """A population that answers a questionnaire: a theory, its items, and the numbers that are true of them.

    `theory`: a key or a YAML file. Its items are those of the codebook of `dataset`, or `items` (construct → items).
    `model`: text in lavaan syntax in the place of both.
    All constructs and continuous answers have variance 1 in every group (and mean 0 in one without `means`).
    `loadings` of common factors by construct, one number or one an item in their order, else `loading`; a single item
    is without error unless a loading is named. Composites have `weights`, in any unit (equal if none), and items that
    correlate by `within`. `measurement` changes that of the theory. `paths` and `moderations` not named are 0; a
    moderation is the change of the path when the moderator rises by one SD. `correlation` of exogenous constructs
    unless `correlations` says otherwise. Without `answers` items are continuous; `answers_of` overrides it by construct
    or item. `reversed` items are answered the other way round. `profile`: columns that have to do with nothing.
    `respondents` and `seed` are those of a data set that is made from the truth.

    >>> truth = Truth(model="sat =~ S1 + S2 + S3\\nloy =~ L1 + L2\\nloy ~ sat", paths={"loy": {"sat": 0.6}})
    >>> truth.specification.items
    ['S1', 'S2', 'S3', 'L1', 'L2']
    """

    theory: str | None = None
    model: str | None = None
    dataset: str | None = None
    items: dict[str, list[str]] | None = None
    measurement: dict[str, Measurement] = Field(default_factory=dict)
    loading: Annotated[float, Field(gt=0, le=1)] = 0.8
    loadings: dict[str, Loading | list[Loading]] = Field(default_factory=dict)
    weights: dict[str, list[Coefficient]] = Field(default_factory=dict)
    within: Correlation | dict[str, Correlation] = 0.3
    paths: Arrows = Field(default_factory=dict)
    moderations: Arrows = Field(default_factory=dict)
    correlation: Correlation = 0.0
    correlations: dict[str, dict[str, Correlation]] = Field(default_factory=dict)
    groups: Groups | None = None
    answers: Answers | None = None
    answers_of: dict[str, Answers] = Field(default_factory=dict)
    reversed: tuple[str, ...] = ()
    missing: Missing = Missing()
    careless: Careless = Careless()
    profile: dict[str, dict[int | str, Share]] = Field(default_factory=dict)
    respondents: Annotated[int, Field(ge=2)] | None = None
    seed: Annotated[int, Field(ge=0)] | None = None
    _folder: Path = PrivateAttr(default=Path())

    @model_validator(mode="after")
    def _named(self) -> Self:
        if (self.theory is None) == (self.model is None):
            raise MistakesError(["theory: name either a `theory` or a `model` in lavaan syntax"])
        if (self.dataset is None) + (self.items is None) != (1 if self.theory else 2):
            raise MistakesError(["items: a theory has `items` or a `dataset` whose codebook has them, a model neither"])
        for column, shares in self.profile.items():
            if abs(sum(shares.values()) - 1) > 1e-9:
                raise MistakesError([f"profile.{column}: the shares must sum to 1"])
        return self

    @cached_property
    def codebook(self) -> Codebook | None:
        """The codebook of the data set, if the truth has one."""
        if self.dataset is None:
            return None
        folder = self._folder / self.dataset
        book = find_codebook(str(folder) if (folder / "codebook.yaml").is_file() else self.dataset)
        if not isinstance(book, Codebook):
            raise TruthError(f"dataset: {self.dataset} holds transactions; name a survey.")
        return book

    @cached_property
    def specification(self) -> Specification:
        """The theory bound to the items, measured as the truth says."""
        if self.theory is None:
            return model(self.model or "").with_measurement(**self.measurement)
        beside = self._folder / self.theory
        theory = load_theory(beside if self.theory.endswith((".yaml", ".yml")) and beside.is_file() else self.theory)
        if self.codebook is not None:
            bound = bind(theory, self.codebook)
        else:
            bound = bind_items(theory, self.items or {}, "the truth", "add it under `items`")
        return bound.with_measurement(**self.measurement)

    def changed(self, **updates: Any) -> "Truth":
        """The same truth with other values of some of its fields."""
        other = Truth(**{name: getattr(self, name) for name in type(self).model_fields} | updates)
        other._folder = self._folder
        return other

    def undisturbed(self) -> "Truth":
        """One group of attentive respondents without gaps whose answers are continuous: what estimators presume."""
        none: dict[str, Any] = {"answers": None, "answers_of": {}, "missing": Missing(), "careless": Careless()}
        return self.changed(**none, groups=None, profile={})

    def of_composites(self, within: float = 0.6) -> "Truth":
        """The same, but every construct of several items is the sum of these, which correlate by `within` (mode A)."""
        several = [c.key for c in self.specification.constructs if len(c.items) > 1]
        single = {key: value for key, value in self.loadings.items() if key not in several}
        return self.changed(measurement=dict.fromkeys(several, "composite_a"), loadings=single, within=within)

    @property
    def group_truths(self) -> dict[int | str | None, GroupTruth]:
        """The groups by value; one, None, where nobody is divided."""
        divided: Mapping[Any, GroupTruth] = self.groups.values if self.groups else {None: GroupTruth(share=1.0)}
        return dict(divided)

    def path(self, predictor: str, outcome: str, group: int | str | None = None) -> float:
        """The path, or the moderation of `predictor:moderator`, in a group (the common one where it has no own)."""
        own = self.group_truths[group] if group is not None else GroupTruth(share=1.0)
        for arrows in (own.paths, own.moderations, self.paths, self.moderations):
            if predictor in arrows.get(outcome, {}):
                return arrows[outcome][predictor]
        return 0.0

    def mistakes(self) -> Iterator[str]:
        """What names something that the theory and its items do not have, a sentence each."""
        spec = self.specification
        known = {"paths": {(p.outcome, p.predictor) for p in spec.paths}}
        known["moderations"] = {(m.outcome, product_key(m.predictor, m.moderator)) for m in spec.moderations}
        for where, owner in [("", self), *((f"groups.values.{v}.", g) for v, g in self.group_truths.items())]:
            for kind, pairs in known.items():
                arrows: Arrows = getattr(owner, kind)
                for outcome, predictor in ((o, p) for o, found in arrows.items() for p in found):
                    if (outcome, predictor) not in pairs:
                        named = ", ".join(f"{p} → {o}" for o, p in sorted(pairs)) or "none"
                        yield f"{where}{kind}: {predictor} → {outcome} is none of the theory's; it has {named}"
        yield from self._construct_mistakes(spec)
        yield from self._item_mistakes(spec)

    def _construct_mistakes(self, spec: Specification) -> Iterator[str]:
        exogenous = [key for key in spec.keys if key not in spec.outcomes]
        named: list[tuple[str, str, list[str]]] = [
            *(("loadings", key, spec.keys) for key in self.loadings),
            *(("weights", key, spec.keys) for key in self.weights),
            *(("within", key, spec.keys) for key in (self.within if isinstance(self.within, Mapping) else ())),
            *(("correlations", key, exogenous) for pair in self.correlations.items() for key in (pair[0], *pair[1])),
            *((f"groups.values.{v}.means", key, spec.keys) for v, g in self.group_truths.items() for key in g.means),
        ]
        for where, key, among in named:
            if key not in among:
                yield f"{where}: {key!r} is not among {', '.join(among)}"
        for where, numbers in (("loadings", self.loadings), ("weights", self.weights)):
            for key, given in numbers.items():
                if key in spec.keys and isinstance(given, list) and len(given) != len(spec.construct(key).items):
                    yield f"{where}.{key}: has {len(given)} numbers for {len(spec.construct(key).items)} items"
                composite = key in spec.keys and spec.construct(key).measurement.startswith("composite")
                if key in spec.keys and composite != (where == "weights"):
                    yield f"{where}.{key}: a {'composite has weights' if composite else 'common factor has loadings'}"

    def _item_mistakes(self, spec: Specification) -> Iterator[str]:
        by = [self.missing.mar.by, *self.missing.mar.items] if self.missing.mar else []
        for where, key, among in [
            *(("answers_of", key, [*spec.keys, *spec.items]) for key in self.answers_of),
            *(("reversed", key, spec.items) for key in self.reversed),
            *(("missing.mar", key, spec.items) for key in by),
        ]:
            if key not in among:
                yield f"{where}: {key!r} is not among {', '.join(among)}"
        columns = [*spec.items, *([self.groups.column] if self.groups else []), *self.profile]
        for column in sorted({column for column in columns if columns.count(column) > 1}):
            yield f"profile: {column} is a column already; give it another name"

    def answers_to(self, item: str) -> Scale | None:
        """How an item is answered: as it, its construct or all are said to be; None for a continuous one."""
        spec = self.specification
        construct = next(c.key for c in spec.constructs if item in c.items)
        chosen = self.answers_of.get(item) or self.answers_of.get(construct) or self.answers
        if chosen is None:
            return None
        described = None if self.codebook is None else self.codebook.items[item]
        ends = (1, 10) if described is None else (int(described.min), int(described.max))
        low, high = (end if own is None else own for own, end in zip((chosen.min, chosen.max), ends, strict=True))
        if low >= high:
            raise TruthError(f"answers of {item}: min ({low}) must be below max ({high}).")
        mean = (low + high) / 2 if chosen.mean is None else chosen.mean
        return Scale(low, high, mean, (high - low) / 5 if chosen.sd is None else chosen.sd, chosen.skewness)

    def turned(self, item: str) -> bool:
        """Whether the item is answered the other way round."""
        return item in self.reversed or (self.codebook is not None and self.codebook.items[item].reversed)


def load_truth(path: str | Path) -> Truth:
    """The truth of a YAML file, or of the data set (its folder or key) that was simulated from a `truth.yaml`.

    Raises TruthError with a sentence for every mistake: file, key, what to do.

    >>> load_truth("staged_simulated").theory
    'staged'
    """
    path = Path(path)
    if not str(path).endswith((".yaml", ".yml")):
        path = find_codebook(str(path)).folder / "truth.yaml"
    if not os.path.isfile(path):
        raise TruthError(f"There is no truth file {path.name!r} in {path.parent}.")
    truth = read_document(path, Truth, TruthError)
    truth._folder = path.parent.resolve().parent if truth.dataset else path.parent
    check(truth, path.name)
    return truth


def check(truth: Truth, where: str = "The truth") -> None:
    """Raise TruthError with a sentence for everything that the theory and its items do not have."""
    try:
        found = list(truth.mistakes())
    except TruthError:
        raise
    except CrmResearchError as error:
        raise TruthError(f"{where}: {error}") from None
    if found:
        raise TruthError("\n".join(f"{where}, {mistake}." for mistake in found))
