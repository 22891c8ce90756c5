"""The methods of a customer report: the registered ones that it describes one by one, and the user's own rules."""

import os
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from crmresearch.errors import ParameterError
from crmresearch.paths import ROOT, data_folders
from crmresearch.segmentation.contract import SegmentationError, Segmenter
from crmresearch.segmentation.methods.life_cycle import LifeCycle
from crmresearch.segmentation.methods.own_rules import read_rules
from crmresearch.segmentation.methods.rfm_named import RfmNamed
from crmresearch.segmentation.registry import described
from crmresearch.segmentation.scoring.evaluate import UNSEGMENTED

REFERENCE = "rfm_eight_mean"


def customer_methods(rules: str = "") -> list[Segmenter]:
    """Every method that describes itself, not yet fitted; `rules` is the path of a file of own rules, empty for none.

    The path is looked for from the root of the project, then in the data folders. Raises ParameterError when no file
    is there, SegmentationError for mistakes in it.
    """
    return [*described(), *_own(rules)]


def today_methods(rules: str = "") -> list[Segmenter]:
    """Segments to act upon today, not yet fitted: named by RFM, the life cycle, and those of a file of own rules.

    The path and the errors are as of `customer_methods`.
    """
    return [RfmNamed(), LifeCycle(), *_own(rules)]


def _own(rules: str) -> list[Segmenter]:
    return [read_rules(_found(rules))] if rules else []


def reference_of(methods: Sequence[Segmenter]) -> str:
    """The row others are compared with: the RFM eight classes where they were fitted, else no segments."""
    return REFERENCE if REFERENCE in {method.name for method in methods} else UNSEGMENTED


def check_customers(customers: pd.DataFrame, folds: int) -> None:
    """Raises SegmentationError for fewer customers than folds, with what to do."""
    if len(customers) < folds:
        bought = "1 customer has" if len(customers) == 1 else f"{len(customers)} customers have"
        raise SegmentationError(
            f"Only {bought} bought by the cut-off, and scores out of time in {folds} folds need {folds} or more; "
            "choose a later `cutoff`, or a file with more customers."
        )


def _found(rules: str) -> Path:
    places = [folder / rules for folder in (ROOT, *data_folders())]
    for place in places:
        if os.path.isfile(place):
            return place
    raise ParameterError(
        f"There is no rule file {rules!r} in the project or its data folders; write its path from there, or leave "
        "`rules` empty."
    )
