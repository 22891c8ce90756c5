"""What is recovered: exact in the whole population, in samples within Monte-Carlo error, counted by hand in rates."""

import numpy as np
import pandas as pd
import pytest

from crmresearch.errors import EstimationError, ParameterError
from crmresearch.sem.recovery.recovery import Recovery, recover, recover_truth, share_error
from crmresearch.sem.recovery.recovery_groups import recover_groups
from crmresearch.simulation.population import population, true_paths
from crmresearch.simulation.simulate import simulate
from crmresearch.simulation.truth import Truth

MODEL = "a =~ A1 + A2 + A3\nb =~ B1 + B2 + B3\ny =~ Y1 + Y2 + Y3\nz =~ Z1 + Z2 + Z3\ny ~ a + b\nz ~ y + b"
PATHS = {"y": {"a": 0.4, "b": 0.2}, "z": {"y": 0.5}}  # b → z is 0
FACTORS = Truth(model=MODEL, paths=PATHS, correlation=0.3, loadings={"a": [0.9, 0.7, 0.6]})


def targets(truth: Truth, **options: object) -> pd.DataFrame:
    found = recover({"one": truth}, {"one": [120]}, replications=2, resamples=39, **options)  # type: ignore[arg-type]
    return found.targets.merge(found.truths).set_index("estimator")


def test_plsc_and_cbsem_have_the_true_paths_of_a_population_of_factors() -> None:
    known = targets(FACTORS, covariance={"one": [120]}, covariance_replications=2)
    for estimator in ("plsc", "cbsem"):
        assert known.loc[estimator, "target"].to_numpy() == pytest.approx(
            known.loc[estimator, "true"].to_numpy(), abs=1e-7
        )


def test_pls_has_the_true_paths_of_a_population_of_composites_and_those_of_factors_attenuated() -> None:
    known = targets(FACTORS.of_composites()).loc["pls"]
    assert known["target"].to_numpy() == pytest.approx(known["true"].to_numpy(), abs=1e-7)
    weighted = FACTORS.of_composites(within=0.3).changed(
        measurement=dict.fromkeys("abyz", "composite_b"),
        weights={"a": [0.7, 0.4, 0.1], "b": [1, 2, 1], "y": [0.5, 0.5, 0.9], "z": [1, 0.2, 0.6]},
    )
    known = targets(weighted).loc["pls"]  # mode B finds the weights, whatever they are (Dijkstra 2017)
    assert known["target"].to_numpy() == pytest.approx(known["true"].to_numpy(), abs=1e-7)
    pair = Truth(model="x =~ A + B + C\ny =~ D + E\ny ~ x", paths={"y": {"x": 0.6}}, loadings={"x": 0.8, "y": 0.7})
    # of equal loadings a composite is the sum, its reliability that of Spearman and Brown, m λ² / (1 + (m − 1) λ²)
    of_x, of_y = 3 * 0.64 / (1 + 2 * 0.64), 2 * 0.49 / (1 + 0.49)
    assert targets(pair).loc["pls", "target"] == pytest.approx(0.6 * np.sqrt(of_x * of_y), abs=1e-9)


def test_a_scale_of_ten_points_hardly_moves_what_is_estimated_and_two_points_do() -> None:
    model = "a =~ A1 + A2 + A3\nc =~ 1*C\nc ~ a"
    told = {"answers": {"mean": 7, "sd": 2, "skewness": -0.6}, "answers_of": {"C": {"min": 0, "max": 1, "mean": 0.5}}}
    truth = Truth(model=model, paths={"c": {"a": 0.5}}, **told)  # type: ignore[arg-type]
    # half of a normal variable correlates with it by √(2/π) (biserial, Pearson 1909); skew of the items moves it by .6%
    assert targets(truth).loc["plsc", "target"] == pytest.approx(0.5 * np.sqrt(2 / np.pi), rel=0.01)


def test_the_same_seed_gives_the_same_numbers_for_any_number_of_workers() -> None:
    def run(workers: int) -> Recovery:
        sizes = {"one": [80, 120]}
        return recover({"one": FACTORS}, sizes, replications=4, resamples=39, covariance=sizes,
                       covariance_replications=2, workers=workers)  # fmt: skip

    one, three = run(1), run(3)
    assert one.draws.to_csv() == three.draws.to_csv()
    assert set(one.draws["estimator"]) == {"pls", "plsc", "cbsem"}


