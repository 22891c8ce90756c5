"""Measures of measurement with their intervals, from the resamples of an estimate drawn anew."""

from collections.abc import Iterable

import numpy as np
import pandas as pd

from crmresearch.sem.pls.bootstrap import resample
from crmresearch.sem.pls.measurement_quantities import RELIABILITY, measurement_quantities
from crmresearch.sem.pls.result import PlsEstimate, Resampling

LIMITS = ["lower", "upper"]


class Measured:
    """The measures of an estimate by name, each a tidy frame: labels, estimate, ci_lower, ci_upper.

    Intervals are those of the resamples of the estimate (their number, seed, confidence and kind), whose rows are drawn
    again; NaN where it has none, and of what is fixed by definition, such as the reliability of a single item.
    """

    def __init__(self, estimate: PlsEstimate, names: Iterable[str], estimator: str = "pls") -> None:
        every = measurement_quantities(estimate, estimator)
        self.quantities = {name: every[name] for name in names}
        self.estimate = estimate
        drawn = estimate.resampling
        self.resampling: Resampling | None = None if drawn is None else resample(
            estimate, self.quantities, resamples=drawn.resamples, seed=drawn.seed, confidence=drawn.confidence,
            interval=drawn.interval,
        )  # fmt: skip

    def table(self, name: str) -> pd.DataFrame:
        """One measure: labels, estimate, ci_lower, ci_upper."""
        quantity = self.quantities[name]
        frame = quantity.labels.copy()
        frame["estimate"] = quantity.values(self.estimate.fits)[0]
        told = frame["estimate"].notna() & ~quantity.fixed
        nothing = np.full(len(frame), np.nan)
        limits = (nothing, nothing) if self.resampling is None else self.resampling.limits[name]
        for end, values in zip(LIMITS, limits, strict=True):
            frame[f"ci_{end}"] = np.where(told, values, np.nan)
        return frame


def reliability(estimate: PlsEstimate, estimator: str = "pls", measured: Measured | None = None) -> pd.DataFrame:
    """One row a construct: items, alpha, rho_c, rho_a, ave, omega, and of each `<measure>_lower` and `<measure>_upper`.

    alpha is of standardised items (Cronbach 1951); omega that of one factor behind them (McDonald 1999,
    `crmresearch.sem.one_factor`); rho_c = (Σλ)² / ((Σλ)² + Σ(1 − λ²)) (Jöreskog 1971) and ave = mean λ² (Fornell &
    Larcker 1981) from the loadings of `estimator`; rho_a as in `crmresearch.sem.pls.algorithm.rho_a`. NaN where a
    measure has no meaning: all but ave of mode-B composites. Constructs of second order have no row.
    `measured` holds these measures where they were computed before.
    """
    measured = measured or Measured(estimate, RELIABILITY, estimator)
    tables = {name: measured.table(name) for name in RELIABILITY}
    size = {c.key: len(c.items) for c in estimate.specification.constructs}
    frame = tables["alpha"][["construct"]].copy()
    frame["items"] = frame["construct"].map(size)
    for name in ("alpha", "rho_c", "rho_a", "ave", "omega"):
        frame[name] = tables[name]["estimate"]
    for name, table in tables.items():
        for end in LIMITS:
            frame[f"{name}_{end}"] = table[f"ci_{end}"]
    return frame


def htmt(estimate: PlsEstimate, measured: Measured | None = None) -> pd.DataFrame:
    """HTMT of every two constructs as the estimate has it, and htmt2 with htmt2_lower and htmt2_upper."""
    frame, second = estimate.table("htmt"), (measured or Measured(estimate, ["htmt2"])).table("htmt2")
    frame["htmt2"] = second["estimate"]
    for end in LIMITS:
        frame[f"htmt2_{end}"] = second[f"ci_{end}"]
    return frame
