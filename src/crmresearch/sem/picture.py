"""An estimated model as a picture: standardised loadings (mode B: weights), paths with intervals, R²."""

from collections.abc import Callable, Mapping
from typing import Literal

import pandas as pd
from matplotlib.figure import Figure

from crmresearch.diagram.path_diagram import Arrow, Ellipse, Indicator, Moderation, plot_path_diagram
from crmresearch.models.specification import product_key
from crmresearch.sem.covariance.result import CbEstimate
from crmresearch.sem.pls.result import PlsEstimate

NUMBERS = ["estimate", "ci_lower", "ci_upper"]


def model_picture(
    estimate: PlsEstimate | CbEstimate,
    estimator: str = "pls",
    *,
    label: Callable[[str], str] | None = None,
    stage: Callable[[str], str] | None = None,
    words: Mapping[str, str] | None = None,
    title: str | None = None,
) -> Figure:
    """The path diagram of an estimate of either engine; `estimator`: pls or plsc, of a PLS estimate.

    `label` and `stage` are what readers call a construct and a stage by its key, by default the English label and the
    key; `words` and `title` as `plot_path_diagram`. An arrow from a component to the construct of second order that it
    makes up is its weight; an item without a loading of its own, a single one, has 1. Constructs that a covariance
    structure leaves out are not drawn.
    """
    spec, left_out, moderations = estimate.specification, frozenset[str](), list[Moderation]()
    formative = {c.key for c in spec.constructs if c.measurement == "composite_b" and c.items}
    if isinstance(estimate, CbEstimate):
        values, r2, left_out = estimate.loadings, estimate.r_squared, frozenset(estimate.left_out)
        paths = estimate.standardised(estimate.paths)
        arrows = [Arrow(p.predictor, p.outcome, p.estimate, p.ci_lower, p.ci_upper) for p in paths.itertuples()]
    else:
        loadings, r2, paths = (estimate.only(table, estimator) for table in ("loadings", "r_squared", "paths"))
        weights = estimate.weights[estimate.weights["construct"].isin(formative)]
        values = pd.concat([loadings[~loadings["construct"].isin(formative)], weights])
        numbers = paths.set_index(["predictor", "outcome"])[NUMBERS].astype(float)
        arrows = [Arrow(p.predictor, p.outcome, *numbers.loc[p.predictor, p.outcome]) for p in spec.paths]
        if spec.components:
            made = estimate.only("components", estimator).itertuples()
            arrows += [Arrow(m.component, m.construct, m.estimate, m.ci_lower, m.ci_upper) for m in made]
        for m in spec.moderations:
            size = numbers.loc[product_key(m.predictor, m.moderator), m.outcome]
            moderations.append(Moderation(m.moderator, m.predictor, m.outcome, *size))
    known, shares = values.set_index(["construct", "item"])["standardized"], r2.set_index("outcome")["estimate"]
    ellipses = []
    for c in (c for c in spec.constructs if c.key not in left_out):
        mode: Literal["formative", "reflective"] = "formative" if c.key in formative else "reflective"
        items = tuple(Indicator(item, float(known.get((c.key, item), 1.0)), mode) for item in c.items)
        share = float(shares[c.key]) if c.key in shares else None
        place = stage(c.stage) if stage and c.stage else c.stage
        ellipses.append(Ellipse(c.key, (label or spec.label)(c.key), share, items, place))
    figure = plot_path_diagram(ellipses, arrows, moderations, words=words, title=title)
    figure.set_label("path_diagram")
    return figure
