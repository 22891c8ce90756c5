"""A sample drawn in clusters within strata, shared by the tests, and what R survey and lavaan say of it."""

import json
from pathlib import Path

import numpy as np
import pandas as pd

DESIGNED = json.loads((Path(__file__).parents[1] / "reference" / "survey_design.json").read_text(encoding="utf-8"))
BOTH, CLUSTER, STRATUM = ["stratum", "cluster"], ["cluster"], ["stratum"]


def reference_design(answers: pd.DataFrame) -> pd.DataFrame:
    """The design of tests/reference/survey_design.R: 25 clusters in three strata."""
    cluster = np.array(DESIGNED["clusters"])
    stratum = np.where(cluster < 5, "a", np.where(cluster < 15, "b", "c"))
    return pd.DataFrame({"stratum": stratum, "cluster": cluster}, answers.index)
