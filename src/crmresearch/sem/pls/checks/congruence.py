"""Are two constructs told apart by what they go with? Congruence of their correlations with all constructs.

Source: Franke, Sarstedt & Danks (2021), Journal of Business Research 130, 318–334; the coefficient is Tucker's (1951).
"""

import numpy as np
import pandas as pd
from scipy.special import ndtr, ndtri

from crmresearch.errors import EstimationError
from crmresearch.sem.pls.algorithm import Floats, Solution
from crmresearch.sem.pls.batch import Fits
from crmresearch.sem.pls.bootstrap import resample
from crmresearch.sem.pls.quantities import Quantity
from crmresearch.sem.pls.result import PlsEstimate

COLUMNS = ["estimate", "se", "ci_lower", "ci_upper", "difference", "t", "p_value", "verdict"]


def congruence_coefficients(Q: Floats, reliabilities: Floats) -> Floats:
    """Congruence (…, k, k) of every two columns of construct correlations Q (…, k, k).

        c_xy = Σ_z r_zx r_zy / √(Σ_z r_zx² Σ_z r_zy²),   r_xx the reliability of x (…, k)

    1 where two constructs go with all constructs in proportion, themselves among them.

    >>> import numpy as np
    >>> congruence_coefficients(np.array([[1.0, 0.5], [0.5, 1.0]]), np.array([0.5, 0.5])).round(3).tolist()
    [[1.0, 1.0], [1.0, 1.0]]
    """
    profile = Q.copy()
    j = np.arange(Q.shape[-1])
    profile[..., j, j] = reliabilities
    length = np.sqrt((profile**2).sum(axis=-2))
    inner = profile.swapaxes(-1, -2) @ profile
    return np.asarray(inner / (length[..., :, None] * length[..., None, :]))


def congruence(
    estimate: PlsEstimate, *, resamples: int = 1000, seed: int = 1, confidence: float = 0.95
) -> pd.DataFrame:
    """Whether the profile of every two constructs is one and the same, a row a pair.

    Columns construct, other, estimate (−1 to 1), se, ci_lower, ci_upper (percentiles of resamples, in which model and
    reliabilities are estimated anew), difference = 1 − |estimate|, t = difference / se, p_value (two-sided, normal) and
    verdict: `apart` where a congruence of 1 is rejected, else `not_told`, which is no proof that they are one. The
    percentile interval cannot hold 1, which no sample exceeds: the test is that of t, as in the source. It is strict:
    of simulated samples in which two constructs are one it rejects that in fewer than 1 %.

    Reliability is ρ_A, and 1 of single items and mode B. Only constructs of the model make up the profile: one more
    changes every coefficient. Constructs of second order and products are left out, being made of the others. Sampling
    weights and the design are used as in `bootstrap`. Resamples that cannot be estimated are left out.

    Checked against R seminrExtras 1.0.3 `congruence_test`: coefficients to 12 digits, standard errors and intervals to
    simulation error.
    Raises EstimationError for fewer than three constructs with items (two have no third by which to differ),
    ParameterError for fewer than 2 resamples or an impossible confidence.
    """
    measured = np.flatnonzero(estimate.model.main.mask.any(axis=0))
    if len(measured) < 3:
        raise EstimationError(
            "Two constructs have no third by which what they go with could differ; congruence needs three with items."
        )
    first, second = np.triu_indices(len(measured), 1)
    keys = np.array(estimate.specification.keys)[measured]

    def coefficients(solution: Solution, _: Fits) -> Floats:
        Q = solution.correlations[:, measured[:, None], measured]
        return congruence_coefficients(Q, solution.rho_a[:, measured])[:, first, second]

    labels = pd.DataFrame({"construct": keys[first], "other": keys[second]})
    quantity = Quantity(labels, "pls", coefficients, np.zeros(len(labels), dtype=np.bool_), tested=False)
    drawn = resample(
        estimate, {"congruence": quantity}, resamples=resamples, seed=seed, confidence=confidence, interval="percentile"
    )
    point, (lower, upper) = quantity.values(estimate.fits)[0], drawn.limits["congruence"]
    se, difference = drawn.replicates["congruence"].std(axis=0, ddof=1), 1 - np.abs(point)
    t = np.divide(difference, se, out=np.zeros_like(se), where=se > 0)
    verdict = np.where(t > ndtri((1 + confidence) / 2), "apart", "not_told")
    values = [point, se, lower, upper, difference, t, 2 * ndtr(-t), verdict]
    return labels.assign(**dict(zip(COLUMNS, values, strict=True)))
