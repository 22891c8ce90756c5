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
    if table == "r_squared":
        return np.array([model.r_squared.get("Rsq", outcome) for outcome in labels["outcome"]])
    matrices = {
        "paths": lambda: model.path_coef,
        "standardized_paths": lambda: model.path_coef,
        "loadings": lambda: model.outer_loadings,
        "weights": lambda: model.outer_weights,
        "total_effects": lambda: seminr.total_effects(model.path_coef),
        "htmt": lambda: seminr.htmt(model),
    }
    return matrix_values(matrices[table](), labels)


def matrix_values(matrix: Any, labels: pd.DataFrame) -> np.ndarray:
    """The entries of a seminr matrix at our labels: predictor and outcome, item and construct, or two constructs."""
    if "predictor" in labels:
        rows = zip(labels["predictor"].str.replace(":", "*"), labels["outcome"], strict=True)
    elif "item" in labels:
        rows = zip(labels["item"], labels["construct"], strict=True)
    else:  # a triangle, filled in seminr's own order of constructs
        pairs = zip(labels["construct"], labels["other"], strict=True)
        both = [(matrix.get(a, b), matrix.get(b, a)) for a, b in pairs]
        return np.array([x if np.isfinite(x) and x != 0 else y for x, y in both])
    return np.array([matrix.get(a, b) for a, b in rows])
