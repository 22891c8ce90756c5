"""Could one source, such as asking everything at once, be behind all answers? Harman's share and a single factor."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from crmresearch.errors import EstimationError
from crmresearch.ranks import simultaneous
from crmresearch.sem.covariance.fit_measures import (
    Test,
    approximation_error,
    baseline_test,
    comparative_fit,
    residual_fit,
)
from crmresearch.sem.one_factor import one_factor
from crmresearch.sem.pls.quality.measured import Measured
from crmresearch.sem.pls.result import PlsEstimate

FULL_VIF = 3.3  # Kock (2015): above it, common method bias may be at work
HALF = 0.5  # Podsakoff et al. (2003): the share from which a factor accounts for most of the variance


@dataclass(frozen=True)
class CommonSource:
    """What `common_source` found.

    full_vif: construct, estimate, ci_lower, ci_upper, outcome (met, missed or not_told against 3.3, missed by intervals
    that hold for all constructs at once); share: estimate, ci_lower, ci_upper, one row, of the first
    principal component; fit: measure, value of the model of one factor behind all items.
    """

    full_vif: pd.DataFrame
    share: pd.DataFrame
    fit: pd.DataFrame

    @property
    def overlap(self) -> tuple[str, pd.DataFrame]:
        """The gravest outcome of full_vif, missed before not_told before met, and its rows, the largest first."""
        outcomes = self.full_vif["outcome"]
        gravest = next(one for one in ("missed", "not_told", "met") if (outcomes == one).any())
        return gravest, self.full_vif[outcomes == gravest].sort_values("estimate", ascending=False)

    @property
    def half(self) -> str:
        """Whether the first component has shown half of the variance or more: above, below, open."""
        share = self.share.iloc[0]
        return "above" if share["ci_lower"] > HALF else "below" if share["ci_upper"] < HALF else "open"


def common_source(estimate: PlsEstimate, measured: Measured | None = None) -> CommonSource:
    """Full-collinearity VIF of every construct, Harman's share, and the fit of one factor behind all items.

    VIF of the scores of a construct among those of all others (Kock 2015, International Journal of e-Collaboration
    11(4), 1–10); the share of the first principal component in the variance of the items (Podsakoff et al. 2003,
    Journal of Applied Psychology 88, 879–903), both with the intervals of the resamples of the estimate; χ², CFI, TLI,
    RMSEA and SRMR of one factor by maximum likelihood. None of them can show that answers are free of it. With sampling
    weights χ² takes the weighted rows for n equal ones. Checked: VIF
    against regressions of the scores, the fit of one factor against lavaan.
    """
    measured = measured or Measured(estimate, ["full_vif", "first_factor"])
    full = measured.table("full_vif")
    full["outcome"] = "not_told"
    if (drawn := measured.resampling) is not None:
        wide = simultaneous(full["estimate"].to_numpy(), drawn.replicates["full_vif"].T, drawn.confidence)
        full.loc[full["ci_upper"] <= FULL_VIF, "outcome"] = "met"
        full.loc[full["estimate"] - wide > FULL_VIF, "outcome"] = "missed"
    p = len(estimate.specification.items)
    R = estimate.fits.moments.correlations[0][:p, :p]
    return CommonSource(full, measured.table("first_factor"), single_factor_fit(R, estimate.sample.n))


def single_factor_fit(R: np.ndarray, n: int) -> pd.DataFrame:
    """Fit of one factor behind items with correlations R (p, p) of n rows: measure, value. Raises EstimationError."""
    p = len(R)
    if p < 3:
        raise EstimationError(f"One factor behind {p} items is not determined; it needs three.")
    loadings, errors = (part[0] for part in one_factor(R[None]))
    Sigma = np.outer(loadings, loadings) + np.diag(errors)
    sign, log_determinant = np.linalg.slogdet(R)
    if sign <= 0:
        raise EstimationError("Some item is a sum of others, so that one factor has no likelihood. Leave it out.")
    chisq = n * (np.linalg.slogdet(Sigma)[1] + np.trace(np.linalg.solve(Sigma, R)) - log_determinant - p)
    test, baseline = Test(max(float(chisq), 0.0), p * (p - 3) // 2), baseline_test(R, n)
    measures = {"chisq": test.chisq, "df": test.df, "p_value": test.p_value, **comparative_fit(test, baseline)}
    measures |= {"rmsea": approximation_error(test, n)["rmsea"], "srmr": residual_fit(R, Sigma)}
    del measures["nfi"]
    return pd.DataFrame({"measure": list(measures), "value": [float(value) for value in measures.values()]})
