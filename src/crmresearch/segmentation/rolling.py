"""Rolling operation: segments learned at an earlier date, frozen, and applied to the customers of today."""

import copy
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from crmresearch.segmentation.contract import SegmentationError, Segmenter
from crmresearch.segmentation.evaluate import HOLDOUT
from crmresearch.segmentation.partitions import adjusted_rand, contingency


@dataclass(frozen=True)
class Rolling:
    """What frozen segments do to the customers of today, beside the same methods learned today.

    `agreement`: method, k (segments with members by the frozen method), agreement (share of customers with the same
    segment key either way), ari (adjusted Rand index of the two); NaN where the method cannot learn today.
    `frozen`: segments of today's customers by the method learned earlier, a Series a method, to be evaluated as they
    are. `learned_now`: the same by the method learned today.
    """

    agreement: pd.DataFrame
    frozen: tuple[pd.Series, ...]
    learned_now: tuple[pd.Series, ...]


def rolling(methods: Sequence[Segmenter], earlier: pd.DataFrame, now: pd.DataFrame) -> Rolling:
    """Every method learned on the customer table `earlier` and applied to the table `now`, and learned on `now`.

    The customers need not be the same. What `now` says of the time after it (columns holdout_…) is never learned from;
    a method that needs it can only be learned earlier. Keys mean the same at both dates for rules; clusters are
    compared by their order, so read ari beside agreement. The methods themselves stay as they are.

    Raises SegmentationError where a method cannot learn on `earlier` or segment `now`.
    """
    today = now[[column for column in now.columns if not str(column).startswith(HOLDOUT)]]
    rows, frozen, fresh = [], [], []
    for method in methods:
        kept = copy.deepcopy(method).fit(earlier).predict(today)
        frozen.append(kept)
        agreement, ari = np.nan, np.nan
        try:
            relearned = copy.deepcopy(method).fit(today).predict(today)
        except SegmentationError:
            pass
        else:
            fresh.append(relearned)
            agreement = float((kept.astype(str).to_numpy() == relearned.astype(str).to_numpy()).mean())
            ari = adjusted_rand(contingency(pd.factorize(kept)[0], pd.factorize(relearned)[0]))
        rows.append((method.name, kept.nunique(), agreement, ari))
    table = pd.DataFrame(rows, columns=["method", "k", "agreement", "ari"])
    return Rolling(table, tuple(frozen), tuple(fresh))
