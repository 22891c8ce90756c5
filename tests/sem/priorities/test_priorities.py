"""The map of constructs and items, and both analyses of models: R, identities, negative weights, mixed scales."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sem_cases import corp_rep, ecsi, mobi
from weight_cases import reference_weights

import crmresearch as crm
from crmresearch.errors import EstimationError, ParameterError
from crmresearch.ranks import rank_intervals
from crmresearch.sem.index import construct_index
from crmresearch.sem.pls.result import PlsEstimate
from crmresearch.sem.priorities.cipma import combined, necessity_of
from crmresearch.sem.priorities.ipma import foremost, importance_performance_map, lowest
from crmresearch.sem.priorities.scores import scale_scores

REFERENCE = json.loads((Path(__file__).parents[2] / "reference" / "priorities.json").read_text(encoding="utf-8"))
REPUTATION = """
  qual <~ qual_1 + qual_2 + qual_3 + qual_4 + qual_5 + qual_6 + qual_7 + qual_8
  perf <~ perf_1 + perf_2 + perf_3 + perf_4 + perf_5
  csor <~ csor_1 + csor_2 + csor_3 + csor_4 + csor_5
  attr <~ attr_1 + attr_2 + attr_3
  comp =~ comp_1 + comp_2 + comp_3
  like =~ like_1 + like_2 + like_3
  cusa =~ cusa
  cusl =~ cusl_1 + cusl_2 + cusl_3
  comp ~ qual + perf + csor + attr
  like ~ qual + perf + csor + attr
  cusa ~ comp + like
  cusl ~ comp + like + cusa
