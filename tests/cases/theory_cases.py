"""Theories of one's own and surveys made for them, shared by the tests that hold several theories side by side."""

import dataclasses
from collections.abc import Sequence

import numpy as np
import pandas as pd

from crmresearch.data.survey.codebook import Codebook
from crmresearch.data.survey.survey import Survey
from crmresearch.models.theory import Theory


def theory(key: str, causes: Sequence[str], loyalty: bool = False) -> Theory:
    """Causes lead to satisfaction, and satisfaction to loyalty where there is any."""
    constructs = [*causes, "satisfaction", *(["loyalty"] if loyalty else [])]
    words = {"label": {"en": key}, "definition": {"en": key}}
    paths = [{"from": cause, "to": "satisfaction"} for cause in causes]
    return Theory.model_validate({
        "key": key, "title": {"en": key}, "about": {"en": key}, "citation": "none",
        "loyalty": "loyalty" if loyalty else None, "constructs": dict.fromkeys(constructs, words),
        "paths": [*paths, *([{"from": "satisfaction", "to": "loyalty"}] if loyalty else [])],
    })  # fmt: skip


def survey_of(template: Survey, constructs: dict[str, np.ndarray], rng: np.random.Generator) -> Survey:
    """A survey in which two items measure each construct with error."""
    answers = {f"{key}_{i}": x + 0.5 * rng.normal(size=len(x)) for key, x in constructs.items() for i in (1, 2)}
    items = {name: {"text": {"en": name}, "min": -9, "max": 9} for name in answers}
    given = {"key": "simulated", "title": {"en": "s"}, "about": {"en": "s"}, "file": "s.csv", "committed": False}
    measured = {key: [f"{key}_1", f"{key}_2"] for key in constructs}
    book = Codebook.model_validate({**given, "items": items, "constructs": measured})
    return dataclasses.replace(template, codebook=book, items=pd.DataFrame(answers), groups=pd.DataFrame())
