"""False discovery rates against statsmodels."""

import numpy as np
import pytest
from statsmodels.stats.multitest import multipletests

from crmresearch.mining.baskets.false_discovery import Control, false_discovery


@pytest.mark.parametrize(("control", "method"), [("hochberg", "fdr_bh"), ("yekutieli", "fdr_by")])
def test_adjusted_as_statsmodels_does(control: Control, method: str) -> None:
    p = np.random.default_rng(1).random(60) ** 3
    assert false_discovery(p, control=control) == pytest.approx(multipletests(p, method=method)[1], abs=1e-14)


@pytest.mark.parametrize(("control", "method"), [("hochberg", "fdr_bh"), ("yekutieli", "fdr_by")])
def test_tests_that_are_not_listed_count_as_those_of_p_one(control: Control, method: str) -> None:
    p = np.array([0.001, 0.02, 0.0004])
    told = multipletests(np.r_[p, np.ones(97)], method=method)[1][:3]
    assert false_discovery(p, 100, control) == pytest.approx(told, abs=1e-14)


def test_nothing_tested() -> None:
    assert len(false_discovery(np.array([]))) == 0