"""
TARGETS = {"loyalty": "Loyalty", "satisfaction": "Satisfaction"}


def of_r(key: str) -> str:
    return "Complaints" if key == "complaint_handling" else key.capitalize()


@pytest.fixture(scope="module")
def mobile() -> PlsEstimate:
    return crm.bootstrap(crm.estimate_pls(ecsi(), mobi()), resamples=100, seed=1)


@pytest.fixture(scope="module")
def bounds() -> pd.DataFrame:
    return pd.DataFrame({"min": 1.0, "max": 10.0}, index=list(mobi()))


@pytest.fixture(scope="module")
def reputation() -> PlsEstimate:
    return crm.bootstrap(crm.estimate_pls(REPUTATION, corp_rep()), resamples=30, seed=1)


@pytest.mark.parametrize("target", TARGETS)
def test_the_map_is_that_of_r(mobile: PlsEstimate, bounds: pd.DataFrame, target: str) -> None:
    found, known = importance_performance_map(mobile, bounds, target), REFERENCE["ipma"]
    importance = known["importance_unstandardised_total_effects"][TARGETS[target]]
    assert {of_r(key) for key in found.constructs["construct"]} == set(importance)
    for row in found.constructs.itertuples():
        assert row.importance == pytest.approx(importance[of_r(row.construct)], abs=1e-8)
        assert row.performance == pytest.approx(known["performance"][of_r(row.construct)], abs=1e-8)
    for row in found.items.itertuples():
        assert row.importance == pytest.approx(known["indicator_importance"][TARGETS[target]][row.item], abs=1e-8)
        assert row.performance == pytest.approx(known["indicator_performance"][row.item], abs=1e-8)
        weight = known["weights_unstandardised_normed"][f"{row.item}->{of_r(row.construct)}"]
        assert row.weight == pytest.approx(weight, abs=1e-8)


def test_the_map_of_seminr_extras_is_ours_without_the_division_by_the_deviations(mobile: PlsEstimate) -> None:
    """It norms standardised weights, and rescales standardised effects by the deviations of such scores."""
    weights = mobile.weights.query("estimator == 'pls'").set_index("item")
    rescaled = (mobile.items - 1) * 100 / 9
    groups = weights["standardized"].groupby(weights["construct"])
    scores = pd.DataFrame({key: rescaled[w.index] @ (w / w.sum()) for key, w in groups})
    totals = mobile.only("total_effects").query("outcome == 'loyalty'").set_index("predictor")["standardized"]
    theirs = REFERENCE["ipma_of_seminrExtras"]
    for key, effect in totals.items():
        assert scores[key].mean() == pytest.approx(theirs["performance"][of_r(str(key))], abs=1e-6)
        importance = effect * scores["loyalty"].std() / scores[key].std()
        assert importance == pytest.approx(theirs["importance_unstandardised"][of_r(str(key))], abs=1e-6)


def test_items_of_a_construct_share_its_importance_and_performance(mobile: PlsEstimate, bounds: pd.DataFrame) -> None:
    found = importance_performance_map(mobile, bounds)
    whole = found.constructs.set_index("construct")
    for construct, part in found.items.groupby("construct"):
        assert part["importance"].sum() == pytest.approx(whole.loc[construct, "importance"])
        assert part["weight"] @ part["performance"] == pytest.approx(whole.loc[construct, "performance"])


def test_intervals_and_ranks(mobile: PlsEstimate, bounds: pd.DataFrame) -> None:
    found = importance_performance_map(mobile, bounds)
    index = construct_index(mobile, bounds)[0].set_index("construct").loc[found.constructs["construct"]]
    np.testing.assert_allclose(found.constructs["performance_lower"], index["ci_lower"])
    np.testing.assert_allclose(found.constructs["performance_upper"], index["ci_upper"])
    for frame in (found.constructs, found.items):
        for name in ("importance", "performance"):
            assert (frame[f"{name}_lower"] <= frame[name]).all()
            assert (frame[name] <= frame[f"{name}_upper"]).all()
        own = frame["importance"].rank(ascending=False)
        assert ((frame["rank_lower"] <= own) & (own <= frame["rank_upper"])).all()
    single = found.items.query("construct == 'complaint_handling'")  # an item that is its construct
    assert single["importance_lower"].item() == pytest.approx(found.constructs["importance_lower"].iloc[-1])
    assert rank_intervals(np.ones(1), np.ones((1, 5)))[0].tolist() == [1]


@pytest.mark.parametrize(("model", "target", "name"), [
    ("ecsi", "loyalty", "Loyalty"), ("ecsi", "satisfaction", "Satisfaction"),
    ("reputation", "cusl", "CUSL"), ("reputation", "cusa", "CUSA"),
])  # fmt: skip
def test_effect_sizes_are_those_of_r(
    mobile: PlsEstimate, reputation: PlsEstimate, bounds: pd.DataFrame, model: str, target: str, name: str
) -> None:
    """The scores are linear in those of R, and d does not depend on their units, not even with negative weights."""
    estimate = mobile if model == "ecsi" else reputation
    scale = bounds if model == "ecsi" else pd.DataFrame({"min": 1.0, "max": 7.0}, index=estimate.specification.items)
    found, _, _ = necessity_of(estimate, scale, target, permutations=4999, seed=1)
    known = REFERENCE["models"][model][name]
    for row in found.effects.itertuples():
        key = of_r(str(row.condition)) if model == "ecsi" else str(row.condition).upper()
        assert row.d == pytest.approx(known[f"d_{row.ceiling}"][key] or 0, abs=2e-6)
        if row.ceiling == "cr_fdh" and known["accuracy"].get(key):
            assert 100 * row.accuracy == pytest.approx(known["accuracy"][key])
        p = known["p"][key][str(row.ceiling)]
        assert row.p_value == pytest.approx(p, abs=max(4 * np.sqrt(p * (1 - p) / 1000), 0.004))


def test_shares_below_are_those_of_r(mobile: PlsEstimate, bounds: pd.DataFrame) -> None:
    low, high = scale_scores(mobile, bounds)[0]["loyalty"].agg(["min", "max"])
    found, _, _ = necessity_of(mobile, bounds, levels=list(np.linspace(low, high, 11)), wanted=high, permutations=99)
    for condition, part in found.bottleneck.query("ceiling == 'ce_fdh'").groupby("condition"):
        known = REFERENCE["models"]["ecsi"]["Loyalty"]["percent_below"][of_r(str(condition))]
        np.testing.assert_allclose(100 * part["share_below"], known, atol=1e-9)


def test_scores_are_points_of_the_scale_where_items_share_one(mobile: PlsEstimate, bounds: pd.DataFrame) -> None:
    scores, units = scale_scores(mobile, bounds)
    assert units["loyalty"].wanted == 8
    assert {unit.kind for unit in units.values()} == {"scale"}
    assert scores["complaint_handling"].to_numpy() == pytest.approx(mobi()["CUSCO"].to_numpy())
    assert scores.corrwith(mobile.scores).min() == pytest.approx(1)
    other = bounds.copy()
    other.loc["PERQ1"] = 0.0, 10.0
    mixed, of = scale_scores(mobile, other)
    assert of["quality"].kind == "index"
    assert of["quality"].levels == list(range(0, 101, 10))
    assert mixed["quality"].corr(scores["quality"]) == pytest.approx(1)
    d = necessity_of(mobile, bounds, permutations=99)[0].effects["d"]
    np.testing.assert_allclose(necessity_of(mobile, other, permutations=99)[0].effects["d"], d, atol=1e-9)


def test_a_negative_weight_is_no_index_and_is_said(reputation: PlsEstimate) -> None:
    found = combined(reputation, pd.DataFrame({"min": 1, "max": 7}, index=reputation.specification.items),
                     "cusl", permutations=99)  # fmt: skip
    table = found.table.set_index("construct")
    assert table.loc["qual", ["importance", "performance", "rank_lower"]].isna().all()
    assert found.ipma.items.query("construct == 'qual'")["importance"].isna().all()
    assert np.isfinite(table.loc["qual", "d"])
    assert table.drop("qual")["rank_upper"].max() == len(table) - 1
    codes = {(one.code, one.facts.get("construct", one.facts.get("condition"))) for one in found.cautions}
    assert {("importance_refused", "qual"), ("necessity_negative", "qual")} <= codes


def test_priorities_are_what_both_say(mobile: PlsEstimate, bounds: pd.DataFrame) -> None:
    found = combined(mobile, bounds, permutations=999, seed=1)
    for row in found.table.itertuples():
        effect = found.necessity.leading_effects.loc[row.construct]
        assert row.necessary == (effect["d"] >= 0.1 and effect["p_adjusted"] < 0.05)
        assert (row.priority in ("both", "important")) == (row.importance_against > 0)
        assert (row.priority in ("both", "necessary")) == row.necessary
    assert found.wanted == 8
    below = scale_scores(mobile, bounds)[0]
    for row in found.table.query("status == 'required'").itertuples():
        assert row.share_below == pytest.approx((below[row.construct] < row.required - 1e-9).mean())


def test_what_is_shown_of_a_level_is_one_word(mobile: PlsEstimate, bounds: pd.DataFrame) -> None:
    found = combined(mobile, bounds, permutations=999, seed=1)

    def told(status: str | None = None, **columns: object) -> tuple[str, set[str]]:
        effects = found.necessity.effects.assign(**columns)
        table = found.table if status is None else found.table.assign(status=status)
        table = table.assign(necessary=columns.get("necessary", table["necessary"]))
        one = replace(found, table=table, necessity=replace(found.necessity, effects=effects))
        return one.verdict, set(one.bottlenecks["carried"])

    assert told(dropped=2) == ("necessary_by_few", {"few"})
    assert told(dropped=-1, p_association=0.01) == ("necessary", {"sure"})
    assert told(dropped=-1, p_association=0.5) == ("necessary_or_driver", {"together"})
    assert told("not_reached") == ("not_reached", set())
    assert told("not_necessary") == ("elsewhere", set())
    assert told(necessary=False) == ("none", set())


def test_what_comes_first_is_what_is_told_apart() -> None:
    known = {"importance": [0.3, 0.1, 0.5, np.nan], "rank_lower": [1.0, 3.0, 1.0, np.nan]}
    table = pd.DataFrame({"construct": list("abcd"), **known})
    assert foremost(table)["construct"].tolist() == []  # two of three
    assert foremost(table.assign(rank_lower=[2, 3, 1, np.nan]))["construct"].tolist() == ["c"]
    assert foremost(table.head(1))["construct"].tolist() == ["a"]
    table = table.assign(performance=[60.0, 50, 55, np.nan], performance_rank_upper=[2.0, 3, 3, np.nan])
    assert lowest(table.assign(importance_lower=[0.1, 0.1, -0.1, 0]))["construct"].tolist() == ["b", "c"]
    assert lowest(table.assign(importance_lower=-0.1)).empty  # to stand low may be no loss


def test_a_construct_of_second_order_and_its_components() -> None:
    survey = crm.load_survey("ecsi_mobile")
    estimate = crm.bootstrap(crm.estimate_pls(crm.bind("staged_second_order", survey), survey), resamples=20, seed=1)
    found = combined(estimate, survey.bounds, permutations=99)
    level = found.table.set_index("construct")["level"]
    assert level["brand"] == "component"
    assert level["before"] == level["satisfaction"] == "construct"
    components = found.table.query("level == 'component'").dropna(subset="rank_upper")
    assert components["rank_upper"].max() == len(components)
    assert found.table["d"].notna().all()


def test_weights_move_the_map_and_not_the_ceilings() -> None:
    survey = crm.load_survey("ecsi_mobile")
    text = "sat =~ CUSA1 + CUSA2\nloy =~ CUSL1 + CUSL3\nloy ~ sat"
    weighted = replace(survey, weights=reference_weights(survey.items))
    found = crm.cipma(text, weighted, resamples=20, permutations=99)
    assert "necessity_unweighted" in {one.code for one in found.cautions}
    assert found.table["performance"].item() != crm.ipma(text, survey, resamples=20).constructs["performance"].item()


def test_the_front_door_takes_what_is_at_hand(mobile: PlsEstimate) -> None:
    survey, text = crm.load_survey("ecsi_mobile"), "sat =~ CUSA1 + CUSA2\nloy =~ CUSL1 + CUSL3\nloy ~ sat"
    one = crm.ipma(text, survey, resamples=20)
    pd.testing.assert_frame_equal(one.items, crm.ipma(text, survey.items, scale=(1, 10), resamples=20).items)
    plain = crm.nca(text, survey, permutations=99).effects
    free = crm.nca(text, survey.items, permutations=99).effects
    np.testing.assert_allclose(plain["d"], free["d"], atol=1e-8)  # without a scale in standard deviations
    items = crm.nca(survey.items[["CUSA1", "CUSL1"]], target="CUSL1", permutations=99)
    pair = crm.nca(survey.items["CUSA1"], survey.items["CUSL1"].tolist(), permutations=99)
    np.testing.assert_allclose(items.effects["d"], pair.effects["d"])
    pd.testing.assert_frame_equal(crm.cipma(mobile, survey, permutations=99).ipma.items, crm.ipma(mobile, survey).items)
    for wrong, told in (
        (lambda: crm.ipma(3, survey), "of an estimate, or of a model and its data"),  # type: ignore[arg-type]
        (lambda: crm.ipma(text), "needs its data"),
        (lambda: crm.ipma(text, survey.items, resamples=10), "ends of the scales"),
        (lambda: crm.ipma(text, survey, target="sat", resamples=10), "No path of the model leads to 'sat'"),
        (lambda: crm.ipma(text, survey.items, scale=(1, 5), resamples=10), "lie outside the scale"),
        (lambda: crm.ipma(text, survey.items, scale=(5, 5), resamples=10), "ends where it begins"),
        (lambda: crm.nca(survey.items), "Name the outcome"),
        (lambda: crm.nca([1, 2, 3]), "pass x and y"),
        (lambda: crm.nca([1, 2, 3], [1, 2]), "same length"),
        (lambda: crm.nca(["a"], [1]), "not all numbers"),
        (lambda: crm.cipma(text, survey, wanted=11, resamples=10), "not on the scale"),
    ):
        with pytest.raises(ParameterError, match=told):
            wrong()
    with pytest.raises(EstimationError, match="CUSL9"):
        crm.nca(text.replace("CUSL3", "CUSL9"), survey)
