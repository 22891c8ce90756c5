"""Surveys and small models shared by the tests of `crmresearch.sem`."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from crmresearch.models.specification import Specification, bind_items
from crmresearch.models.theory import Measurement, Theory, load_theory
from crmresearch.paths import DATA

ECSI_ITEMS = {
    "image": [f"IMAG{i}" for i in range(1, 6)],
    "expectation": [f"CUEX{i}" for i in range(1, 4)],
    "quality": [f"PERQ{i}" for i in range(1, 8)],
    "value": ["PERV1", "PERV2"],
    "satisfaction": [f"CUSA{i}" for i in range(1, 4)],
    "complaint_handling": ["CUSCO"],
    "loyalty": [f"CUSL{i}" for i in range(1, 4)],
}
STAGED_ITEMS = {
    "searchable_information": ["PERQ7"],
    "brand": ["IMAG2", "IMAG3", "IMAG5"],
    "quality_stability": ["PERQ1", "PERQ2", "PERQ5", "PERQ6"],
    "price_stability": ["PERV1", "PERV2"],
    "staff": ["PERQ3"],
    "service_quality": ["PERQ4"],
    "promise_trust": ["IMAG1"],
    "contact_points": ["CUSCO", "IMAG4"],
    "satisfaction": ["CUSA1", "CUSA2", "CUSA3"],
    "loyalty": ["CUSL1", "CUSL2", "CUSL3"],
}
REPUTATION_ITEMS = {
    "qual": [f"qual_{i}" for i in range(1, 9)],
    "perf": [f"perf_{i}" for i in range(1, 6)],
    "csor": [f"csor_{i}" for i in range(1, 6)],
    "attr": [f"attr_{i}" for i in range(1, 4)],
    "comp": [f"comp_{i}" for i in range(1, 4)],
    "like": [f"like_{i}" for i in range(1, 4)],
    "cusa": ["cusa"],
    "switching_cost": [f"switch_{i}" for i in range(1, 5)],
    "cusl": [f"cusl_{i}" for i in range(1, 4)],
}


def mobi() -> pd.DataFrame:
    """The 250 complete answers of the ECSI mobile phone survey."""
    return pd.read_csv(DATA / "ecsi_mobile" / "mobi.csv").astype(np.float64)


def corp_rep() -> pd.DataFrame:
    """The 344 answers of the reputation survey, −99 replaced by the mean of the item as Hair et al. (2021) do."""
    answers = pd.read_csv(DATA / "corporate_reputation" / "corp_rep_data.csv").astype(np.float64)
    answers = answers.replace(-99.0, np.nan)
    return answers.fillna(answers.mean())


def ecsi() -> Specification:
    """The ECSI on the mobile phone survey."""
    return bind_items(load_theory("ecsi"), ECSI_ITEMS)


def staged() -> Specification:
    """The staged-factor proxies on the mobile phone survey."""
    return bind_items(load_theory("staged"), STAGED_ITEMS)


def reputation() -> Specification:
    """The reputation model with its moderation."""
    return bind_items(load_theory("reputation"), REPUTATION_ITEMS)


def path_model(
    items: Mapping[str, Sequence[str]],
    paths: Sequence[tuple[str, str]],
    measurement: Mapping[str, Measurement] | None = None,
    moderations: Sequence[tuple[str, str, str]] = (),
) -> Specification:
    """A model of one's own: items per construct, paths (predictor, outcome), (moderator, predictor, outcome)."""
    modes = measurement or {}
    text = {"en": "text"}
    theory = Theory.model_validate(
        {
            "key": "small",
            "title": text,
            "about": text,
            "citation": "made for a test",
            "constructs": {
                key: {"label": {"en": key}, "definition": text, "measurement": modes.get(key, "composite_a")}
                for key in items
            },
            "paths": [{"from": predictor, "to": outcome} for predictor, outcome in paths],
            "moderations": [{"moderator": m, "from": x, "to": y} for m, x, y in moderations],
        }
    )
    return bind_items(theory, items, "the test")
