"""An estimated model as a picture, from the front door: the estimate alone is enough."""

from typing import Any

import pandas as pd
from matplotlib.figure import Figure

from crmresearch.diagram.path_diagram import Arrow, Ellipse, Indicator, Moderation, plot_path_diagram
from crmresearch.errors import ParameterError
from crmresearch.models.specification import product_key
from crmresearch.sem.covariance.result import CbEstimate
from crmresearch.sem.pls.result import PlsEstimate


def path_diagram(estimate: PlsEstimate | CbEstimate, estimator: str = "pls", *, title: str | None = None) -> Figure:
    """The estimated model as a matplotlib figure: standardised loadings (mode B: weights), paths, R².

    An arrow from a component to the construct of second order that it makes up is its weight.

    `estimate`: of either engine. `estimator`: pls or plsc, of a PLS estimate. `title` stands above the picture. All
    numbers are standardised, R² from 0 to 1; paths of a covariance structure carry no interval.
    Raises ParameterError for another object, or an estimator the estimate does not have.

    >>> import crmresearch as crm
    >>> survey = crm.load_survey("ecsi_mobile")
    >>> text = "sat =~ CUSA1 + CUSA2 + CUSA3\\nloy =~ CUSL1 + CUSL2 + CUSL3\\nloy ~ sat"
    >>> crm.path_diagram(crm.estimate_pls(text, survey)).get_size_inches()[0] > 0
    np.True_
    """
    if not isinstance(estimate, PlsEstimate | CbEstimate):
        raise ParameterError(
            f"A {type(estimate).__name__} has no picture; pass what estimate_pls or estimate_cbsem returned."
        )
    spec = estimate.specification
    cb = isinstance(estimate, CbEstimate)
    if isinstance(estimate, CbEstimate):
        estimator = "cbsem"
    elif estimator not in estimate.estimators:
        raise ParameterError(f"The estimate has no {estimator!r}; use {' or '.join(estimate.estimators)}.")

    def of(table: pd.DataFrame) -> pd.DataFrame:
        return table[table["estimator"] == estimator] if "estimator" in table else table

    loadings = of(estimate.loadings).set_index("item")["standardized"]
    weights = loadings if isinstance(estimate, CbEstimate) else estimate.weights.set_index("item")["standardized"]
    r2 = of(estimate.r_squared).set_index("outcome")["estimate"]
    paths = of(estimate.paths).set_index(["predictor", "outcome"])
    ellipses = []
    for c in spec.constructs:
        if cb and c.key in getattr(estimate, "left_out", ()):
            continue
        formative = c.measurement == "composite_b" and not c.of
        values = weights if formative else loadings
        indicators = tuple(
            Indicator(i, float(values.get(i, 1.0)), "formative" if formative else "reflective") for i in c.items
        )
        ellipses.append(
            Ellipse(c.key, spec.label(c.key), float(r2[c.key]) if c.key in r2 else None, indicators, c.stage)
        )

    def numbers(predictor: str, outcome: str) -> tuple[Any, ...]:
        row = paths.loc[(predictor, outcome)]
        return (float(row.standardized),) if cb else (float(row.estimate), float(row.ci_lower), float(row.ci_upper))

    arrows = [
        Arrow(p.predictor, p.outcome, *numbers(p.predictor, p.outcome))
        for p in spec.paths
        if (p.predictor, p.outcome) in paths.index
    ]
    if isinstance(estimate, PlsEstimate) and spec.components:
        made = of(estimate.components)
        arrows += [Arrow(m.component, m.construct, m.estimate, m.ci_lower, m.ci_upper) for m in made.itertuples()]
    moderations = [
        Moderation(m.moderator, m.predictor, m.outcome, *numbers(product_key(m.predictor, m.moderator), m.outcome))
        for m in spec.moderations
        if not cb
    ]
    return plot_path_diagram(ellipses, arrows, moderations, title=title)