def hand_made() -> Recovery:
    """Two paths, of .3 and 0, in four samples."""
    rows = []
    for r, (estimate, null) in enumerate([(0.2, 0.1), (0.4, -0.1), (0.3, 0.3), (0.1, 0.0)]):
        rows.append(("one", 100, r, "pls", "y", "a", estimate, estimate - 0.15, estimate + 0.15))
        rows.append(("one", 100, r, "pls", "y", "b", null, null - 0.2, null + 0.2))
    columns = ["scenario", "n", "replication", "estimator", "outcome", "predictor", "estimate", "lower", "upper"]
    truths = pd.DataFrame(
        [("one", "y", "a", 0.3), ("one", "y", "b", 0.0)], columns=["scenario", "outcome", "predictor", "true"]
    )
    known = truths.rename(columns={"true": "target"}).assign(estimator="pls", target=[0.2, np.nan])
    return Recovery(pd.DataFrame(rows, columns=columns), truths, known, pd.DataFrame(), 39, 1)


def test_rates_are_those_counted_by_hand() -> None:
    a, b = (row for _, row in hand_made().rates.iterrows())
    assert (a["bias"], a["coverage"], a["rejected"], a["samples"]) == pytest.approx((-0.05, 0.75, 0.75, 4))
    assert a["target_coverage"] == pytest.approx(0.75)  # .2 in [.05, .35], [.25, .55] no, [.15, .45], [−.05, .25]
    assert a["bias_error"] == pytest.approx(np.std([0.2, 0.4, 0.3, 0.1], ddof=1) / 2)
    assert a["coverage_error"] == pytest.approx(np.sqrt(0.75 * 0.25 / 4))
    assert (b["bias"], b["coverage"], b["rejected"]) == pytest.approx((0.075, 0.75, 0.25))
    assert np.isnan(b["target_coverage"])


def test_pooled_rates_take_their_error_from_sample_to_sample() -> None:
    row = hand_made().pooled().iloc[0]
    # coverage by sample: both, both, one, one
    assert row["coverage"] == pytest.approx(0.75)
    assert row["coverage_error"] == pytest.approx(np.std([1, 1, 0.5, 0.5], ddof=1) / 2)
    assert (row["type_one"], row["power"], row["bias"]) == pytest.approx((0.25, 0.75, -0.05))
    assert hand_made().coverage("one", "pls") == pytest.approx((row["coverage"], row["coverage_error"]))
    claims = hand_made().claims()
    assert claims[["scenario", "estimator", "share"]].values.tolist() == [["one", "pls", 0.25]]
    assert claims["error"].item() == pytest.approx(0.25)  # √(.25 · .75 / 3), of four samples
    never = hand_made().draws.assign(lower=-9.0, upper=9.0)
    sure = Recovery(never, hand_made().truths, hand_made().targets, pd.DataFrame(), 39, 1).pooled().iloc[0]
    assert (sure["coverage"], sure["type_one"]) == (1, 0)
    assert sure["type_one_error"] == sure["coverage_error"] == pytest.approx(np.sqrt(2 / 8 * 6 / 8 / 4))
    assert hand_made().needed("pls", 0.75, "one") == {0.3: 100}
    assert hand_made().needed("pls", 0.8, "one") == {0.3: None}


def test_a_share_of_none_or_all_has_an_error_too() -> None:
    found = share_error(pd.Series([0.0, 0.5, 1.0]), pd.Series([100, 100, 100]))
    inner = 2 / 104
    assert found.to_list() == pytest.approx(
        [np.sqrt(inner * (1 - inner) / 100), 0.05, np.sqrt(inner * (1 - inner) / 100)]
    )


def test_bias_and_power_go_as_the_truth_says() -> None:
    found = recover({"one": FACTORS}, {"one": [100, 400]}, replications=40, resamples=39, seed=4)
    pooled = found.pooled().set_index(["n", "estimator"])
    assert abs(pooled.loc[(400, "plsc"), "bias"]) < 4 * pooled.loc[(400, "plsc"), "bias_error"]
    assert pooled.loc[(400, "pls"), "bias"] < -4 * pooled.loc[(400, "pls"), "bias_error"]  # attenuated
    assert pooled.loc[(400, "plsc"), "power"] > pooled.loc[(100, "plsc"), "power"] + 0.1
    sd = found.rates.query("estimator == 'plsc'").groupby("n")["sd"].mean()
    assert sd[100] / sd[400] == pytest.approx(2, rel=0.25)  # errors go with the root of n


