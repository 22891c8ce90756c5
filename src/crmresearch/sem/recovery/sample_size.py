"""How many respondents a path needs: the size of the sample at which its power, found by simulation, is enough."""

import warnings
from collections.abc import Iterable

import numpy as np
import pandas as pd
import statsmodels.api as sm
from scipy.stats import norm

STEEP = (0.2, 0.995)  # power between which a curve tells a sample size; beyond, it is flat


def respondents(rates: pd.DataFrame, levels: Iterable[float] = (0.8, 0.9)) -> pd.DataFrame:
    """The sizes of the sample at which paths of one kind reach these levels of power.

    `rates`: rows of `Recovery.rates` that count as one kind, of which n, rejected (a share) and samples are used. Power
    is taken to be Φ(a + b √n), as it is of an estimate whose error falls with √n, with a and b by maximum likelihood
    from the sizes with a power between 0.2 and 0.995. Columns power, n, n_error: its Monte-Carlo standard error (delta
    method, dispersion not below that of binomial counts). NaN where fewer than two sizes tell, or power does not rise.

    Checked against Cohen (1988, table 3.4.1): 85 and 113 pairs find a correlation of .30 with a power of .80 and .90.

    >>> curve = pd.DataFrame({"n": [50, 100, 200], "samples": 1000, "rejected": [0.562, 0.851, 0.988]})
    >>> respondents(curve)["n"].round().tolist()
    [88.0, 117.0]
    """
    counted = rates.assign(found=rates["rejected"] * rates["samples"]).groupby("n")[["found", "samples"]].sum()
    counted = counted[(counted["found"] / counted["samples"]).between(*STEEP)]
    wanted = np.array(list(levels))
    nothing = pd.DataFrame({"power": wanted, "n": np.nan, "n_error": np.nan})
    if len(counted) < 2:
        return nothing
    counts = np.column_stack([counted["found"], counted["samples"] - counted["found"]])
    design = sm.add_constant(np.sqrt(counted.index.to_numpy(dtype=float)))
    model = sm.GLM(counts, design, family=sm.families.Binomial(sm.families.links.Probit()))
    with warnings.catch_warnings(), np.errstate(divide="ignore"):
        warnings.simplefilter("ignore")  # two sizes are fitted exactly, which it takes for a separation
        fit = model.fit()
    a, b = fit.params
    if b <= 0:
        return nothing
    dispersion = max(1.0, fit.pearson_chi2 / fit.df_resid) if fit.df_resid else 1.0
    root = (norm.ppf(wanted) - a) / b
    slope = np.column_stack([-2 * root / b, -2 * root**2 / b])  # of n = root² in a and b
    errors = np.sqrt(dispersion * np.einsum("ij,jk,ik->i", slope, fit.cov_params(), slope))
    return pd.DataFrame({"power": wanted, "n": root**2, "n_error": errors})
