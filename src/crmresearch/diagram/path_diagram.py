"""The picture of an estimated path model: constructs, indicators on the outside, arrows as wide as their effect.

    figure = plot_path_diagram(ellipses, arrows, moderations)

Drawn by matplotlib alone, 504 points wide at most (the text width of a portrait A4 page, where the smallest
letters are then 7.2 points high), and the same to the byte whenever it is drawn from the same numbers with
the same fonts (savefig with `svg.hashsalt` set and `metadata={"Date": None}`).
"""

import math
from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.figure import Figure

from crmresearch.diagram import lettering
from crmresearch.diagram.drawing import Sheet
from crmresearch.diagram.elements import (
    Arrow,
    Ellipse,
    Indicator,
    Moderation,
    check_elements,
    number,
)
from crmresearch.diagram.lettering import Lettering
from crmresearch.diagram.placement import PAGE, Model, Placement, describe, settle, stretched
from crmresearch.diagram.routing import Routes, route
from crmresearch.diagram.search import place
from crmresearch.diagram.shapes import room_for_headings, shape_constructs

__all__ = ["Arrow", "Ellipse", "Indicator", "Moderation", "plot_path_diagram"]

# (distance between rows, width of the page): more room until nothing runs into anything; wider only at last
_ROOM = ((1.0, 1.0), (1.35, 1.0), (1.8, 1.0), (2.4, 1.0), (3.0, 1.3), (3.6, 1.7), (4.4, 2.2), (5.5, 3.0))


def plot_path_diagram(
    ellipses: Sequence[Ellipse],
    arrows: Sequence[Arrow],
    moderations: Sequence[Moderation] = (),
    *,
    digits: int = 2,
    title: str | None = None,
    words: Mapping[str, str] | None = None,
) -> Figure:
    """The path diagram of an acyclic model, as a matplotlib figure that belongs to no backend.

    Every construct is an ellipse with its R², every indicator a box with its loading (arrow from the
    construct) or weight (arrow to the construct) on the outside of the structural model. Arrows are as wide
    as |estimate|, carry their estimate, are dashed where the interval holds zero, and have a hollow head where
    the estimate is negative. A missing (NaN) estimate is an arrow without a number. Constructs with a `stage`
    form the first column, grouped under that heading. Labels no installed font can draw give way to the key.
    `words` replaces texts of the key: `width`, `zero`, `negative`, `loading`, `weight`.

    Raises TheoryError for a cycle, a construct named twice or unknown, or a moderated path that is not there.
    """
    check_elements(ellipses, arrows, moderations)
    text = Lettering()
    shapes = shape_constructs(ellipses, digits, text)
    model = describe(ellipses, arrows, moderations, shapes, room_for_headings(ellipses, shapes, text))
    effects: list[Arrow | Moderation] = [*arrows, *moderations]
    strings = [number(effect.estimate, digits) for effect in effects]
    sizes = [(text.width(s, lettering.ESTIMATE) + 3.0, lettering.ESTIMATE * 1.1) if s else None for s in strings]
    placement, routes = _lay_out(model, sizes)
    sheet = Sheet(text, placement, routes, dict(words or {}))
    sheet.stages(ellipses, model)
    sheet.measurement(ellipses, model)
    sheet.paths(effects, strings)
    sheet.constructs(ellipses, model)
    sheet.key(ellipses, effects)
    return sheet.figure(title)


def _lay_out(model: Model, sizes: list[tuple[float, float] | None]) -> tuple[Placement, Routes]:
    """The best of the good placements once its arrows and labels are in."""
    best: tuple[float, Placement, Routes] | None = None
    states = None
    for air, page in _ROOM:
        roomy = stretched(model, air, PAGE * page)
        if states is None or page > 1:
            states = [placement.state for placement in place(roomy)[:3]]
        for state in states:
            placement = settle(roomy, state[None]).one(0)
            routes = route(roomy, placement, sizes)
            cost = placement.cost + routes.cost
            if best is None or (routes.hits, cost) < (best[2].hits, best[0]):
                best = (cost, placement, routes)
        if best is not None and best[2].hits == 0:
            break
    if best is None or not math.isfinite(best[0]) or not np.isfinite(best[1].centres).all():
        raise AssertionError("a diagram without coordinates")
    return best[1], best[2]
