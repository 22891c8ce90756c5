"""Cut points by counting: equal groups are equal, whatever the number of groups, from either end."""

from fractions import Fraction

import numpy as np
import pytest

from crmresearch.segmentation.cuts import groups_above, quantile_cuts


@pytest.mark.parametrize("low_is_good", [False, True])
@pytest.mark.parametrize(("groups", "each"), [(20, 5), (14, 3), (12, 9), (11, 7), (49, 2), (100, 3)])
def test_customers_that_can_be_dealt_equally_are(groups: int, each: int, low_is_good: bool) -> None:
    values = np.arange(1.0, groups * each + 1)
    codes = groups_above(values, quantile_cuts(values, groups, low_is_good), low_is_good)
    assert np.bincount(codes).tolist() == [each] * groups


@pytest.mark.long
def test_a_cut_point_is_the_smallest_value_that_its_share_does_not_exceed() -> None:
    for n in range(2, 130):
        values = np.arange(n, dtype=float)
        for groups in range(2, min(n, 40) + 1):
            reached = [next(v for v in range(n) if Fraction(v + 1, n) >= Fraction(i, groups)) for i in range(1, groups)]
            assert quantile_cuts(values, groups).tolist() == reached