def test_three_populations_of_one_truth() -> None:
    groups = {"column": "kind", "values": {1: {"share": 0.5, "paths": {"y": {"a": 0.6}}}, 2: {"share": 0.5}}}
    truth = FACTORS.changed(groups=groups, answers={"mean": 7, "sd": 2}, missing={"mcar": 0.01}, reversed=("A2",))
    found = recover_truth(truth, [100, 150], replications=3, resamples=79, covariance_replications=2)
    cells = found.pooled()[["scenario", "n", "estimator"]].to_records(index=False).tolist()
    assert {cell for cell in cells if cell[2] != "pls"} == {
        ("factors", 100, "plsc"), ("factors", 150, "plsc"), ("factors", 100, "cbsem"), ("factors", 150, "cbsem"),
        ("composites", 150, "plsc"), ("answered", 150, "plsc"),
    }  # fmt: skip
    true = found.truths.set_index(["scenario", "outcome", "predictor"])["true"]
    assert true["factors", "y", "a"] == pytest.approx(0.4)
    assert true["answered", "y", "a"] == pytest.approx(0.5)  # the mean of groups of one mean and covariance


def test_samples_that_cannot_be_estimated_are_counted_and_left_out() -> None:
    found = recover({"one": FACTORS}, {"one": [12]}, replications=6, resamples=39)
    ended = found.failed.set_index("estimator")
    kept = found.draws.query("estimator == 'plsc'")["replication"].nunique()
    assert ended.loc["plsc", "samples"] == 6
    assert ended.loc["plsc", "failed"] == 6 - kept > 0
    assert found.draws["estimate"].notna().all()


def test_too_few_replications_or_resamples_are_refused() -> None:
    for options in ({"replications": 1}, {"resamples": 20}):
        with pytest.raises(ParameterError, match="replications must be 2 or more and resamples 39 or more"):
            recover({"one": FACTORS}, {"one": [50]}, **options)


def grouped() -> Truth:
    paths = [{"y": {"a": 0.6, "b": 0.0}}, {"y": {"a": 0.0, "b": 0.5}}]
    values = {key: {"share": 0.5, "paths": own} for key, own in zip(("one", "two"), paths, strict=True)}
    return FACTORS.changed(groups={"column": "kind", "values": values})


def test_paths_of_groups_and_their_differences_are_found() -> None:
    truth = grouped()
    frame = simulate(truth, 1200, seed=3)
    found = recover_groups(truth, frame[truth.specification.items], frame["kind"], resamples=199)
    plsc = found.paths.query("estimator == 'plsc'")
    assert (plsc["estimate"] - plsc["true"]).abs().max() < 0.17  # four standard errors at 600 respondents
    assert true_paths(population(truth), "two")["true"].tolist() == plsc.query("group == 'two'")["true"].tolist()
    moved = found.differences.query("estimator == 'plsc'").set_index(["outcome", "predictor"])
    assert moved.loc[("y", "a"), "true"] == pytest.approx(0.6)
    assert moved.loc[("y", "b"), "true"] == pytest.approx(-0.5)
    assert moved.loc[[("y", "a"), ("y", "b")], "right"].all()
    with pytest.raises(EstimationError, match="The truth has no groups"):
        recover_groups(FACTORS, frame, frame["kind"])


@pytest.mark.slow
@pytest.mark.long
def test_intervals_hold_the_truth_in_95_of_100_samples_of_250() -> None:
    """93.5 to 96.5% where an estimator is right for the population; 600 samples have an error of .5 to .7%."""
    sizes = {"factors": [250], "composites": [250]}
    populations = {"factors": FACTORS, "composites": FACTORS.of_composites()}
    found = recover(populations, sizes, replications=600, resamples=199, covariance={"factors": [250]},
                    covariance_replications=1000, seed=7, workers=2)  # fmt: skip
    for scenario, estimator in [("factors", "plsc"), ("factors", "cbsem"), ("composites", "pls")]:
        coverage, error = found.coverage(scenario, estimator)
        assert error < 0.008
        assert 0.935 < coverage < 0.965, (scenario, estimator, coverage)
    each = found.rates.query("scenario == 'factors' and estimator == 'cbsem'")
    assert (each["coverage"] - 0.95).abs().max() < 4 * np.sqrt(0.95 * 0.05 / 1000)
    wrong, error = found.coverage("factors", "pls")  # what PLS estimates of factors is not the truth
    assert wrong < 0.93
    own = found.pooled().query("scenario == 'factors' and estimator == 'pls'")["target_coverage"].item()
    assert 0.935 < own < 0.965  # but its intervals are right of that
