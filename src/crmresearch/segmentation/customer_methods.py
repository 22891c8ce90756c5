"""The methods of a customer report: the registered ones that it describes one by one, and the user's own rules."""

import os
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from crmresearch.data.rule_file import RuleFile, read_rule_file
from crmresearch.errors import ParameterError
from crmresearch.paths import ROOT, data_folders
from crmresearch.segmentation.contract import SegmentationError, Segmenter
from crmresearch.segmentation.methods.life_cycle import LifeCycle
from crmresearch.segmentation.methods.own_rules import CustomRules, read_rules
from crmresearch.segmentation.methods.rfm_named import RfmNamed
from crmresearch.segmentation.methods.value_matrix import CurrentPotential
from crmresearch.segmentation.registry import described
from crmresearch.segmentation.scoring.evaluate import UNSEGMENTED
from crmresearch.segmentation.tags import Tags, carried_tags

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


def value_and_stage(customers: pd.DataFrame) -> tuple[pd.Series, pd.Series]:
    """The cell of the value matrix and the stage of life cycle of every customer, learned from these customers.

    `customers` (customers × features) with an `expected_value`. Raises SegmentationError as the methods do.
    """
    value, stage = (method.fit(customers).predict(customers) for method in (CurrentPotential(), LifeCycle()))
    return value, stage


def _own(rules: str) -> list[Segmenter]:
    document = own_document(rules) if rules else None
    return [CustomRules(document)] if document and document.rules else []


def customer_tags(rules: str, customers: pd.DataFrame) -> Tags | None:
    """Who carries which tag of the file of own rules; None where it gives none, or where `rules` is empty.

    Raises as `customer_methods`.
    """
    tags = own_document(rules).tags if rules else ()
    return carried_tags(tags, customers) if tags else None


def own_segments(rules: str) -> Segmenter:
    """The segments of the file of own rules, not yet fitted. Raises as `customer_methods`, and where it has none."""
    return read_rules(found_file(rules))


def own_document(rules: str) -> RuleFile:
    """The file of own rules, looked for and refused as `customer_methods` says."""
    return read_rule_file(found_file(rules), SegmentationError)


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


def found_file(name: str, parameter: str = "rules", what: str = "rule file") -> Path:
    """A file named by a parameter, looked for from the root of the project, then in the data folders.

    Raises ParameterError when it is not there.
    """
    places = [folder / name for folder in (ROOT, *data_folders())]
    for place in places:
        if os.path.isfile(place):
            return place
    raise ParameterError(
        f"There is no {what} {name!r} in the project or its data folders; write its path from there, or leave "
        f"`{parameter}` empty."
    )
