"""Reliability, validity and collinearity of the measurement of constructs by their items."""

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from crmresearch.sem.pls.algorithm import Floats

if TYPE_CHECKING:
    from crmresearch.sem.pls.estimate import PlsEstimate


def heterotrait_monotrait(R: Floats, mask: Floats) -> Floats:
    """HTMT (…, k, k) of item correlations R (…, p, p), from absolute correlations.

    Mean correlation between the items of two constructs over the geometric mean of the mean correlations within
    them; 1 within a single item. Henseler, Ringle & Sarstedt (2015), JAMS 43, 115–135, as R seminr computes it.
    """
    size = mask.sum(axis=0)
    sums = mask.T @ np.abs(R) @ mask
    pairs = size * (size - 1)
    within = np.diagonal(sums, axis1=-2, axis2=-1)
    within = np.where(pairs > 0, (within - size) / np.where(pairs > 0, pairs, 1.0), 1.0)
    root = np.sqrt(within)
    return sums / np.outer(size, size) / (root[..., :, None] * root[..., None, :])


def cronbach_alpha(S: Floats) -> float:
    """Cronbach's α of the item covariance or correlation matrix S (m, m); 1 for a single item."""
    m = len(S)
    return 1.0 if m == 1 else float(m / (m - 1) * (1 - np.trace(S) / S.sum()))


def reliability(estimate: "PlsEstimate", estimator: str = "pls") -> pd.DataFrame:
    """One row a construct: items, alpha, rho_c, rho_a, ave.

    alpha is of standardised items (Cronbach 1951); rho_c = (Σλ)² / ((Σλ)² + Σ(1 − λ²)) (Jöreskog 1971), from the
    loadings of `estimator`; rho_a as in `crmresearch.sem.pls.algorithm.rho_a`; ave = mean λ² (Fornell & Larcker 1981).
    NaN where a measure has no meaning: α, rho_c and ρ_A of mode-B composites.
    Checked against R seminr 2.3.4 on the ECSI mobile data.
    """
    spec, fits = estimate.specification, estimate.fits
    loadings = estimate.loadings[estimate.loadings.estimator == estimator].set_index("item")["standardized"]
    R = pd.DataFrame(fits.moments.correlations[0][: len(spec.items), : len(spec.items)], spec.items, spec.items)
    rows = []
    for j, construct in enumerate(spec.constructs):
        items = list(construct.items)
        load = loadings[items].to_numpy()
        formative = construct.measurement == "composite_b"
        rho_c = load.sum() ** 2 / (load.sum() ** 2 + (1 - load**2).sum())
        rows.append(
            {
                "construct": construct.key,
                "items": len(items),
                "alpha": np.nan if formative else cronbach_alpha(R.loc[items, items].to_numpy()),
                "rho_c": np.nan if formative else rho_c,
                "rho_a": np.nan if formative else fits.pls.rho_a[0, j],
                "ave": np.mean(load**2),
            }
        )
    return pd.DataFrame(rows)


def variance_inflation(R: Floats) -> Floats:
    """Variance inflation factors (m,) of variables with correlations R (m, m): the diagonal of R⁻¹."""
    return np.diag(np.linalg.inv(R))


def collinearity(estimate: "PlsEstimate") -> pd.DataFrame:
    """Variance inflation of the predictors of each outcome and of the items of mode-B composites.

    Columns: outcome, predictor, vif. For a mode-B composite the outcome is the composite and the predictors are
    its items.
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
            x = [spec.items.index(item) for item in construct.items]
            vif = variance_inflation(fits.moments.correlations[0][np.ix_(x, x)])
            rows += [(construct.key, item, v) for item, v in zip(construct.items, vif, strict=True)]
    return pd.DataFrame(rows, columns=["outcome", "predictor", "vif"])


def fornell_larcker(estimate: "PlsEstimate") -> pd.DataFrame:
    """Square matrix: construct correlations below the diagonal, √AVE on it (Fornell & Larcker 1981)."""
    keys = estimate.specification.keys
    Q = np.tril(estimate.fits.pls.correlations[0][: len(keys), : len(keys)], -1)
    table = pd.DataFrame(np.where(np.tri(len(keys), k=-1, dtype=bool), Q, np.nan), keys, keys)
    ave = reliability(estimate)["ave"].to_numpy()
    for key, value in zip(keys, ave, strict=True):
        table.loc[key, key] = np.sqrt(value)
    return table
