"""Moments of the answers: numbers of R psych, hand cases, invariances, and what is not defined."""

import doctest

import numpy as np
import pandas as pd
import pytest
from covariance_cases import survey

from crmresearch.errors import EstimationError
from crmresearch.sem.answers import multivariate
from crmresearch.sem.answers.multivariate import (
    correlations,
    factorability,
    mardia,
    normality,
    sampling_adequacy,
    sphericity,
)

# R psych 2.2.9 in R 4.2.2: KMO(cor(x)), cortest.bartlett(cor(x), n = 250), mardia(x), whose covariances have divisor
# n − 1, for the answers of data/ecsi_mobile/mobi.csv to all items and to the twelve of the Swedish barometer
ALL = {
    "kmo": 0.9232131518013,
    "items": {
        "CUEX1": 0.9249749138511,
        "CUEX2": 0.8978993120509,
        "CUEX3": 0.8766440262084,
        "CUSA1": 0.9470928004041,
        "CUSA2": 0.9665849826752,
        "CUSA3": 0.9391610073697,
        "CUSCO": 0.9329529763494,
        "CUSL1": 0.9187226737022,
        "CUSL2": 0.6349526371993,
        "CUSL3": 0.9236620219088,
        "IMAG1": 0.9406806155185,
        "IMAG2": 0.8491854443278,
        "IMAG3": 0.9313899396831,
        "IMAG4": 0.9164431578885,
        "IMAG5": 0.9132831741552,
        "PERQ1": 0.950307999543,
        "PERQ2": 0.8698144726207,
        "PERQ3": 0.9495643767991,
        "PERQ4": 0.9317599184336,
        "PERQ5": 0.936774533895,
        "PERQ6": 0.9373732165269,
        "PERQ7": 0.9361718647784,
        "PERV1": 0.864990695665,
        "PERV2": 0.89378834054,
    },
    "bartlett": (2868.58543200188, 276, 0),
    "skewness": (172.24894486236, 7177.03936926499, 0, 7270.11534640987, 0),
    "kurtosis": (859.336051984947, 52.664889757543, 0),
}
SWEDISH = {
    "kmo": 0.8731638839836,
    "items": {
        "CUEX1": 0.8920649291906,
        "CUEX2": 0.8475888373037,
        "CUEX3": 0.8808351280372,
        "PERV1": 0.8021359919599,
        "PERV2": 0.8369989713627,
        "CUSA1": 0.8896279054568,
        "CUSA2": 0.9218417036655,
        "CUSA3": 0.8982659750934,
        "CUSCO": 0.8986555809054,
        "CUSL1": 0.8900094843034,
        "CUSL2": 0.631822948383,
        "CUSL3": 0.8807746704061,
    },
    "bartlett": (1004.40219451857, 66, 8.575893679513e-168),
    "skewness": (28.356491430203, 1181.52047625845, 4.563443983972e-87, 1197.90142149208, 1.520431993605e-89),
    "kurtosis": (219.828087857588, 22.352986523182, 0),
}
CLOSE = {"rel": 1e-11, "abs": 1e-300}


def close(expected: object) -> object:
    return pytest.approx(expected, **CLOSE)


@pytest.fixture(scope="module", params=[ALL, SWEDISH], ids=["all", "swedish"])
def reference(request: pytest.FixtureRequest) -> dict:
    return request.param


@pytest.fixture(scope="module")
def items(reference: dict) -> pd.DataFrame:
    return survey("mobi")[list(reference["items"])].astype(float)


def test_the_adequacy_is_that_of_psych(reference, items):
    found = factorability(items)
    assert found.overall == close(reference["kmo"])
    assert found.items["item"].tolist() == list(reference["items"])
    assert found.items["msa"].tolist() == close(list(reference["items"].values()))
    assert found.rows == 250


def test_bartletts_test_is_that_of_psych(reference, items):
    assert tuple(factorability(items).bartlett) == pytest.approx(reference["bartlett"], rel=1e-11, abs=1e-300)


def test_mardias_tests_are_those_of_psych(reference, items):
    found = mardia(items.to_numpy(), unbiased=True)
    skewness = (found.skewness, found.chi2, found.p_skewness, found.small_sample_chi2, found.p_small_sample)
    # the probabilities are of 1e-87: a digit of χ² is a digit less of them
    assert skewness == pytest.approx(reference["skewness"], rel=1e-10, abs=1e-300)
    assert found.kurtosis == close(reference["kurtosis"][0])
    assert found.z == close(reference["kurtosis"][1])
    assert found.p_kurtosis == pytest.approx(reference["kurtosis"][2], abs=1e-15)  # psych has 1 − Φ, which ends there


