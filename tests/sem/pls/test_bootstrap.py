"""The bootstrap: the same resamples give what a loop, Python seminr and scipy give, however the work is divided."""

from functools import cache
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from sem_cases import corp_rep, ecsi, mobi, path_model, reputation
from seminr_oracle import seminr_estimate, seminr_values

from crmresearch.errors import EstimationError, ParameterError
from crmresearch.models.specification import Specification
from crmresearch.resampling import DRAWS_PER_SEED, bootstrap_counts, bootstrap_rows, jackknife_counts
from crmresearch.sem.pls.bootstrap import bootstrap
from crmresearch.sem.pls.estimate import estimate_pls
from crmresearch.sem.pls.moments import Sample
from crmresearch.sem.pls.result import PlsEstimate

SEED = 20


def cases() -> list[tuple[Specification, pd.DataFrame]]:
    # seminr corrects every mode-A construct once one is reflective, so the moderator is a factor here too
    return [(ecsi(), mobi()), (reputation().with_measurement(switching_cost="common_factor"), corp_rep())]


def resampled_rows(n: int, resamples: int, seed: int) -> np.ndarray:
    """Row numbers (resamples, n) of the resamples that `bootstrap` uses."""
    groups = [bootstrap_rows(n, group, seed) for group in range(-(-resamples // DRAWS_PER_SEED))]
    return np.concatenate(groups)[:resamples]


def csv_of(estimate: PlsEstimate) -> str:
    tables = [
        estimate.paths,
        estimate.loadings,
        estimate.weights,
        estimate.r_squared,
        estimate.total_effects,
        estimate.table("htmt"),
        estimate.table("means"),
    ]
    return "".join(table.to_csv(index=False, float_format="%.10g") for table in tables)


@pytest.fixture(scope="module")
def booted() -> PlsEstimate:
    return bootstrap(estimate_pls(ecsi(), mobi()), resamples=1000, seed=SEED)


def test_counts_are_the_rows_drawn_and_each_resample_has_n() -> None:
    counts = np.concatenate(list(bootstrap_counts(37, 120, SEED)))
    rows = resampled_rows(37, 120, SEED)
    assert counts.shape == (120, 37)
    assert (counts == [np.bincount(row, minlength=37) for row in rows]).all()


def test_rows_are_drawn_uniformly_and_resamples_differ() -> None:
    counts = np.concatenate(list(bootstrap_counts(10, 5000, SEED)))
    drawn = counts.sum(axis=0)
    assert stats.chisquare(drawn).pvalue > 1e-3
    assert len(np.unique(resampled_rows(40, 500, SEED), axis=0)) == 500


def test_more_resamples_begin_with_the_same_ones() -> None:
    few = np.concatenate(list(bootstrap_counts(20, 60, SEED)))
    many = np.concatenate(list(bootstrap_counts(20, 130, SEED)))
    assert (many[:60] == few).all()


def test_moments_of_counts_are_the_moments_of_the_repeated_rows() -> None:
    X = mobi()[ecsi().items].to_numpy() * 1.7 + 1e4  # far from 0: cancellation would show
    (counts,) = bootstrap_counts(len(X), 20, SEED)
    moments = Sample(X).moments(counts)
    for b, rows in enumerate(resampled_rows(len(X), 20, SEED)):
        np.testing.assert_allclose(moments.means[b], X[rows].mean(axis=0), rtol=1e-14)
        np.testing.assert_allclose(moments.correlations[b], np.corrcoef(X[rows].T), rtol=0, atol=1e-12)
        np.testing.assert_allclose(moments.covariances[b], np.cov(X[rows].T), rtol=0, atol=1e-10)


@pytest.mark.parametrize("case", [0, 1], ids=["ecsi", "reputation"])
@pytest.mark.long
def test_batched_replicates_are_single_estimates_of_the_resampled_rows(case: int) -> None:
    spec, answers = cases()[case]
    boot = bootstrap(estimate_pls(spec, answers), resamples=12, seed=SEED).resampling
    assert boot is not None
    for b, rows in enumerate(resampled_rows(len(answers), 12, SEED)):
        single = estimate_pls(spec, answers.iloc[rows].reset_index(drop=True))
        for name, values in boot.replicates.items():
            np.testing.assert_allclose(values[b], single.values(name), rtol=1e-10, atol=1e-10, err_msg=name)


@pytest.mark.parametrize("consistent", [False, True], ids=["composite", "PLSc"])
@pytest.mark.parametrize("case", [0, 1], ids=["ecsi", "reputation"])
def test_replicates_equal_python_seminr_on_the_same_resamples(case: int, consistent: bool) -> None:
    seminr = pytest.importorskip("seminr", reason="Python seminr, the test-only oracle, is not installed")
    spec, answers = cases()[case]
    estimate = bootstrap(estimate_pls(spec, answers), resamples=10, seed=SEED)
    estimator = "plsc" if consistent else "pls"
    # seminr gives moderations per unit of the product for composites, per standard deviation of it in PLSc
    names = [
        "standardized_paths" if consistent else "paths",
        "loadings",
        "weights",
        "r_squared",
        "total_effects",
        "htmt",
    ]
    assert estimate.resampling is not None
    for b, rows in enumerate(resampled_rows(len(answers), 10, SEED)):
        oracle = seminr_estimate(seminr, spec, answers.iloc[rows].reset_index(drop=True), consistent=consistent)
        for name in names:
            key = f"{name}/{estimator}" if f"{name}/{estimator}" in estimate.quantities else f"{name}/pls"
            theirs = seminr_values(seminr, oracle, name, estimate.quantities[key].labels)
            np.testing.assert_allclose(estimate.resampling.replicates[key][b], theirs, rtol=0, atol=1e-10, err_msg=key)


@pytest.mark.long
@pytest.mark.parametrize("interval", ["percentile", "bca"])
def test_any_chunk_and_number_of_workers_gives_the_same_bytes(interval: str) -> None:
    estimate = estimate_pls(ecsi(), mobi())

    def tables(chunk: int, workers: int) -> str:
        return csv_of(
            bootstrap(estimate, resamples=320, seed=SEED, interval=interval, chunk=chunk, workers=workers)  # type: ignore[arg-type]
        )

    expected = tables(250, 1)
    for chunk, workers in [(7, 2), (100, 3), (250, 2), (1000, 1)]:
        assert tables(chunk, workers) == expected, (chunk, workers)


def test_any_chunk_gives_the_same_bytes_for_answers_that_are_not_whole_numbers() -> None:
    # mean replacement leaves fractions, whose sums depend on their order in the last bits; the model has products
    estimate = estimate_pls(reputation(), corp_rep())
    expected = csv_of(bootstrap(estimate, resamples=260, seed=SEED))
    for chunk, workers in [(7, 2), (100, 1), (1000, 3)]:
        assert csv_of(bootstrap(estimate, resamples=260, seed=SEED, chunk=chunk, workers=workers)) == expected


def test_other_seeds_give_other_resamples(booted: PlsEstimate) -> None:
    other = bootstrap(estimate_pls(ecsi(), mobi()), resamples=1000, seed=SEED + 1)
    assert csv_of(other) != csv_of(booted)
    # both estimate one standard error: they differ by Monte Carlo noise, 1/√(2·1000) ≈ 2 % each
    pls = booted.paths["estimator"] == "pls"
    ratio = other.paths.loc[pls, "se"] / booted.paths.loc[pls, "se"]
    assert ratio.between(0.85, 1.15).all()


def test_se_and_percentile_limits_are_those_of_numpy(booted: PlsEstimate) -> None:
    boot = booted.resampling
    assert boot is not None
    for name, values in boot.replicates.items():
        summary = boot.summary(name)
        low, high = np.quantile(values, [0.025, 0.975], axis=0)
        np.testing.assert_allclose(summary["ci_lower"], low, rtol=1e-13, atol=1e-15)
        np.testing.assert_allclose(summary["ci_upper"], high, rtol=1e-13, atol=1e-15)
        np.testing.assert_allclose(summary["se"], values.std(axis=0, ddof=1), rtol=1e-12, atol=1e-15)


@pytest.mark.long
def test_bca_limits_are_those_of_scipy() -> None:
    answers = mobi().head(80)
    spec = path_model(
        {"image": ["IMAG1", "IMAG4"], "quality": ["PERQ1", "PERQ3"], "loyalty": ["CUSL1", "CUSL3"]},
        [("image", "loyalty"), ("quality", "loyalty")],
    )
    estimate = bootstrap(estimate_pls(spec, answers), resamples=400, seed=SEED, interval="bca", confidence=0.9)
    boot = estimate.resampling
    assert boot is not None
    names = ("paths/pls", "r_squared/pls", "loadings/pls", "means/pls")

    @cache  # scipy asks for the same rows again for every quantity
    def values(*rows: int) -> dict[str, float]:
        again = estimate_pls(spec, answers.iloc[list(rows)])
        return {name: float(again.values(name)[0]) for name in names}

    for name in names:

        def statistic(rows: np.ndarray, name: str = name) -> float:
            return values(*rows.tolist())[name]

        theirs = stats.bootstrap(
            (np.arange(len(answers)),),
            statistic,
            n_resamples=0,
            bootstrap_result=SimpleNamespace(bootstrap_distribution=boot.replicates[name][:, 0]),
            vectorized=False,
            confidence_level=0.9,
            method="BCa",
        ).confidence_interval
        summary = boot.summary(name)
        # a jackknife estimate is the limit within the stop rule, Σ|Δw| < 1e-7, not to the last bit
        assert summary["ci_lower"][0] == pytest.approx(theirs.low, abs=1e-8), name
        assert summary["ci_upper"][0] == pytest.approx(theirs.high, abs=1e-8), name
        plain = np.quantile(boot.replicates[name][:, 0], [0.05, 0.95])
        assert not np.allclose([theirs.low, theirs.high], plain, rtol=0, atol=1e-4)  # BCa moved the limits


@pytest.mark.parametrize(("n", "groups"), [(30, 30), (103, 20)])
def test_jackknife_deletes_every_row_once(n: int, groups: int) -> None:
    counts = np.concatenate(list(jackknife_counts(n, groups, SEED)))
    assert counts.shape == (groups, n)
    assert ((counts == 0).sum(axis=0) == 1).all()
    deleted = (counts == 0).sum(axis=1)
    assert deleted.max() - deleted.min() <= 1


def test_p_value_counts_the_resamples_on_the_rarer_side_of_zero(booted: PlsEstimate) -> None:
    boot = booted.resampling
    assert boot is not None
    frame = booted.paths[booted.paths["estimator"] == "pls"].reset_index(drop=True)
    replicates = boot.replicates["paths/pls"]
    for j, row in frame.iterrows():
        negative = sum(value <= 0 for value in replicates[:, j])
        positive = sum(value >= 0 for value in replicates[:, j])
        assert row["p_value"] == min(1.0, 2 * (min(negative, positive) + 1) / 1001)
    strong = frame[(frame["outcome"] == "quality") & (frame["predictor"] == "expectation")]
    assert strong["p_value"].item() == 2 / 1001


@pytest.mark.parametrize("resamples", [99, 400, 1000])
def test_p_value_and_percentile_interval_tell_one_story(resamples: int) -> None:
    noise = np.random.default_rng(5).normal(size=(60, 12))
    answers = pd.DataFrame(noise, columns=list("abcdefghijkl"))
    spec = path_model({c: [c] for c in answers}, [(c, "l") for c in "abcdefghijk"])
    for seed in range(4):
        paths = bootstrap(estimate_pls(spec, answers), resamples=resamples, seed=seed, confidence=0.6).paths
        excludes_zero = (paths["ci_lower"] > 0) | (paths["ci_upper"] < 0)
        assert excludes_zero[paths["p_value"] < 0.4].all()
        assert (paths.loc[excludes_zero, "p_value"] <= 0.4 + 4 / (1 + resamples)).all()
        assert excludes_zero.any()
        assert not excludes_zero.all()


def simulated(rng: np.random.Generator, n: int) -> pd.DataFrame:
    """Two correlated causes (.3) and an outcome: y = .5 x + .2 z + e, each composite the sum of its items.

    The items of a block have equal correlations, so that the population's mode-A weights are equal and the
    population's PLS paths are .5 and .2 exactly.
    """
    x, z = rng.multivariate_normal([0, 0], [[1, 0.3], [0.3, 1]], size=n).T
    y = 0.5 * x + 0.2 * z + rng.normal(size=n) * np.sqrt(1 - 0.25 - 0.04 - 2 * 0.5 * 0.2 * 0.3)

    def items(score: np.ndarray, m: int) -> np.ndarray:
        noise = rng.normal(size=(n, m))
        return score[:, None] + (noise - noise.mean(axis=1, keepdims=True))  # the mean of the items is the score

    columns = [f"{c}{i}" for c in "xzy" for i in range(3)]
    return pd.DataFrame(np.hstack([items(x, 3), items(z, 3), items(y, 3)]), columns=columns)


@pytest.mark.long
def test_intervals_cover_the_truth_of_simulated_composites() -> None:
    spec = path_model({c: [f"{c}{i}" for i in range(3)] for c in "xzy"}, [("x", "y"), ("z", "y")])
    rng = np.random.default_rng(11)
    truth = {"x": 0.5, "z": 0.2}
    runs, covered, estimates = 60, {"x": 0, "z": 0}, []
    for run in range(runs):
        estimate = bootstrap(estimate_pls(spec, simulated(rng, 200)), resamples=300, seed=run)
        paths = estimate.paths[estimate.paths["estimator"] == "pls"].set_index("predictor")
        estimates.append(paths["estimate"])
        for key, value in truth.items():
            covered[key] += paths.loc[key, "ci_lower"] <= value <= paths.loc[key, "ci_upper"]
    mean, se = pd.concat(estimates, axis=1).mean(axis=1), pd.concat(estimates, axis=1).std(axis=1) / np.sqrt(runs)
    for key, value in truth.items():
        assert abs(mean[key] - value) < 4 * se[key] + 0.01  # PLS weights fitted to 200 rows have a bias of this size
        # 57 of 60 expected; a binomial with p = .95 falls below 50 in 2 of 10,000 tries
        assert covered[key] >= 50


def almost_constant() -> pd.DataFrame:
    answers = mobi().head(60).copy()
    answers["CUEX3"] = 5.0
    answers.loc[7, "CUEX3"] = 9.0
    return answers


def test_resamples_in_which_an_item_does_not_vary_are_counted_and_left_out() -> None:
    answers = almost_constant()
    estimate = bootstrap(estimate_pls(ecsi(), answers), resamples=300, seed=SEED)
    boot = estimate.resampling
    assert boot is not None
    expected = int((resampled_rows(60, 300, SEED) != 7).all(axis=1).sum())
    assert expected > 50  # (1 − 1/60)^60 ≈ 36 %
    assert boot.failed == expected
    assert all(len(values) == 300 - expected for values in boot.replicates.values())
    usable = [rows for rows in resampled_rows(60, 300, SEED) if (rows == 7).any()]
    for b in (0, len(usable) - 1):
        single = estimate_pls(ecsi(), answers.iloc[usable[b]].reset_index(drop=True))
        np.testing.assert_allclose(boot.replicates["paths/pls"][b], single.values("paths/pls"), rtol=0, atol=1e-10)
    assert {c.code: c.facts for c in estimate.cautions}["failed_resamples"] == {"count": expected, "resamples": 300}


def test_every_resample_failing_is_an_error_and_not_an_empty_table() -> None:
    with pytest.raises(EstimationError, match="does not vary"):
        bootstrap(estimate_pls(ecsi(), almost_constant()), resamples=2, seed=4)


def test_unconverged_resamples_are_counted() -> None:
    stopped = bootstrap(estimate_pls(ecsi(), mobi(), max_iterations=1), resamples=40, seed=SEED)
    assert stopped.resampling is not None
    assert stopped.resampling.unconverged == 40
    codes = {c.code: c for c in stopped.cautions}
    assert codes["unconverged"].severity == "inadmissible"
    assert codes["unconverged_resamples"].facts == {"count": 40, "resamples": 40}


def test_constructs_keep_their_direction_in_every_resample(booted: PlsEstimate) -> None:
    assert booted.resampling is not None
    loadings = booted.resampling.replicates["loadings/pls"]
    mask = booted.model.main.mask
    assert (((loadings * np.abs(loadings)) @ mask) > 0).all()


def test_undefined_corrections_lose_their_interval_and_no_one_elses() -> None:
    # expectation is noise here: its ρ_A is negative in many resamples, the correction of the others is not touched
    answers = mobi()
    rng = np.random.default_rng(2)
    for item in ("CUEX1", "CUEX2", "CUEX3"):
        answers[item] = rng.integers(1, 11, size=len(answers))
    spec = path_model(
        {"expectation": ["CUEX1", "CUEX2", "CUEX3"], "quality": ["PERQ1", "PERQ3"], "loyalty": ["CUSL1", "CUSL3"]},
        [("expectation", "quality"), ("quality", "loyalty")],
        dict.fromkeys(("expectation", "quality", "loyalty"), "common_factor"),
    )
    for interval in ("percentile", "bca"):
        estimate = bootstrap(estimate_pls(spec, answers), resamples=200, seed=SEED, interval=interval)  # type: ignore[arg-type]
        assert estimate.resampling is not None
        assert estimate.resampling.undefined > 0
        plsc = estimate.paths[estimate.paths["estimator"] == "plsc"].set_index("outcome")
        sound = plsc.loc["loyalty", ["estimate", "se", "ci_lower", "ci_upper", "p_value"]]
        assert np.isfinite(sound.to_numpy(dtype=float)).all()
        assert sound["ci_lower"] < sound["estimate"] < sound["ci_upper"]
        if np.isnan(plsc.loc["quality", "estimate"]):
            assert plsc.loc["quality", ["se", "ci_lower", "ci_upper", "p_value"]].isna().all()


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ({"resamples": 1}, "1 resamples"),
        ({"confidence": 95.0}, "95"),
        ({"interval": "BCa"}, "percentile or bca"),
        ({"chunk": 0}, r"chunk \(0\)"),
        ({"workers": 0}, r"workers \(0\)"),
    ],
)
def test_impossible_arguments_are_refused(arguments: dict[str, float], named: str) -> None:
    with pytest.raises(ParameterError, match=named):
        bootstrap(estimate_pls(ecsi(), mobi()), **arguments)  # type: ignore[arg-type]


def test_tables_of_one_estimator_and_what_is_read_off_them(booted: PlsEstimate) -> None:
    only = booted.only("paths", "plsc")
    assert set(only["estimator"]) == {"plsc"}
    assert len(only) * len(booted.estimators) == len(booted.paths)
    apart = (only["estimate"] - booted.only("paths")["estimate"]).abs()
    assert booted.corrections.max() == pytest.approx(apart.max(), rel=1e-12)
    effects = booted.only("total_effects")
    for outcome in effects["outcome"].unique():
        into = effects[effects["outcome"] == outcome]
        leading = booted.leading(outcome)
        assert abs(leading["estimate"].iloc[0]) == into["estimate"].abs().max()
        assert leading["estimate"].abs().is_monotonic_decreasing
        # by a plain loop: of all leads over an effect, in standard errors, the largest deviation in 95 % of resamples
        drawn = np.abs(booted.resampling.replicates["total_effects/pls"])[:, into.index]
        size, alike = into["estimate"].abs().to_numpy(), []
        for i, row in enumerate(into.index):
            leads = {j: (size[j] - size[i], drawn[:, j] - drawn[:, i]) for j in range(len(into)) if j != i}
            apart = [np.abs(draws - lead) / draws.std() for lead, draws in leads.values()] or [np.zeros(len(drawn))]
            bound = np.sort(np.max(apart, axis=0))[int(np.ceil(0.95 * (len(drawn) + 1))) - 1]
            if not any(lead > bound * draws.std() for lead, draws in leads.values()):
                alike.append(row)
        assert sorted(leading.index) == alike
