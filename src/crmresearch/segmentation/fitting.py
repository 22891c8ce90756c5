"""Many methods learned from the same customers; one that these customers cannot teach is left out with its reason."""

import copy
from collections.abc import Sequence

import pandas as pd

from crmresearch.errors import CrmResearchError
from crmresearch.segmentation.contract import Segmenter


def fit_methods(methods: Sequence[Segmenter], customers: pd.DataFrame) -> tuple[list[Segmenter], pd.DataFrame]:
    """Copies of the methods fitted to these customers, and those left out: columns method and reason, one row each.

    A method is left out where `fit`, or `predict` of the same customers, raises one of the project's errors, whose
    sentence is the reason: an analysis of ten methods must not end because nobody bought twice and one of them needs
    a rhythm. Mistakes of programming are raised. The methods given stay as they are.
    """
    fitted: list[Segmenter] = []
    left_out: list[tuple[str, str]] = []
    for method in methods:
        try:
            learned = copy.deepcopy(method).fit(customers)
            learned.predict(customers)
        except CrmResearchError as error:
            left_out.append((method.name, str(error)))
        else:
            fitted.append(learned)
    return fitted, pd.DataFrame(left_out, columns=["method", "reason"])
