"""Numbers of R for tests of whether the model is the right one, and the names R has for what we call otherwise."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

CHECKS: dict[str, Any] = json.loads(
    (Path(__file__).parents[1] / "reference" / "model_checks.json").read_text(encoding="utf-8")
)


def ours(name: str) -> str:
    """Our key of a construct in the reference; `c_` of a copula term stays."""
    term, key = ("c_", name[2:]) if name.startswith("c_") else ("", name)
    return term + {"Complaints": "complaint_handling"}.get(key, key.lower())


def factor_answers(
    rng: np.random.Generator, factors: dict[str, np.ndarray], loadings: list[float] | None = None
) -> pd.DataFrame:
    """Answers to items x1, x2, … of every factor x, whose loadings are these."""
    load = np.array([0.9, 0.8, 0.75, 0.7] if loadings is None else loadings)
    columns = {}
    for key, factor in factors.items():
        noise = rng.standard_normal((len(factor), len(load))) * np.sqrt(1 - load**2)
        columns |= {f"{key}{i + 1}": load[i] * factor + noise[:, i] for i in range(len(load))}
    return pd.DataFrame(columns)
