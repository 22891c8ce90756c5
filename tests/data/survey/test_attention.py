"""Signs of attention: worked by hand, as R careless defines them."""

import numpy as np
import pytest

from crmresearch.data.survey.attention import even_odd, response_variability, synonym_agreement, synonyms

NONE = np.nan


def test_variability_is_the_standard_deviation_of_the_answers_given() -> None:
    X = np.array([[1.0, 2, 3, 4], [5, 5, 5, 5], [1, NONE, 5, NONE], [3, NONE, NONE, NONE]])
    # deviations ±1.5 and ±0.5: 5 / 3; none; ±2: 8 / 1; one answer has no spread
    assert response_variability(X) == pytest.approx([np.sqrt(5 / 3), 0, np.sqrt(8), NONE], nan_ok=True)


def test_synonyms_are_the_pairs_above_the_limit_the_later_item_first() -> None:
    R = np.array([[1, 0.7, 0.6], [0.7, 1, -0.9], [0.6, -0.9, 1]])
    assert synonyms(R).tolist() == [[1, 0]]
    assert synonyms(R, 0.5).tolist() == [[1, 0], [2, 0]]


def test_agreement_is_the_correlation_over_pairs_within_a_respondent() -> None:
    pairs = np.array([[1, 0], [3, 2], [5, 4]])
    X = np.array(
        [
            [1.0, 1, 3, 3, 5, 5],  # the same throughout
            [1, 5, 3, 3, 5, 1],  # turned round
            [1, 2, 3, 4, 5, 3],  # (1, 3, 5) and (2, 4, 3): deviations (−2, 0, 2) and (−1, 1, 0), r = 2 / √(8 · 2) = .5
            [4, 4, 4, 4, 4, 4],  # nothing to correlate
            [1, 1, 3, NONE, 5, 5],  # two pairs
        ]
    )
    assert synonym_agreement(X, pairs) == pytest.approx([1, -1, 0.5, NONE, NONE], nan_ok=True)


def test_even_and_odd_items_by_hand() -> None:
    scales = [[0, 1], [2, 3], [4, 5], [6]]  # odd: items 0, 2, 4; even: 1, 3, 5; a scale of one item has no halves
    X = np.array(
        [
            [1.0, 1, 3, 3, 5, 5, 9],
            [1, 2, 3, 4, 5, 3, 9],  # r = .5 as above, 2 · .5 / 1.5 = 2 / 3
            [1, 3, 3, 5, 5, 1, 9],  # (−2, 0, 2) and (0, 2, −2): r = −4 / 8, below −1 by the formula
            [2, 2, 2, 2, 2, 2, 9],
        ]
    )
    assert even_odd(X, scales) == pytest.approx([1, 2 / 3, -1, NONE], nan_ok=True)
    assert np.isnan(even_odd(X, scales[:2])).all()


def test_halves_are_means_of_what_was_answered() -> None:
    X = np.array([[1.0, 2, 3, 4, 4, 4, 5, 3]])
    # odd means (2, 4, 5), even (2, 4, 3): deviations (−5, 1, 4)/3 and (−1, 1, 0), r = 2 / √(42/9 · 2) = .6547
    scales = [[0, 1, 2], [3, 4, 5], [6, 7]]
    r = 2 / np.sqrt(42 / 9 * 2)
    X[0, 5] = NONE
    assert even_odd(X, scales) == pytest.approx([2 * r / (1 + r)])
