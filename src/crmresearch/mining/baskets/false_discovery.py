"""The false discovery rate: of what is claimed among many tests, the share that is chance."""

from typing import Literal

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Control = Literal["yekutieli", "hochberg"]


def false_discovery(p: Floats, tests: int | None = None, control: Control = "yekutieli") -> Floats:
    """Adjusted probabilities (m,): claiming those of at most q keeps the expected share of false claims at q or less.

    p_(i) · c · tests / i, the smallest of it and of those of larger p: with c = 1 for tests that are independent or
    positively dependent (Benjamini & Hochberg 1995, JRSS B 57, 289–300), with c = Σ 1 / i over all tests whatever their
    dependence (Benjamini & Yekutieli 2001, Annals of Statistics 29, 1165–1188). `tests`: the number of all tests made,
    where the others had p = 1 and are not among `p`. Checked against statsmodels.

    >>> false_discovery(np.array([0.01, 0.04, 0.03]), control="hochberg").round(3).tolist()
    [0.03, 0.04, 0.04]
    >>> false_discovery(np.array([0.01]), tests=3).round(3).tolist()
    [0.055]
    """
    m = max(len(p), tests or 0)
    harmonic = float((1 / np.arange(1, m + 1)).sum()) if control == "yekutieli" else 1.0
    order = np.argsort(p, kind="stable")
    steps = p[order] * harmonic * m / np.arange(1, len(p) + 1)
    adjusted = np.empty(len(p))
    adjusted[order] = np.minimum(1.0, np.minimum.accumulate(steps[::-1])[::-1])
    return adjusted
