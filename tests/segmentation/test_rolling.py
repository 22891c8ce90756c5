"""Rolling operation: frozen cut points by hand, and the future that a method must not see."""

import numpy as np
import pandas as pd
import pytest
from customers import simulated_customers

from crmresearch.segmentation.contract import SegmentationError
from crmresearch.segmentation.evaluate import evaluate_segmentations
from crmresearch.segmentation.quantiles import QuantileSegments
from crmresearch.segmentation.rfm_classes import RfmEight
from crmresearch.segmentation.rolling import rolling


def test_frozen_halves_by_hand() -> None:
    earlier, now = pd.DataFrame({"spend": [1, 2, 3, 4]}), pd.DataFrame({"spend": [2, 3, 4, 5]})
    found = rolling([QuantileSegments("spend", 2)], earlier, now)
    assert found.frozen[0].tolist() == ["q1", "q2", "q2", "q2"]  # the cut learned earlier is 2
    assert found.learned_now[0].tolist() == ["q1", "q1", "q2", "q2"]
    assert found.agreement.iloc[0].tolist()[:3] == ["spend_quantiles_2", 2, 0.75]
    assert found.agreement["ari"][0] == pytest.approx(0, abs=1e-12)  # 1 pair together twice, 3 and 2 of 6: 1 expected


def test_the_same_table_twice_changes_nothing() -> None:
    table = simulated_customers(300)
    found = rolling([RfmEight(), QuantileSegments("monetary_total", 4)], table, table)
    assert found.agreement[["agreement", "ari"]].to_numpy().tolist() == [[1, 1], [1, 1]]


def test_frozen_segments_are_evaluated_as_they_are() -> None:
    earlier, now = simulated_customers(120, seed=1), simulated_customers(150, seed=2)
    found = rolling([RfmEight()], earlier, now)
    scores = evaluate_segmentations(now, found.frozen, folds=2, resamples=2).scores
    fitted = evaluate_segmentations(now, [RfmEight().fit(earlier)], folds=2, resamples=2).scores
    pd.testing.assert_frame_equal(scores, fitted)


class _Peeping(QuantileSegments):
    """Cuts the features where the holdout says so, as a tree does: needs the outcome to learn, not to predict."""

    def fit(self, features: pd.DataFrame) -> "_Peeping":
        if "holdout_spend" not in features:
            raise SegmentationError("needs holdout_spend")
        return super().fit(features)


def test_what_comes_after_now_is_never_learned_from() -> None:
    earlier, now = simulated_customers(300, seed=1), simulated_customers(300, seed=2)
    found = rolling([_Peeping("monetary_total", 3), RfmEight()], earlier, now)
    assert np.isnan(found.agreement["agreement"]).tolist() == [True, False]
    assert [str(s.name) for s in found.frozen] == ["monetary_total_quantiles_3", "rfm_eight_mean"]
    assert [str(s.name) for s in found.learned_now] == ["rfm_eight_mean"]
    with pytest.raises(SegmentationError, match="holdout_spend"):
        rolling([_Peeping("monetary_total", 3)], now[["monetary_total"]], now)
