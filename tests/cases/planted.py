"""Customers and survey answers around planted centres, far enough apart for any clustering to find."""

import numpy as np
import pandas as pd

from crmresearch.segmentation.space import FeatureSpace

ITEMS = ("x", "y", "z")
SPACE = FeatureSpace(ITEMS, log=())
CENTRES = np.array([[0.0, 0, 0], [10, 0, 0], [0, 10, 0], [5, 5, 10]])


def planted(n: int = 400, seed: int = 1, noise: float = 0.5) -> pd.DataFrame:
    """n rows around the four centres; `true` names the centre, `monetary_total` rises with it."""
    rng = np.random.default_rng(seed)
    true = rng.permutation(np.arange(n) % len(CENTRES))
    X = CENTRES[true] + noise * rng.normal(size=(n, 3))
    index = pd.Index([f"p{i}" for i in range(n)], name="customer")
    return pd.DataFrame(X, columns=list(ITEMS), index=index).assign(true=true, monetary_total=100.0 + 50 * true)
