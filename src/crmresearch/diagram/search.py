"""Which columns and rows the constructs of a path diagram take: deterministic simulated annealing."""

from collections.abc import Iterator

import numpy as np

from crmresearch.diagram.geometry import Array
from crmresearch.diagram.placement import (
    SIDE_CHOICES,
    Ints,
    Model,
    Placement,
    State,
    ranked,
    settle,
)

_COLUMNS = 5
_WALKS, _STEPS, _HOT, _COLD = 64, 80, 25.0, 1.5  # steps: per construct that may move
_REPLACED = 8  # walks, a dozen times
_POLISHED = 8  # walks whose best state is improved to the end
_AT_ONCE = 512  # states settled in one call
_UPSIDE_DOWN = np.array([0, 2, 1, 5, 6, 3, 4])  # sides of the indicators


def place(model: Model) -> list[Placement]:
    """Different good placements, the best first."""
    starts = np.array(list(_starts(model)))
    first = settle(model, starts)
    start = first.states[int(first.costs.argmin())]
    free = _free(model)
    states = [start]
    if len(free) > 1:
        states += list(_anneal(model, start, free))
    found: dict[bytes, Placement] = {}
    known: dict[bytes, Placement] = {}
    for state in states:
        best = _polish(model, state, free, known)
        found.setdefault(best.state.tobytes(), best)
    if len(free) == len(model.shapes):  # upside down they may keep more of the reader's order
        for placement in sorted(found.values(), key=lambda p: p.cost)[:2]:
            column, row, side = placement.state.T
            turned = np.column_stack([column, row.max() - row, _UPSIDE_DOWN[side]])
            best = _polish(model, turned, free, known)
            found.setdefault(best.state.tobytes(), best)
    return sorted(found.values(), key=lambda p: p.cost)


def _starts(model: Model) -> Iterator[State]:
    """Constructs in columns by layer, in different ways."""
    n, depth = len(model.shapes), max(model.layers)
    targets = {int(b) for b in model.pairs[:, 1]}
    origins = {int(a) for a in model.pairs[:, 0]}
    last = min(depth, _COLUMNS - 1)
    by_layer = [round(layer * last / depth) if depth else 0 for layer in model.layers]
    folded = [
        0 if i not in targets and not model.layers[i] else last if i not in origins and depth else column
        for i, column in enumerate(by_layer)
    ]
    half = [min(column, 3) if depth > 3 else column for column in by_layer]
    portrait = [min(column, 1) for column in by_layer]
    for columns in (folded, half, portrait):
        columns = [0 if stage else c for stage, c in zip(model.stages, columns, strict=True)]
        rows = [0] * n
        members = {c: [i for i in range(n) if columns[i] == c] for c in columns}
        tallest = max(len(m) for m in members.values())
        for inside in members.values():
            # a stage stays together, in the order it first appears
            order = list(dict.fromkeys(model.stages[i] for i in inside))
            for at, i in enumerate(sorted(inside, key=lambda i: order.index(model.stages[i]))):
                rows[i] = round(2 * tallest * (at + 0.5) / len(inside) - 1)
        yield _ordered(np.column_stack([columns, rows, np.zeros(n, dtype=np.int64)]))


def _free(model: Model) -> Ints:
    """The constructs that may move: stages, and a long row of causes, keep the order they were given."""
    n, targets = len(model.shapes), {int(b) for b in model.pairs[:, 1]}
    first = {i for i in range(n) if model.stages[i] or i not in targets}
    kept = first if len(first) > 6 else {i for i in range(n) if model.stages[i]}
    return np.array([i for i in range(n) if i not in kept], dtype=np.int64)


def _ordered(states: State) -> State:
    """The same order of columns and rows in even numbers: a move to an odd one opens a new one in between."""
    return np.stack([2 * ranked(states[..., 0]), 2 * ranked(states[..., 1]), states[..., 2]], axis=-1)


def _possible(states: State) -> Array:
    """Which states have no two constructs in one place, and no more columns than a page has."""
    place_ = states[..., 0] * 1000 + states[..., 1]
    place_.sort(axis=-1)
    possible: Array = (np.diff(place_, axis=-1) > 0).all(-1) & (states[..., 0].max(-1) < 2 * _COLUMNS)
    return possible


