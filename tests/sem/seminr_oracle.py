"""The same models in Python seminr (PyPI, GPL-3), a test-only oracle that the package never imports."""

from types import ModuleType
from typing import Any

import numpy as np
import pandas as pd

from crmresearch.models.specification import Specification


def seminr_model(seminr: ModuleType, spec: Specification, consistent: bool) -> tuple[Any, Any]:
    """Measurement and structural model; common factors are `reflective` (PLSc) when `consistent`."""
    blocks: list[Any] = []
    for c in spec.constructs:
        if c.measurement == "common_factor" and consistent:
            blocks.append(seminr.reflective(c.key, list(c.items)))
        else:
            mode = seminr.mode_B if c.measurement == "composite_b" else seminr.mode_A
            blocks.append(seminr.composite(c.key, list(c.items), mode))
    arrows = [seminr.paths(p.predictor, p.outcome) for p in spec.paths]
    for m in spec.moderations:
        blocks.append(seminr.interaction_term(m.predictor, m.moderator, seminr.two_stage))
        arrows.append(seminr.paths(f"{m.predictor}*{m.moderator}", m.outcome))
    return seminr.constructs(*blocks), seminr.relationships(*arrows)


def seminr_estimate(
    seminr: ModuleType,
    spec: Specification,
    answers: pd.DataFrame,
    *,
    consistent: bool = False,
    scheme: str = "path",
) -> Any:
    """The model estimated by seminr, with its default start (equal weights) and stop rule (Σ|Δw| < 1e-7)."""
    measurement, structure = seminr_model(seminr, spec, consistent)
    inner = seminr.path_weighting if scheme == "path" else seminr.path_factorial
    return seminr.estimate_pls(answers[spec.items], measurement, structure, inner_weights=inner)


def seminr_values(seminr: ModuleType, model: Any, table: str, labels: pd.DataFrame) -> np.ndarray:
    """The numbers of one of our tables, row by row, read off a seminr model."""
    if table in ("paths", "standardized_paths"):
        rows = zip(labels["predictor"].str.replace(":", "*"), labels["outcome"], strict=True)
        matrix = model.path_coef
    elif table in ("loadings", "weights"):
        rows = zip(labels["item"], labels["construct"], strict=True)
        matrix = model.outer_loadings if table == "loadings" else model.outer_weights
    elif table == "r_squared":
        return np.array([model.r_squared.get("Rsq", outcome) for outcome in labels["outcome"]])
    elif table == "total_effects":
        rows = zip(labels["predictor"], labels["outcome"], strict=True)
        matrix = seminr.total_effects(model.path_coef)
    elif table == "htmt":
        matrix = seminr.htmt(model)
        pairs = list(zip(labels["construct"], labels["other"], strict=True))
        found = [(matrix.get(a, b), matrix.get(b, a)) for a, b in pairs]
        return np.array([x if np.isfinite(x) and x != 0 else y for x, y in found])
    else:
        raise KeyError(table)
    return np.array([matrix.get(a, b) for a, b in rows])
