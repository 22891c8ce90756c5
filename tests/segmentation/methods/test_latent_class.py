"""Latent classes: published log-likelihoods, a likelihood by hand, rows against weights, recovery of a known truth."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm
from sklearn.metrics import adjusted_rand_score
from stepmix.stepmix import StepMix

from crmresearch.segmentation.contract import SegmentationError
from crmresearch.segmentation.methods.answer_levels import answer_levels
from crmresearch.segmentation.methods.latent_class import LatentClasses

# Diagnoses of 118 slides by seven pathologists, 1 = carcinoma: patterns and their counts. Agresti, A. (2002).
# Categorical Data Analysis (2nd ed.), table 13.1; data set `carcinoma` of R poLCA.
CARCINOMA = {
    "0000000": 34, "0000100": 2, "0100000": 6, "0100001": 1, "0100100": 4, "0100101": 5, "1000000": 2, "1010101": 1,
    "1100000": 2, "1100001": 1, "1100100": 2, "1100101": 7, "1100111": 1, "1101001": 1, "1101101": 2, "1101111": 3,
    "1110101": 13, "1110111": 5, "1111101": 10, "1111111": 16,
}  # fmt: skip
ITEMS = list("ABCDEFG")


@pytest.fixture(scope="module")
def slides() -> pd.DataFrame:
    rows = [list(map(float, pattern)) for pattern, count in CARCINOMA.items() for _ in range(count)]
    return pd.DataFrame(rows, columns=ITEMS)


@pytest.fixture(scope="module")
def three(slides: pd.DataFrame) -> LatentClasses:
    return LatentClasses(ITEMS, 3, rarest=0, starts=8, seed=1).fit(slides)


def planted(n: int = 900, seed: int = 5) -> tuple[pd.DataFrame, np.ndarray]:
    """Answers 1 to 5 to six items: a class likes the first half, one the second half, one nothing."""
    rng = np.random.default_rng(seed)
    truth = rng.choice(3, n, p=[0.5, 0.3, 0.2])
    centre = np.array([[4, 4, 4, 2, 2, 2], [2, 2, 2, 4, 4, 4], [1.5] * 6])[truth]
    answers = np.clip(np.rint(centre + rng.normal(0, 0.7, (n, 6))), 1, 5)
    return pd.DataFrame(answers, columns=[f"q{i}" for i in range(1, 7)]), truth


@pytest.mark.parametrize(("k", "published"), [(2, -317.2568), (3, -293.7050)])
def test_log_likelihoods_of_the_published_example(slides: pd.DataFrame, k: int, published: float) -> None:
    """poLCA on its data set carcinoma: Linzer & Lewis (2011), Journal of Statistical Software 42(10), section 5.1."""
    row = LatentClasses(ITEMS, k, rarest=0, starts=5, seed=3).fit(slides).solutions_.iloc[0]
    assert row.log_likelihood == pytest.approx(published, abs=5e-4)
    assert row.parameters == 8 * k - 1
    assert row.bic == pytest.approx(-2 * published + (8 * k - 1) * np.log(118), abs=1e-3)
    assert row.aic == pytest.approx(-2 * published + 2 * (8 * k - 1), abs=1e-3)


def test_classes_of_the_published_example(three: LatentClasses) -> None:
    """The same source: shares .3736 (all negative), .1817 (divided) and .4447 (all positive)."""
    np.testing.assert_allclose(three.shares_, [0.3736, 0.1817, 0.4447], atol=6e-5)


def test_the_likelihood_and_the_entropy_by_hand(slides: pd.DataFrame, three: LatentClasses) -> None:
    yes = three.probabilities_.query("level == 2").pivot(index="segment", columns="item", values="probability")
    joint = np.zeros((len(slides), 3))
    for i, answers in enumerate(slides.to_numpy()):
        for c in range(3):
            p = yes.iloc[c][ITEMS].to_numpy()
            joint[i, c] = three.shares_[c] * np.prod(np.where(answers == 1, p, 1 - p))
    row = three.solutions_.iloc[0]
    assert np.log(joint.sum(axis=1)).sum() == pytest.approx(row.log_likelihood, abs=1e-8)
    posterior = joint / joint.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(three.posterior(slides), posterior, atol=1e-10)
    lost = -(posterior * np.log(np.clip(posterior, 1e-300, 1))).sum()
    assert row.entropy_r2 == pytest.approx(1 - lost / (118 * np.log(3)), abs=1e-10)
    best = three.posterior(slides).idxmax(axis=1)
    assert (three.predict(slides).astype(str) == best).all()


def test_patterns_with_weights_are_the_rows(slides: pd.DataFrame, three: LatentClasses) -> None:
    rows = StepMix(3, measurement="categorical", n_init=8, abs_tol=1e-9, max_iter=5000, progress_bar=0, random_state=2)
    rows.fit(slides.to_numpy())
    order = np.argsort(rows.weights_[[0, 1, 2]])
    np.testing.assert_allclose(rows.weights_[order], np.sort(three.shares_), atol=1e-4)
    assert rows.score(slides.to_numpy()) * 118 == pytest.approx(three.solutions_.log_likelihood[0], abs=1e-3)


def test_classes_that_the_answers_cannot_tell_are_not_identified(slides: pd.DataFrame, three: LatentClasses) -> None:
    """Four binary items, three classes: 14 parameters, 15 free cells, and no identification (Goodman, 1974)."""
    assert (three.parameters, three.free_cells_) == (23, 127)
    assert three.identified
    few = LatentClasses(ITEMS[:3], 2, rarest=0, starts=4, seed=1).fit(slides)
    assert (few.parameters, few.free_cells_) == (7, 7)
    crowded = LatentClasses(ITEMS[:3], 3, rarest=0, starts=4, seed=1).fit(slides)
    assert (crowded.parameters, crowded.free_cells_, crowded.identified) == (11, 7, False)
    goodman = LatentClasses(ITEMS[:4], 3, rarest=0, starts=10, seed=1).fit(slides)
    assert goodman.parameters < goodman.free_cells_
    assert goodman.solutions_.found[0] > 1
    assert goodman.apart_ > 0.02
    assert not goodman.identified
    normal = LatentClasses(["q1", "q2"], 2, measurement="gaussian_diag", starts=2).fit(planted()[0])
    assert normal.free_cells_ == np.inf


def test_planted_classes_are_found_by_bic_and_for_others() -> None:
    answers, truth = planted()
    found = LatentClasses(list(answers), classes=range(1, 6), starts=4, seed=1).fit(answers)
    assert len(found.segments) == 3
    assert list(found.solutions_.k) == [1, 2, 3, 4, 5]
    assert found.solutions_.found[2] >= 3
    assert adjusted_rand_score(truth, found.predict(answers)) > 0.9
    others, known = planted(seed=6)
    assert adjusted_rand_score(known, found.predict(others)) > 0.9
    levels = [others[found.predict(others) == key].mean().mean() for key in ("c1", "c2", "c3")]
    assert levels == sorted(levels)


def test_missing_answers_leave_the_product() -> None:
    answers, truth = planted()
    holes = answers.mask(np.random.default_rng(1).random(answers.shape) < 0.15)
    holes = holes[holes.notna().any(axis=1)]
    found = LatentClasses(list(answers), 3, starts=4, seed=1).fit(holes)
    assert adjusted_rand_score(truth[holes.index], found.predict(holes)) > 0.8
    one = pd.DataFrame([[np.nan, 5, np.nan, np.nan, np.nan, np.nan]], columns=list(answers))
    level = found.probabilities_.query("item == 'q2'").groupby("segment", sort=False)["probability"].last()
    by_hand = found.shares_ * level.to_numpy()
    np.testing.assert_allclose(found.posterior(one).iloc[0], by_hand / by_hand.sum(), atol=1e-12)
    with pytest.raises(SegmentationError, match="answered none of the items"):
        found.predict(one.assign(q2=np.nan))


def test_normal_answers() -> None:
    answers, truth = planted()
    holes = answers.mask(np.random.default_rng(1).random(answers.shape) < 0.05)
    found = LatentClasses(list(answers), 3, measurement="gaussian_diag", starts=4, seed=1).fit(holes)
    assert adjusted_rand_score(truth, found.predict(holes)) > 0.85
    wide = found.probabilities_.pivot(index="segment", columns="item")
    density = norm.pdf(holes.to_numpy()[:, None], wide["mean"].to_numpy(), np.sqrt(wide["variance"].to_numpy()))
    total = np.log((found.shares_ * np.nanprod(density, axis=2)).sum(axis=1)).sum()
    assert found.solutions_.log_likelihood[0] == pytest.approx(total, abs=1e-6)


def test_a_class_of_one_answer_is_no_normal_solution() -> None:
    ends = pd.DataFrame({"a": [1.0] * 40 + [10.0] * 40, "b": [1.0] * 40 + [9.0, 10.0] * 20})
    with pytest.raises(SegmentationError, match="categorical measurement"):
        LatentClasses(["a", "b"], 2, measurement="gaussian_diag", starts=3).fit(ends)


def test_levels_merge_the_rarest_into_its_rarer_neighbour() -> None:
    answers = np.repeat([1.0, 2, 3, 4, 9, 10], [2, 8, 30, 20, 25, 15])
    three = answer_levels("q", answers, most=3, rarest=0.1)
    # 1 joins 2 (10), which joins 3 (40); then 10 (15) joins 9 (40), and of 40, 20, 40 nothing is rare
    assert three.lowest == (1.0, 4.0, 9.0)
    assert three.highest == (3.0, 4.0, 10.0)
    np.testing.assert_array_equal(three.codes(np.array([3, 3.4, 3.6, 6.4, 6.6, np.nan])), [0, 0, 1, 1, 2, -1])
    assert len(answer_levels("q", np.array([0.0] * 99 + [1.0]), most=3, rarest=0.1)) == 2


def test_the_same_seed_gives_the_same_classes_whatever_the_order(slides: pd.DataFrame, three: LatentClasses) -> None:
    shuffled = slides.sample(frac=1, random_state=1)
    again = LatentClasses(ITEMS, 3, rarest=0, starts=8, seed=1).fit(shuffled)
    pd.testing.assert_frame_equal(again.solutions_, three.solutions_)
    pd.testing.assert_frame_equal(again.posterior(slides), three.posterior(slides), check_exact=True)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"items": []}, "different items"),
        ({"items": ["A"], "k": 0}, "1 or more"),
        ({"items": ["A"], "measurement": "ordinal"}, "categorical or gaussian_diag"),
        ({"items": ["A"], "classes": ()}, "how many"),
        ({"items": ["A"], "levels": 1}, "levels is 2 or more"),
    ],
)
def test_parameters_that_contradict_each_other(arguments: dict, sentence: str) -> None:
    with pytest.raises(SegmentationError, match=sentence):
        LatentClasses(**arguments)


def test_answers_that_cannot_be_segmented(slides: pd.DataFrame) -> None:
    with pytest.raises(SegmentationError, match="same answer to A"):
        LatentClasses(["A", "B"], 2).fit(slides.assign(A=1.0))
    with pytest.raises(SegmentationError, match="needs H"):
        LatentClasses(["H"], 2).fit(slides)
    with pytest.raises(SegmentationError, match="call fit first"):
        LatentClasses(ITEMS, 2).posterior(slides)
    with pytest.raises(SegmentationError, match="only 4"):
        LatentClasses(["A", "B"], 5).fit(slides)


def test_members_are_in_their_most_probable_class(slides: pd.DataFrame, three: LatentClasses) -> None:
    members = three.members(slides)
    belongs = three.posterior(slides)
    assert list(members["respondent"]) == list(slides.index)
    assert list(members["segment"]) == list(belongs.idxmax(axis=1))
    assert members["posterior"].to_numpy() == pytest.approx(belongs.to_numpy().max(axis=1))