def _anneal(model: Model, start: State, free: Ints) -> State:
    """The best states of walks that at first go nearly anywhere: several, the best first."""
    random = np.random.default_rng(7)  # its own generator with a fixed seed: always the same diagram
    here = np.repeat(start[None], _WALKS, axis=0)
    costs = settle(model, here).costs
    best, best_costs = here.copy(), costs.copy()
    walk, steps = np.arange(_WALKS), _STEPS * len(free)
    every = steps // 12
    for step in range(steps):
        heat = _HOT * (_COLD / _HOT) ** (step / steps)
        there = here.copy()
        i, kind = random.choice(free, _WALKS), random.random(_WALKS)
        columns, rows = here[..., 0].max(1), here[..., 1].max(1)
        column = np.floor(random.random(_WALKS) * (columns + 3)).astype(np.int64) - 1
        row = np.floor(random.random(_WALKS) * (rows + 3)).astype(np.int64) - 1
        # to another place, on the outside of it unless it only shifts within its column
        moves = kind < 0.62
        side = np.where(column == here[walk, i, 0], here[walk, i, 2], 0)
        there[walk[moves], i[moves]] = np.column_stack([column, row, side])[moves]
        # its indicators to another side
        turns = (kind >= 0.62) & (kind < 0.78)
        there[walk[turns], i[turns], 2] = random.integers(0, SIDE_CHOICES, _WALKS)[turns]
        # an exchange with another construct
        swaps, j = kind >= 0.78, random.choice(free, _WALKS)
        there[walk[swaps], i[swaps], :2] = here[walk[swaps], j[swaps], :2]
        there[walk[swaps], j[swaps], :2] = here[walk[swaps], i[swaps], :2]
        possible = _possible(there)
        there = np.where(possible[:, None, None], _ordered(there), here)
        new = settle(model, there).costs
        taken = new <= costs - heat * np.log(1 - random.random(_WALKS))
        here = np.where(taken[:, None, None], there, here)
        costs = np.where(taken, new, costs)
        better = costs < best_costs
        best[better], best_costs[better] = here[better], costs[better]
        if step % every == every - 1:  # the worst walks go on from where the best ones are
            rank = np.argsort(costs, kind="stable")
            here[rank[-_REPLACED:]], costs[rank[-_REPLACED:]] = here[rank[:_REPLACED]], costs[rank[:_REPLACED]]
    order = np.argsort(best_costs, kind="stable")
    _, unique = np.unique(best_costs[order].round(6), return_index=True)
    return best[order[unique[:_POLISHED]]]


def _polish(model: Model, start: State, free: Ints, known: dict[bytes, Placement]) -> Placement:
    """The placement that no single move makes better; `known`: the best neighbours of states on earlier ways."""
    best = settle(model, start[None]).one(0)
    while len(free):
        key = best.state.tobytes()
        if key not in known:
            states = _neighbours(best.state, free)
            parts = [settle(model, states[k : k + _AT_ONCE]) for k in range(0, len(states), _AT_ONCE)]
            candidates = [part.one(int(part.costs.argmin())) for part in parts]
            known[key] = min(candidates, key=lambda p: p.cost, default=best)
        if known[key].cost >= best.cost - 1e-6:
            break
        best = known[key]
    return best


def _neighbours(state: State, free: Ints) -> State:
    """All different states one move away."""
    columns, rows, _ = state.max(0)
    found = []
    for k, i in enumerate(free):
        for side in range(SIDE_CHOICES):
            found.append(state.copy())
            found[-1][i, 2] = side
        for column in range(-1, columns + 2):
            for row in range(-1, rows + 2):
                found.append(state.copy())
                found[-1][i] = (column, row, state[i, 2] if column == state[i, 0] else 0)
        for j in free[k + 1 :]:
            found.append(state.copy())
            found[-1][[i, j], :2] = state[[j, i], :2]
    states = np.array(found)
    states = _ordered(states[_possible(states)])
    return np.unique(states, axis=0)
