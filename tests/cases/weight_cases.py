"""Sampling weights shared by the tests of weighted estimates, and what R says of them."""

import json
from pathlib import Path

import numpy as np
import pandas as pd

WEIGHTED = json.loads((Path(__file__).parents[1] / "reference" / "lavaan_weights.json").read_text(encoding="utf-8"))


def reference_weights(answers: pd.DataFrame) -> pd.Series:
    """The weights of tests/reference/lavaan_weights.R, from 0.2 to 2.2 without a pattern."""
    return pd.Series(0.2 + (37 * np.arange(1, len(answers) + 1) % 101) / 50, answers.index)


def whole_weights(answers: pd.DataFrame, most: int = 4) -> pd.Series:
    """Weights that are whole numbers from 1 to `most`."""
    return pd.Series(np.random.default_rng(1).integers(1, most + 1, len(answers)), answers.index)