def test_mardias_own_coefficients_have_the_divisor_n(reference, items):
    found = mardia(items.to_numpy())
    assert found.skewness == close(reference["skewness"][0] * (250 / 249) ** 3)
    assert found.kurtosis == close(reference["kurtosis"][0] * (250 / 249) ** 2)
    table = normality(items).set_index("test")
    assert table.loc["skewness", "statistic"] == found.chi2
    assert table.loc["skewness (small sample)", "p"] == found.p_small_sample
    assert table.loc["kurtosis", "coefficient"] == found.kurtosis
    assert pd.isna(table.loc["kurtosis", "df"])
    assert (table["rows"] == 250).all()


def test_one_variable_has_the_skewness_and_kurtosis_of_its_moments():
    x = np.array([1.0, 1, 2, 3, 7, 9])
    d = x - x.mean()
    m2, m3, m4 = (np.mean(d**k) for k in (2, 3, 4))
    found = mardia(x[:, None])
    assert found.skewness == pytest.approx(m3**2 / m2**3)
    assert found.kurtosis == pytest.approx(m4 / m2**2)
    assert found.df == 1


def test_mardia_does_not_depend_on_units_or_rotations():
    generator = np.random.default_rng(3)
    X = generator.exponential(size=(60, 4))
    turned = X @ generator.normal(size=(4, 4)) + 7
    assert tuple(mardia(turned)) == pytest.approx(tuple(mardia(X)), rel=1e-8)


def test_the_tests_hold_their_level_for_normal_answers():
    generator = np.random.default_rng(11)
    samples = [generator.normal(size=(200, 3)) for _ in range(400)]
    p = np.array([(m.p_small_sample, m.p_kurtosis, sphericity(correlations(X), 200).p)
                  for X in samples for m in [mardia(X)]])  # fmt: skip
    rejected = (p < 0.05).mean(axis=0)
    assert (np.abs(rejected - 0.05) < 4 * np.sqrt(0.05 * 0.95 / 400)).all()


def test_correlations_of_nothing_have_no_adequacy_and_no_chi2():
    assert np.isnan(sampling_adequacy(np.eye(3)).overall)
    assert np.isnan(sampling_adequacy(np.eye(3)).items).all()
    assert tuple(sphericity(np.eye(3), 100)) == (0.0, 3, 1.0)


def test_two_variables_share_nothing_with_a_third():
    assert sampling_adequacy(np.array([[1.0, 0.6], [0.6, 1.0]])).overall == pytest.approx(0.5)


def test_rows_with_holes_are_left_out_and_counted():
    items = survey("mobi")[["CUSA1", "CUSA2", "CUSA3"]].astype(float)
    holed = items.mask(np.arange(len(items))[:, None] % 5 == [0, 1, 9])
    whole = holed.dropna()
    assert factorability(holed).rows == len(whole) == 150
    assert factorability(holed).overall == factorability(whole).overall
    assert normality(holed).equals(normality(whole))


@pytest.mark.parametrize("analysis", [factorability, normality])
def test_what_is_not_defined_says_why(analysis):
    generator = np.random.default_rng(2)
    items = pd.DataFrame(generator.integers(1, 8, size=(40, 3)).astype(float), columns=["a", "b", "c"])
    with pytest.raises(EstimationError, match="b has one and the same answer in all 40 complete rows"):
        analysis(items.assign(b=4.0))
    with pytest.raises(EstimationError, match="have no inverse"):
        analysis(items.assign(d=items["a"] + items["b"]))
    with pytest.raises(EstimationError, match="3 complete rows are too few for the correlations of 3 items"):
        analysis(items.head(3))
    with pytest.raises(EstimationError, match="0 complete rows"):
        analysis(items.assign(a=np.nan))


def test_arrays_that_are_not_defined_say_why():
    with pytest.raises(EstimationError, match="Item number 2 has one and the same answer"):
        mardia(np.column_stack([np.arange(5.0), np.ones(5)]))
    with pytest.raises(EstimationError, match="nothing to correlate with"):
        sampling_adequacy(np.eye(1))
    with pytest.raises(EstimationError, match="not defined"):
        sampling_adequacy(np.array([[1.0, np.nan], [np.nan, 1.0]]))
    with pytest.raises(EstimationError, match="too few for Bartlett's test"):
        sphericity(np.eye(4), 3)


def test_the_examples_run():
    result = doctest.testmod(multivariate)
    assert result.attempted
    assert not result.failed
