"""Which columns and rows the constructs of a path diagram take: deterministic simulated annealing."""

import math
import random
from collections.abc import Iterator

import numpy as np

from crmresearch.report.diagram.placement import Model, Placement, State, settle

Move = tuple[int, str | int | tuple[int, int]]  # a construct, and its new side, place, or other construct

_COLUMNS = 5
_SIDES = ("outward", "above", "below", "above-left", "above-right", "below-left", "below-right")
_ANNEALINGS, _STEPS, _HOT, _COLD = 4, 450, 25.0, 1.0  # steps: per construct that may move
_UPSIDE_DOWN = {a + c: b + c for a, b in (("above", "below"), ("below", "above")) for c in ("", "-left", "-right")}


def place(model: Model) -> list[Placement]:
    """Different good placements, the best first."""
    search = _Search(model)
    starts = [settle(model, _ordered(start)) for start in _starts(model)]
    found = {p.state: p for p in (search.polish(min(starts, key=lambda p: p.cost)),)}
    for _ in range(_ANNEALINGS if len(search.free) > 1 else 0):
        best = search.polish(search.anneal(min(starts, key=lambda p: p.cost)))
        found.setdefault(best.state, best)
        # upside down it may keep more of the reader's order
        if len(search.free) == len(model.shapes):
            turned = tuple((c, -r, _UPSIDE_DOWN.get(side, side)) for c, r, side in best.state)
            best = search.polish(settle(model, _ordered(turned)))
            found.setdefault(best.state, best)
    return sorted(found.values(), key=lambda p: p.cost)


def _starts(model: Model) -> Iterator[State]:
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
    early = [0 if layer * 3 <= depth else column for layer, column in zip(model.layers, folded, strict=True)]
    portrait = [min(column, 1) for column in by_layer]
    for columns in (folded, half, early, portrait):
        columns = [0 if stage else c for stage, c in zip(model.stages, columns, strict=True)]
        members = {c: [i for i in range(n) if columns[i] == c] for c in columns}
        for c in members:  # a stage stays together, in the order it first appears
            order = list(dict.fromkeys(model.stages[i] for i in members[c]))
            members[c].sort(key=lambda i: order.index(model.stages[i]))
        tallest = max(len(m) for m in members.values())
        rows = [0] * n
        for m in members.values():
            for place_, i in enumerate(m):
                rows[i] = round(2 * tallest * (place_ + 0.5) / len(m) - 1)
        yield tuple((columns[i], rows[i], "outward") for i in range(n))


def _ordered(state: State) -> State:
    """The same order of columns and rows in even numbers."""
    columns = sorted({c for c, _, _ in state})
    rows = sorted({r for _, r, _ in state})
    return tuple((2 * columns.index(c), 2 * rows.index(r), side) for c, r, side in state)


class _Search:
    """Simulated annealing, then the best single moves; remembers the cost of what it has seen.

    Annealing reached a cost in 2 s that repeated local searches needed 10 s for.
    """

    def __init__(self, model: Model) -> None:
        self._model, self._seen = model, dict[State, float]()
        n, targets = len(model.shapes), {int(b) for b in model.pairs[:, 1]}
        first = [i for i in range(n) if model.stages[i] or i not in targets]
        # stages, and a long row of causes, keep the order they were given: it is the reader's
        keep = set(first) if len(first) > 6 else {i for i in range(n) if model.stages[i]}
        self.free = [i for i in range(n) if i not in keep]
        self._random = random.Random(7)  # its own generator with a fixed seed: always the same diagram
        places = [(c, r) for c in range(-1, 2 * _COLUMNS) for r in range(-1, 2 * n + 1)]
        self._kinds: list[list[Move]] = [
            [(i, place) for i in self.free for place in places],
            [(i, side) for i in self.free for side in _SIDES],
            [(i, j) for k, i in enumerate(self.free) for j in self.free[k + 1 :]],
        ]
        self._moves = [move for kind in self._kinds for move in kind]
        self._random.shuffle(self._moves)

    def anneal(self, start: Placement) -> Placement:
        """The best placement met on a walk that at first accepts nearly anything."""
        here = best = start
        done, steps = 0.0, _STEPS * len(self.free)
        while done < steps:
            heat = _HOT * (_COLD / _HOT) ** (done / steps)
            done += 0.1
            (kind,) = self._random.choices(self._kinds, (0.65, 0.15, 0.2))
            state = _moved(here.state, self._random.choice(kind))
            limit = here.cost - heat * math.log(1 - self._random.random())
            if state is None or self._seen.get(state, -np.inf) > limit:
                continue
            done += 0.9
            there = settle(self._model, state, limit)
            self._seen[state] = there.cost
            if there.cost <= limit:
                here = there
                best = min(best, here, key=lambda p: p.cost)
        return best

    def polish(self, start: Placement) -> Placement:
        """The placement that no single move makes better."""
        best, idle, at = start, 0, 0
        while idle < len(self._moves):
            state = _moved(best.state, self._moves[at])
            at, idle = (at + 1) % len(self._moves), idle + 1
            if state is None or self._seen.get(state, -np.inf) >= best.cost:
                continue
            candidate = settle(self._model, state, best.cost)
            self._seen[state] = candidate.cost
            if candidate.cost < best.cost - 1e-6:
                best, idle = candidate, 0
        return best


def _moved(state: State, move: Move) -> State | None:
    """The state after a move; None when nothing moves or it cannot be."""
    i, to = move
    cells = list(state)
    c, r, side = state[i]
    if isinstance(to, str):
        cells[i] = (c, r, to)
    elif isinstance(to, tuple):
        columns, rows = 1 + max(c for c, _, _ in state), 1 + max(r for _, r, _ in state)
        if to[0] > columns or to[1] > rows or any(cell[:2] == to for cell in state):
            return None
        # on the outside of its new place, unless it only shifts within its column
        cells[i] = (*to, side if to[0] == c else "outward")
    else:
        cells[i], cells[to] = (*state[to][:2], side), (c, r, state[to][2])
    moved = _ordered(tuple(cells))
    return moved if moved != state and max(c for c, _, _ in moved) < 2 * _COLUMNS else None
