"""Reliability, validity and collinearity of the measurement of constructs by their items."""

import numpy as np
import pandas as pd

from crmresearch.errors import SpecificationError
from crmresearch.sem.measures import variance_inflation
from crmresearch.sem.pls.measurement_quantities import measurement_quantities
from crmresearch.sem.pls.result import PlsEstimate


def reliability(estimate: PlsEstimate, estimator: str = "pls") -> pd.DataFrame:
    """One row a construct: items, alpha, rho_c, rho_a, ave, without intervals.

    Definitions as in `crmresearch.sem.pls.quality.measured`, from the loadings of `estimator`. Checked against R seminr
    2.3.4 on the ECSI mobile data.
    """
    quantities = measurement_quantities(estimate, estimator)
    frame = quantities["alpha"].labels.copy()
    frame["items"] = frame["construct"].map({c.key: len(c.items) for c in estimate.specification.constructs})
    for name in ("alpha", "rho_c", "rho_a", "ave"):
        frame[name] = quantities[name].values(estimate.fits)[0]
    return frame


def item_validity(estimate: PlsEstimate) -> pd.DataFrame:
    """Correlation of every item with its own construct and the strongest with another: does it measure the right one?

    Columns: construct, item, measurement, own, other (the other construct it correlates most with), cross (with it);
    other is empty in a model of one construct.
    """
    rows = []
    for construct in estimate.specification.constructs:
        for item, row in estimate.cross_loadings.loc[list(construct.items)].iterrows():
            others = row.drop(construct.key)
            other = others.abs().idxmax() if len(others) else ""
            cross = others[other] if len(others) else np.nan
            rows.append((construct.key, item, construct.measurement, row[construct.key], other, cross))
    return pd.DataFrame(rows, columns=["construct", "item", "measurement", "own", "other", "cross"])


def collinearity(estimate: PlsEstimate) -> pd.DataFrame:
    """Variance inflation of the predictors of each outcome and of the items or components of mode-B composites.

    Columns: outcome, predictor, vif. For a mode-B composite the outcome is the composite and the predictors are
    its items, or the constructs it is made of.
    """
    spec, fits = estimate.specification, estimate.fits
    keys = spec.keys
    Q = fits.pls.correlations[0]
    rows = []
    for outcome in spec.outcomes:
        x = [keys.index(key) for key in spec.predictors_of(outcome)]
        vif = variance_inflation(Q[np.ix_(x, x)])
        rows += [(outcome, keys[i], v) for i, v in zip(x, vif, strict=True)]
    for construct in spec.constructs:
        if construct.measurement == "composite_b":
            names, R = (keys, Q) if construct.of else (spec.items, fits.moments.correlations[0])
            x = [names.index(part) for part in construct.parts]
            vif = variance_inflation(R[np.ix_(x, x)])
            rows += [(construct.key, part, v) for part, v in zip(construct.parts, vif, strict=True)]
    return pd.DataFrame(rows, columns=["outcome", "predictor", "vif"])


def fornell_larcker(estimate: PlsEstimate) -> pd.DataFrame:
    """Square matrix: construct correlations below the diagonal, √AVE on it (Fornell & Larcker 1981)."""
    spec, measured = estimate.specification, list(reliability(estimate)["construct"])
    keys, at = measured, [spec.keys.index(key) for key in measured]
    Q = np.tril(estimate.fits.pls.correlations[0][np.ix_(at, at)], -1)
    table = pd.DataFrame(np.where(np.tri(len(keys), k=-1, dtype=bool), Q, np.nan), keys, keys)
    ave = reliability(estimate)["ave"].to_numpy()
    for key, value in zip(keys, ave, strict=True):
        table.loc[key, key] = np.sqrt(value)
    return table


def aim_scores(estimate: PlsEstimate) -> tuple[pd.DataFrame, float]:
    """Scores of satisfaction and loyalty of every respondent, in columns of these names, and ρ_A of loyalty.

    ρ_A is NaN where it says nothing: of one item, of a composite that its items form (mode B) and of second order, and
    where it is not above 0. It is 1 at most here. Raises SpecificationError for a theory without one of the two.

    >>> import crmresearch as crm
    >>> survey = crm.load_survey("ecsi_mobile")
    >>> model = crm.bind(crm.load_theory("acsi"), survey.codebook)
    >>> from crmresearch.sem.pls.estimate import estimate_pls
    >>> scores, reliability = aim_scores(estimate_pls(model, survey.items[model.items].dropna()))
    >>> scores.columns.tolist(), round(reliability, 2)
    (['satisfaction', 'loyalty'], 0.76)
    """
    theory = estimate.specification.theory
    if absent := [aim for aim in ("satisfaction", "loyalty") if theory.aims.get(aim) not in estimate.scores]:
        raise SpecificationError(
            f"{theory.where} has no {absent[0]} that the survey measures, of which something could follow; name a "
            "theory that has, such as acsi."
        )
    scores = pd.DataFrame({aim: estimate.scores[key] for aim, key in theory.aims.items()})
    rows = reliability(estimate).set_index("construct")
    key = theory.aims["loyalty"]
    known = key in rows.index and rows.loc[key, "items"] > 1 and rows.loc[key, "rho_a"] > 0
    return scores, min(float(rows.loc[key, "rho_a"]), 1.0) if known else np.nan
