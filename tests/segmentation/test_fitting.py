"""What can be learned is learned, the rest is left out with the sentence of its method."""

import pandas as pd
import pytest

from crmresearch.segmentation.contract import SegmentationError
from crmresearch.segmentation.fitting import fit_methods
from crmresearch.segmentation.methods.abc_classes import Abc
from crmresearch.segmentation.methods.life_cycle import LifeCycle
from crmresearch.segmentation.methods.quantiles import QuantileSegments

ONCE = pd.DataFrame(
    {
        "frequency": [1, 1, 1],
        "recency": [3, 30, 60],
        "gap_mean": [float("nan")] * 3,
        "gap_sd": [float("nan")] * 3,
        "monetary_total": [80.0, 15.0, 5.0],
    },
    index=["a", "b", "c"],
)


def test_a_method_without_a_rhythm_to_learn_is_left_out_and_the_rest_stays() -> None:
    fitted, left_out = fit_methods([LifeCycle(), Abc()], ONCE)
    assert [method.name for method in fitted] == ["abc_80_15_5"]
    assert list(fitted[0].predict(ONCE)) == ["A", "B", "C"]
    assert list(left_out["method"]) == ["life_cycle_rhythm"]
    assert "nobody here did" in left_out["reason"][0]


def test_more_segments_than_customers_and_a_missing_column_are_reasons() -> None:
    _, left_out = fit_methods([QuantileSegments("monetary_total", 8), Abc(column="margin")], ONCE)
    assert "only 3 of the 3 customers" in left_out["reason"][0]
    assert "needs margin" in left_out["reason"][1]


def test_the_methods_given_stay_as_they_are() -> None:
    method = Abc()
    fit_methods([method], ONCE)
    with pytest.raises(SegmentationError, match="call fit first"):
        method.predict(ONCE)


def test_nothing_left_out_is_an_empty_table() -> None:
    assert list(fit_methods([Abc()], ONCE)[1].columns) == ["method", "reason"]
    assert fit_methods([Abc()], ONCE)[1].empty
