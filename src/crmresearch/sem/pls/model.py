"""A specification as the arrays that the algorithm works on: main effects, products, stages of second order."""

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from crmresearch.models.specification import Specification
from crmresearch.sem.pls.algorithm import PathModel
from crmresearch.sem.pls.second_order import Stages


@dataclass(frozen=True)
class Model:
    """The arrays of a specification: main effects, and the same with the product constructs appended.

    Constructs of second order have no items there; `stages` are the models that give them their weights. `effects`:
    main effects, and what components do to their construct.
    """

    main: PathModel
    full: PathModel
    products: tuple[tuple[int, int], ...]
    stages: Stages | None = None

    @cached_property
    def effects(self) -> PathModel:
        """The main effects with an arrow from every component to its construct."""
        if self.stages is None:
            return self.main
        adjacency = self.main.adjacency.copy()
        adjacency[self.stages.parts, self.stages.wholes] = True
        return replace(self.main, adjacency=adjacency)

    @property
    def constructs(self) -> int:
        """Number of constructs without products."""
        return len(self.main.mode_b)


def model_arrays(specification: Specification) -> Model:
    """The specification as arrays, its moderations as single-item constructs at the end."""
    keys = specification.keys
    constructs = specification.constructs
    owner = np.repeat(np.arange(len(keys)), [len(c.items) for c in constructs])
    adjacency = np.zeros((len(keys), len(keys)), dtype=np.bool_)
    for path in specification.paths:
        adjacency[keys.index(path.predictor), keys.index(path.outcome)] = True
    main = PathModel(
        mask=np.eye(len(keys))[owner],
        owner=owner,
        mode_b=np.array([c.measurement == "composite_b" and not c.of for c in constructs]),
        factor=np.array([c.measurement == "common_factor" for c in constructs]),
        adjacency=adjacency,
    )
    stages = _stages(specification) if specification.components else None
    q = len(specification.moderations)
    if not q:
        return Model(main, main, (), stages)
    k = len(keys)
    extended = np.zeros((k + q, k + q), dtype=np.bool_)
    extended[:k, :k] = adjacency
    for a, m in enumerate(specification.moderations):
        extended[k + a, keys.index(m.outcome)] = True
    owner = np.concatenate([owner, np.arange(k, k + q)])
    none = np.zeros(q, dtype=np.bool_)
    full = PathModel(
        mask=np.eye(k + q)[owner],
        owner=owner,
        mode_b=np.concatenate([main.mode_b, none]),
        factor=np.concatenate([main.factor, none]),
        adjacency=extended,
    )
    products = tuple((keys.index(m.predictor), keys.index(m.moderator)) for m in specification.moderations)
    return Model(main, full, products, stages)


def _stages(specification: Specification) -> Stages:
    keys, components = specification.keys, specification.components
    first, second = specification.first_stage(), specification.second_stage()
    # in stage two with scores alone every other construct is its own item
    scores = [c if specification.construct(c.key).of else replace(c, items=(c.key,)) for c in second.constructs]
    structure = replace(second, constructs=tuple(scores))
    arrays, p = model_arrays(second), len(specification.items)
    place = {c.key: [specification.items.index(i) for i in c.items] for c in first.constructs}
    score = {key: p + j for j, key in enumerate(first.keys)}
    variables = [
        [score[part] for part in c.items] if specification.construct(c.key).of else place[c.key]
        for c in second.constructs
    ]
    products = list(range(len(keys), len(keys) + len(specification.moderations)))
    behind = list(range(len(first.keys), len(first.keys) + len(products)))
    flat, parts = [v for each in variables for v in each], list(components)
    return Stages(
        first=model_arrays(first).main,
        main=arrays.main,
        full=arrays.full,
        structure=model_arrays(structure).full,
        measured=np.array([*map(keys.index, first.keys), *products]),
        of_second=np.array([*map(keys.index, second.keys), *products]),
        variables=np.array(flat),
        scores=np.array([*(first.keys.index(key) for key in structure.items), *behind]),
        parts=np.array([keys.index(part) for part in parts]),
        wholes=np.array([keys.index(components[part]) for part in parts]),
        part_variables=np.array([flat.index(score[part]) for part in parts]),
        part_scores=np.array([structure.items.index(part) for part in parts]),
    )
