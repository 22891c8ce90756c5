"""Sentences, warnings and pictures say what the estimate says."""

import json
import re
from dataclasses import replace
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from design_cases import reference_design
from weight_cases import reference_weights

from crmresearch.data.survey.codebook import Group
from crmresearch.data.survey.missing import handle_missing
from crmresearch.data.survey.survey import load_survey
from crmresearch.data.survey.weights import effective_size
from crmresearch.models.specification import bind, bind_items
from crmresearch.models.theory import load_theory
from crmresearch.sem.groups import segment_models
from crmresearch.sem.pls.bootstrap import bootstrap
from crmresearch.sem.pls.estimate import estimate_pls
from crmresearch.stories.pictures import picture
from crmresearch.stories.satisfaction import charts
from crmresearch.stories.satisfaction import tables as estimate_tables
from crmresearch.stories.satisfaction.cautions import cautions
from crmresearch.stories.satisfaction.covariance import CovarianceStory, both, tell_covariance
from crmresearch.stories.satisfaction.story import SatisfactionStory
from crmresearch.stories.satisfaction.theory_page import FoldedTheory, theory_page

REFERENCE = Path(__file__).parents[2] / "reference"


def tell(dataset: str, theory: str, missing: str = "listwise") -> SatisfactionStory:
    survey = load_survey(dataset)
    specification = bind(load_theory(theory), survey.codebook)
    complete = handle_missing(survey.items[specification.items], missing)  # type: ignore[arg-type]
    estimate = bootstrap(estimate_pls(specification, complete.items), resamples=200, seed=3)
    return SatisfactionStory(survey, complete, estimate)


def structure(story: SatisfactionStory, **options: str) -> CovarianceStory:
    return tell_covariance(story, missing=options.pop("missing", "listwise"), resamples=60, **options)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def scsb() -> CovarianceStory:
    return structure(tell("ecsi_mobile", "scsb"))


@pytest.fixture(scope="module")
def ecsi() -> SatisfactionStory:
    return tell("ecsi_mobile", "ecsi")


@pytest.fixture(scope="module")
def reputation() -> SatisfactionStory:
    return tell("corporate_reputation", "reputation", "mean")


def test_the_opening_names_index_driver_step_and_shares(ecsi: SatisfactionStory) -> None:
    index, driver, step, explained, _, hypotheses = ecsi.findings()
    satisfaction = ecsi.index.set_index("construct").loc["satisfaction"]
    assert f"{satisfaction.estimate:.1f} out of 100" in index
    assert "250 respondents" in index
    # total effects on satisfaction (R seminr 2.3.4): quality .62, the largest
    assert "perceived quality" in driver
    assert (driver.key, driver.facts["sizes"]) == ("finding.drivers_tie", "0.62 and 0.39")  # type: ignore[attr-defined]
    assert "goes with 0.49 standard deviations of loyalty" in step
    assert "68%" in explained
    assert "46%" in explained
    assert hypotheses.startswith("Of 12 paths with an expected sign, 9 have")


def test_where_no_total_effect_is_told_apart_none_is_listed() -> None:
    story = tell("ecsi_mobile", "staged")
    _, driver, *_ = story.findings()
    effects = story.estimate.only("total_effects").query("outcome == 'satisfaction'")["estimate"]
    assert driver.key == "finding.drivers_all"  # type: ignore[attr-defined]
    facts = {"count": len(effects), "low": effects.min(), "high": effects.max()}
    assert facts.items() <= driver.facts.items()  # type: ignore[attr-defined]
    assert story.follows()[0].key == "follows.no_lever"  # type: ignore[attr-defined]


def test_groups_are_told_by_those_not_told_apart(ecsi: SatisfactionStory) -> None:
    keys = pd.Series(np.where(ecsi.complete.items["CUSA1"] > 7, "high", "low"), index=ecsi.complete.items.index)
    models = segment_models(
        ecsi.estimate.specification, ecsi.survey, ecsi.complete, keys.astype("category"), resamples=50, seed=1
    )
    group = Group(label={"en": "Group"}, values={"high": {"en": "High"}, "low": {"en": "Low"}})
    codebook = ecsi.survey.codebook.model_copy(update={"groups": {"half": group}})
    story = replace(ecsi, survey=replace(ecsi.survey, codebook=codebook))
    _, satisfaction, loyalty = story.groups(models, "half")
    index = models.index.query("construct == 'satisfaction'").set_index("segment")["estimate"]
    assert f"the highest is that of High ({index['high']:.1f}), and the lowest that of Low" in satisfaction
    assert loyalty.key == "groups.ends"  # type: ignore[attr-defined]


def test_verdicts_follow_interval_and_expected_sign(ecsi: SatisfactionStory) -> None:
    paths = ecsi.paths.set_index(["predictor", "outcome"])
    for row in ecsi.verdicts.itertuples():
        lower = paths.ci_lower[row.predictor, row.outcome]
        assert row.sign == "positive"  # handling of complaints, not their incidence
        assert (row.verdict == "supported") == (lower > 0)


def test_the_moderator_is_told(reputation: SatisfactionStory) -> None:
    told = [s for s in reputation.findings() if "Switching cost" in s and "different" in s]
    assert len(told) == 1
    assert "−0.07" in told[0]


def test_missing_answers_are_counted(reputation: SatisfactionStory) -> None:
    """The published file has 11 answers coded −99, in 8 rows."""
    _, told, *_ = reputation.sample()
    assert "11 answers" in told
    assert "in 8 of 344 rows" in told


def test_a_refused_index_is_told_and_warned_about(reputation: SatisfactionStory) -> None:
    """The mode-B weight of qual_4 is slightly negative."""
    warnings = cautions(reputation, structure(reputation)).set_index("code")
    assert "qual_4" in warnings.message["index_refused"]
    assert np.isnan(reputation.index.set_index("construct").estimate["qual"])
    assert (estimate_tables.index(reputation).construct == "Quality").any()


def test_warnings_are_sorted_and_in_words() -> None:
    story = tell("ecsi_mobile", "staged")
    warnings = cautions(story, structure(story))
    order = ["inadmissible", "unidentified", "weak", "note"]
    subjects = warnings.groupby("subject", sort=False)["severity"]
    ranks = {subject: [order.index(severity) for severity in part] for subject, part in subjects}
    assert all(part == sorted(part) for part in ranks.values())
    leading, *others = ranks
    assert leading.startswith("Composites (PLS)")
    assert ranks[leading][0] > 0
    assert [ranks[subject][0] for subject in others if "CB-SEM" in subject or "PLSc" in subject] == [0, 0]
    for message in warnings.message:
        assert not re.search(r"[{}]|_stability|nan", message)


def test_views_have_a_heading_for_every_column(ecsi: SatisfactionStory, reputation: SatisfactionStory) -> None:
    named = ecsi.headings
    for view in (
        estimate_tables.items,
        estimate_tables.reliability,
        estimate_tables.loadings,
        estimate_tables.weights,
        estimate_tables.r_squared,
        estimate_tables.effects,
        estimate_tables.index,
    ):
        for story in (ecsi, reputation):
            columns = {re.sub(r"_(lower|upper)$", "", column) for column in view(story).columns}
            assert columns - {"ci", "p_value_floor"} <= set(named), view.__name__
    covariance = structure(ecsi)
    for frame in (estimate_tables.paths(ecsi, covariance), estimate_tables.fit(covariance),
                  estimate_tables.cb_paths(covariance)):  # fmt: skip
        columns = {re.sub(r"_(lower|upper)$", "", column) for column in frame.columns}
        assert columns - {"ci", "p_value_floor"} <= set(named)


def test_htmt_stands_below_the_diagonal_and_its_interval_above(ecsi: SatisfactionStory) -> None:
    """R seminr 2.3.4: HTMT of quality and image .92870639."""
    pairs = ecsi.estimate.table("htmt").set_index(["construct", "other"]).loc[("quality", "image")]
    assert pairs["estimate"] == pytest.approx(0.92870639, abs=5e-9)
    square = estimate_tables.htmt(ecsi)
    assert square.loc["Perceived quality", "Image"] == "0.93"
    assert square.loc["Image", "Perceived quality"] == f"[{pairs['ci_lower']:.2f},\u00a0{pairs['ci_upper']:.2f}]"
    assert set(np.diag(square)) == {""}


def test_effects_items_and_constructs_have_what_a_referee_asks_for(ecsi: SatisfactionStory) -> None:
    effects = estimate_tables.effects(ecsi).set_index(["outcome", "predictor"])
    through = effects.loc[("Satisfaction", "Image")]
    assert through["indirect_ci_lower"] < through["indirect"] < through["indirect_ci_upper"]
    items = estimate_tables.items(ecsi).set_index("item")
    assert items.loc["CUSL2", "scale"] == "1–10"
    answers = ecsi.survey.items["CUSL2"]
    # pandas has the same adjusted coefficients
    assert items.loc["CUSL2", "skewness"] == pytest.approx(answers.skew(), rel=1e-12)
    assert items.loc["CUSL2", "kurtosis"] == pytest.approx(answers.kurt(), rel=1e-12)
    assert list(estimate_tables.constructs(ecsi)["construct"])[:2] == ["Image", "Expectation"]


def test_an_item_that_fails_gets_advice(ecsi: SatisfactionStory, reputation: SatisfactionStory) -> None:
    """CUSL2 loads .20."""
    told = {s.key: s.facts for s in ecsi.measurement()}  # type: ignore[attr-defined]
    assert told["measurement.advice"] == {"items": "CUSL2", "dataset": "ecsi_mobile", "theory": "ecsi"}
    loadings = estimate_tables.loadings(ecsi).set_index("item")
    advice = ecsi.say("measurement.item_note")
    assert loadings.index[loadings["note"] == advice].tolist() == ["CUSL2"]
    assert advice not in set(estimate_tables.loadings(reputation)["note"])


def test_the_theory_says_what_it_claims_and_why(ecsi: SatisfactionStory) -> None:
    theory = ecsi.estimate.specification.theory
    claim, why, expected = ecsi.claim()
    assert claim.facts["cited"] == " (Tenenhaus et al., 2005)"  # type: ignore[attr-defined]
    assert why == theory.why["en"]  # type: ignore[index]
    assert "expectation and perceived quality → perceived value" in expected


def test_a_solution_that_is_not_to_be_read_supports_no_hypothesis(
    ecsi: SatisfactionStory, scsb: CovarianceStory
) -> None:
    """ECSI as a covariance structure is weakly identified, and its PLSc inadmissible."""
    table = estimate_tables.hypotheses(ecsi, structure(ecsi))
    assert list(table["hypothesis"]) == [f"H{number}" for number in range(1, 13)]
    assert set(table["cbsem"]) == set(table["plsc"]) == {"not to be read"}
    assert (table["pls"] == "supported").sum() == 9
    assert set(estimate_tables.hypotheses(scsb.story, scsb)["cbsem"]) <= {"supported", "not established"}


@pytest.mark.parametrize(
    ("saturated", "estimated", "key"),
    [(0.05, 0.07, "close"), (0.05, 0.12, "paths"), (0.09, 0.12, "measurement"), (0.05, np.nan, "saturated_close"),
     (0.09, np.nan, "saturated_far")],
)  # fmt: skip
def test_srmr_is_judged(
    ecsi: SatisfactionStory, monkeypatch: pytest.MonkeyPatch, saturated: float, estimated: float, key: str
) -> None:
    table = pd.DataFrame({"model": ["saturated", "estimated"], "pls": [saturated, estimated]})
    monkeypatch.setattr("crmresearch.stories.satisfaction.sections.approximate_fit", lambda _: table)
    (told,) = ecsi.fit()
    assert told.key == f"structure.srmr_{key}"  # type: ignore[attr-defined]


def test_the_methods_paragraph_says_what_was_done(
    ecsi: SatisfactionStory, scsb: CovarianceStory, reputation: SatisfactionStory
) -> None:
    def keys(*sentences: str) -> set[str]:
        return {s.key.removeprefix("methods.") for s in sentences}  # type: ignore[attr-defined]

    assert {"model", "missing_none", "plsc_unread", "percentile"} <= keys(*ecsi.methods_paragraph())
    assert {"missing_mean", "mode_b", "moderation"} <= keys(*reputation.methods_paragraph())
    assert {"cb_complete", "cb_semopy", "cb_standard", "cb_fit", "cb_resampled"} == keys(*scsb.methods())
    assert ecsi.group_methods(None, "") == []
    shown = ecsi.references(*structure(ecsi).methods())
    assert "only weakly identified" in shown.paragraph
    assert "crmresearch" in shown.paragraph
    assert {"tenenhaus2005", "dijkstra2015", "igolkina2020"} <= {one.key for one in shown.own}
    assert set(shown.own) <= set(shown.everything)
    assert "Tenenhaus" in shown.bibtex


@pytest.mark.long
def test_pictures_show_every_path_and_construct(ecsi: SatisfactionStory) -> None:
    model = charts.plot_model(ecsi)
    texts = " ".join(text.get_text() for text in model.findobj(plt.Text)).replace("\n", " ")
    for word in ("Image", "Loyalty", "IMAG1", "CUSL3"):
        assert word in texts
    forest = charts.plot_paths(ecsi, structure(ecsi))
    assert len(forest.axes[0].get_legend().get_texts()) == 2  # a covariance structure that fails the gate is not drawn
    assert len(forest.axes[0].get_yticklabels()) == 12
    index = charts.plot_index(ecsi)
    assert index.axes[0].get_xlim() == (0, 100)
    told = "Path diagram with 7 constructs as ellipses, 24 items as boxes and 12 arrows between constructs."
    assert picture(ecsi, model) == told
    assert picture(ecsi, index).endswith("across, Index, 0 to 100 (0 to 100).")
    assert "European" in ecsi.say("figure.model", **ecsi.facts)
    plt.close("all")


def test_every_bound_pair_of_data_and_theory_can_be_told() -> None:
    for theory in ("scsb", "acsi"):
        story = tell("ecsi_mobile", theory)
        sentences = [*story.findings(), *story.sample(), *story.model(), *story.measurement(), *story.structure(),
                     *story.effects(), *story.index_summary(), *story.limits(), *story.methods_paragraph()]  # fmt: skip
        assert all(sentence and "{" not in sentence for sentence in sentences)


def test_a_structure_that_passes_is_told_with_its_fit(scsb: CovarianceStory) -> None:
    """SCSB on the mobile data, lavaan: CFI .969, TLI .959, RMSEA .049, SRMR .045, standardised path .850."""
    told = " ".join(scsb.findings())
    assert "is 0.85" in told
    assert "meets the usual cut-offs" in told
    assert "CFI 0.969, TLI 0.959, RMSEA 0.049, SRMR 0.045" in told
    assert "78.53, p = .005" in " ".join(scsb.fit_sentences())
    picture = charts.plot_covariance(scsb)
    texts = " ".join(text.get_text() for text in picture.findobj(plt.Text))
    assert "0.85" in texts
    plt.close("all")


@pytest.mark.parametrize(("theory", "verdict"), [("ecsi", "weakly identified"), ("staged", "no admissible solution")])
def test_a_structure_that_fails_the_gate_leaves_the_lead_to_pls(theory: str, verdict: str) -> None:
    covariance = structure(tell("ecsi_mobile", theory))
    assert not covariance.trustworthy
    assert covariance.resampled is None
    (told,) = covariance.findings()
    assert told.startswith("Read the PLS numbers")
    assert verdict in told
    warnings = cautions(covariance.story, covariance)
    grave = warnings[warnings.severity.isin(["inadmissible", "unidentified"])]
    assert grave.code.str.startswith("cb_").any()
    assert set(grave.subject.str.extract(r"\((.*)\)", expand=False)) <= {"CB-SEM", "PLSc"}
    assert warnings.subject[0].startswith("Composites (PLS)")


@pytest.mark.parametrize("theory", ["scsb", "acsi"])
def test_scsb_and_acsi_pass_the_gate(theory: str) -> None:
    assert structure(tell("ecsi_mobile", theory)).trustworthy


def test_both_estimators_stand_in_one_table(scsb: CovarianceStory) -> None:
    assert scsb.estimate is not None
    table = both(scsb.story.estimate.paths, scsb.estimate.paths)
    assert set(table.estimator) == {"pls", "plsc", "cbsem"}
    assert list(table.columns)[:10] == list(scsb.story.estimate.paths.columns)
    view = estimate_tables.paths(scsb.story, scsb)
    assert len(view) == 18
    # lavaan standardizedSolution, SCSB on the mobile data: .850, SE .054 (tests/reference/lavaan.json)
    reference = json.loads((REFERENCE / "lavaan.json").read_text())["scsb"]["ML"]["parameters"]
    value, error = reference["loyalty ~ satisfaction"][2:]
    row = view[(view["estimator"] == "CB-SEM") & view["path"].str.endswith("Satisfaction → Loyalty")].iloc[0]
    found = [row["estimate"], row["se"], row["ci_lower"], row["ci_upper"]]
    assert found == pytest.approx([value, error, value - 1.959964 * error, value + 1.959964 * error], abs=2e-4)
    own = estimate_tables.cb_paths(scsb).set_index("path").loc["Satisfaction → Loyalty"]
    assert own[["estimate", "se"]].tolist() == pytest.approx(reference["loyalty ~ satisfaction"][:2], abs=2e-4)
    assert own["ci_lower"] < own["estimate"] < own["ci_upper"]


def test_full_information_is_told_and_pls_says_what_it_used() -> None:
    story = tell("corporate_reputation", "reputation", "mean")
    covariance = structure(story, missing="fiml")
    assert covariance.estimate is not None
    assert covariance.estimate.full_information is not None
    assert covariance.resampled is None
    assert "FIML" in covariance.introduction()[0]
    assert {s.key for s in covariance.methods()} >= {"methods.cb_fiml", "methods.cb_left_out"}  # type: ignore[attr-defined]
    warnings = cautions(story, covariance).set_index("code")
    assert "replaced by the mean" in warnings.message["missing_fiml"]
    assert "social responsibility" in warnings.message["cb_left_out"]


def test_robust_errors_add_a_column_to_the_fit(ecsi: SatisfactionStory) -> None:
    robust = structure(tell("ecsi_mobile", "scsb"), errors="robust")
    assert list(robust.fit.columns) == ["measure", "value", "robust"]
    # lavaan MLR on the mobile data: scaled chi-square 63.902687, robust CFI .980487
    values = robust.fit.set_index("measure")["robust"]
    assert values["chisq"] == pytest.approx(63.902687, abs=1e-3)
    assert values["cfi"] == pytest.approx(0.980487, abs=1e-3)


def test_a_weighted_survey_is_told_and_judged_by_robust_measures() -> None:
    survey = load_survey("ecsi_mobile")
    items = survey.items.copy()
    items.loc[items.index[:20], "CUSA1"] = np.nan
    weighted = replace(survey, items=items, weights=reference_weights(items))
    specification = bind(load_theory("scsb"), survey.codebook)
    complete = handle_missing(items[specification.items], "listwise", weighted.weights)
    estimate = bootstrap(estimate_pls(specification, complete.items, weights=weighted.weights), resamples=50, seed=3)
    story = SatisfactionStory(weighted, complete, estimate)
    told = {s.key: s.facts for s in story.sample() if hasattr(s, "key")}
    assert "sample.weighted" in told
    used = reference_weights(items).iloc[20:]
    assert told["sample.weighted_used"] == {"used": 230, "effective": pytest.approx(effective_size(used))}
    covariance = structure(story)
    assert covariance.estimate is not None
    keys = [s.key for s in (*covariance.introduction(), *covariance.fit_sentences())]  # type: ignore[attr-defined]
    assert {"covariance.errors_weighted", "covariance.chisq_weighted"} <= set(keys)
    paragraph = {s.key for s in (*story.methods_paragraph(), *covariance.methods())}  # type: ignore[attr-defined]
    assert paragraph >= {"methods.weighted", "methods.missing_listwise", "methods.cb_robust"}
    fit, judged = (frame.set_index("measure") for frame in (covariance.fit, covariance.judged))
    assert judged.loc["chisq", "value"] == fit.loc["chisq", "robust"] != fit.loc["chisq", "value"]
    assert judged.loc["srmr", "value"] == fit.loc["srmr", "value"]
    table = estimate_tables.items(story).set_index("item")
    mean = np.average(items["CUSA1"].iloc[20:], weights=used)
    assert table.loc["CUSA1", "mean"] == pytest.approx(mean, rel=1e-12)


@pytest.mark.parametrize("weighted", [False, True])
def test_a_sample_of_clusters_within_strata_is_told(weighted: bool) -> None:
    survey = load_survey("ecsi_mobile")
    named = survey.codebook.model_copy(update={"stratum": "region", "cluster": "branch"})
    weights = reference_weights(survey.items) if weighted else None
    drawn = replace(survey, codebook=named, weights=weights, design=reference_design(survey.items))
    specification = bind(load_theory("scsb"), survey.codebook)
    complete = handle_missing(survey.items[specification.items], "listwise")
    estimate = estimate_pls(specification, complete.items, weights=weights, design=drawn.design)
    story = SatisfactionStory(drawn, complete, bootstrap(estimate, resamples=50, seed=3))
    covariance = structure(story)
    assert covariance.estimate is not None
    told = [*story.sample(), *covariance.introduction(), *covariance.fit_sentences(), *story.methods_paragraph()]
    facts = {s.key: s.facts for s in (*told, *covariance.methods()) if hasattr(s, "key")}
    assert {"drawn.resampled_both", "covariance.chisq_drawn", "methods.cb_robust", "methods.cb_drawn"} <= facts.keys()
    assert ("covariance.errors_weighted_drawn" if weighted else "covariance.errors_drawn") in facts
    told_so = {"clusters": 25, "strata": 3, "cluster": "branch", "stratum": "region"}
    assert facts["methods.drawn_both"] == told_so
    fit, judged = (frame.set_index("measure")["value"] for frame in (covariance.fit, covariance.judged))
    assert judged["chisq"] != fit["chisq"]


def test_few_clusters_of_groups_are_told(ecsi: SatisfactionStory) -> None:
    survey = replace(ecsi.survey, design=reference_design(ecsi.survey.items))
    specification = bind(load_theory("scsb"), survey.codebook)
    complete = handle_missing(survey.items[specification.items], "listwise")
    some = (survey.design["cluster"] < 12) if survey.design is not None else None
    keys = pd.Series(pd.Categorical(np.where(some, "a", "b")), index=survey.items.index)
    models = segment_models(specification, survey, complete, keys, 20, 1)
    assert models.few_clusters == {"a": 10, "b": 11}
    whole = bootstrap(estimate_pls(specification, complete.items, design=survey.design), resamples=20, seed=1)
    found = models.paths.query("segment == 'all'")["se"].to_numpy()
    np.testing.assert_array_equal(found, whole.only("paths")["se"])


def test_a_group_that_is_one_cluster_is_resampled_by_its_respondents(ecsi: SatisfactionStory) -> None:
    clusters = np.repeat(["a", "b", "c", "d", "e", "f"], [60, 38, 38, 38, 38, 38])
    survey = replace(ecsi.survey, design=pd.DataFrame({"cluster": clusters}, ecsi.survey.items.index))
    specification = bind(load_theory("scsb"), survey.codebook)
    complete = handle_missing(survey.items[specification.items], "listwise")
    keys = pd.Series(pd.Categorical(np.where(clusters == "a", "one", "many")), index=survey.items.index)
    models = segment_models(specification, survey, complete, keys, 60, 1)
    assert (models.one_cluster, models.few_clusters) == (["one"], {"many": 4})
    # all rows of one cluster have the same count in a resample of clusters: errors would be 0
    one = models.paths.query("segment == 'one'")
    alone = bootstrap(estimate_pls(specification, complete.items[clusters == "a"]), resamples=60, seed=1).only("paths")
    np.testing.assert_allclose(one["se"], alone["se"], rtol=0.5)
    index = models.index.query("segment == 'one'")
    assert (index["ci_upper"] - index["ci_lower"] > 3).all()


def test_a_survey_without_weights_says_nothing_of_them(ecsi: SatisfactionStory, scsb: CovarianceStory) -> None:
    told = [*ecsi.sample(), *scsb.introduction(), *scsb.fit_sentences(), *ecsi.methods_paragraph(), *scsb.methods()]
    assert not [s for s in told if "weighted" in getattr(s, "key", "") or "drawn" in getattr(s, "key", "")]
    assert scsb.judged is scsb.fit


@pytest.fixture(scope="module")
def stages() -> SatisfactionStory:
    return tell("ecsi_mobile", "staged_second_order")


def test_stages_are_told_beside_the_factors(stages: SatisfactionStory) -> None:
    told = {getattr(sentence, "key", ""): sentence for sentence in stages.findings()}
    leading = stages.estimate.leading("satisfaction", second_order=True)
    key = {1: "one", 2: "some", 3: "all"}[len(leading)]
    assert all(stages.label(name).lower() in told[f"finding.stages_{key}"].lower() for name in leading["predictor"])
    parts = stages.estimate.specification.components
    assert told["finding.drivers_all"].facts["count"] == len(parts) == len(stages.leading["satisfaction"])
    assert set(stages.leading["satisfaction"]["predictor"]) == set(parts)
    assert "model.made_of" in [getattr(sentence, "key", "") for sentence in stages.claim()]
    assert "methods.second_order" in [getattr(sentence, "key", "") for sentence in stages.methods_paragraph()]
    assert {"sarstedt2019", "becker2023", "vanriel2017"} <= {one.key for one in stages.references().own}
    covariance = structure(stages)
    assert covariance.estimate is None
    assert "composites of constructs (experience before the purchase" in covariance.introduction()[0]
    assert "cb_failed" in set(cautions(stages, covariance)["code"])


@pytest.mark.long
def test_tables_and_picture_have_the_components(stages: SatisfactionStory) -> None:
    table = estimate_tables.components(stages)
    assert table.groupby("construct", sort=False).size().tolist() == [2, 3, 3]
    assert set(table.columns) <= {*stages.headings, "p_value", "p_value_floor", "ci_lower", "ci_upper"}
    assert not estimate_tables.htmt(stages).index.str.startswith("Experience").any()
    assert estimate_tables.constructs(stages).set_index("construct")["measured"].str.contains("second order").sum() == 3
    figure = charts.plot_model(stages)
    told = "Path diagram with 13 constructs as ellipses, 21 items as boxes and 12 arrows between constructs."
    assert picture(stages, figure) == told
    plt.close("all")


@pytest.mark.parametrize(("sign", "key"), [(1, "yes"), (-1, "no")])
def test_a_handled_complaint_that_wins_back_is_told(sign: int, key: str) -> None:
    survey = load_survey("ecsi_mobile")
    items = {"brand": ["IMAG2", "IMAG3"], "satisfaction": ["CUSA1", "CUSA2"], "complaint_handling": ["CUSCO"],
             "loyalty": ["CUSL1", "CUSL3"]}  # fmt: skip
    spec = bind_items(load_theory("staged"), items)
    rng = np.random.default_rng(4)
    answers = survey.items[spec.items].copy()
    answers["CUSCO"] = sign * (answers["CUSL1"] + answers["CUSL3"]) + rng.normal(0, 2, len(answers))
    estimate = bootstrap(estimate_pls(spec, answers), resamples=100, seed=1)
    story = SatisfactionStory(survey, handle_missing(answers, "listwise"), estimate)
    assert f"finding.won_back_{key}" in [getattr(sentence, "key", "") for sentence in story.findings()]


def test_the_theory_is_documented_as_a_page(stages: SatisfactionStory) -> None:
    """Every construct, path and moderation of the file; in a report which of them the survey asked for."""
    theory = stages.estimate.specification.theory
    page = theory_page(theory)
    rows = [line.split(" | ") for line in page.splitlines() if line.startswith("| ")]
    assert len(rows) == 2 * 2 + len(theory.constructs) + len(theory.paths) + len(theory.moderations)
    assert [row[0] for row in rows if row[0].startswith("| H")] == [f"| H{i}" for i in range(1, 11)]
    assert "composite of second order): Searchable information, Brand information, Expectation |" in page
    assert page.rstrip().endswith(theory.citation)
    assert theory.about["zh"] in theory_page(theory, "zh")
    folded = repr(FoldedTheory(stages.estimate.specification))
    here = [line for line in folded.splitlines() if line.startswith("| ") and " asked |" in line]
    assert len([line for line in here if not line.endswith("not asked |")]) == 13
    assert "| – | Satisfaction → Complaints | negative |" in folded
    assert "| H4 | Satisfaction → Loyalty | positive |" in folded


def test_a_theory_of_strangers_stays_text(stages: SatisfactionStory) -> None:
    odd = {"en": "<b>A|B</b> *x*"}
    spec = stages.estimate.specification
    theory = spec.theory.model_copy(update={"constructs": {
        key: c.model_copy(update={"label": odd}) for key, c in spec.theory.constructs.items()
    }})  # fmt: skip
    html = FoldedTheory(replace(spec, theory=theory))._repr_html_()
    assert "&lt;b&gt;A|B&lt;/b&gt; *x*" in html
    assert "<b>" not in html
    assert "<b>" not in theory_page(theory)
    assert "A&#124;B" in theory_page(theory)


def test_a_single_item_has_no_estimate_that_is_one_by_definition(ecsi: SatisfactionStory) -> None:
    for table in (estimate_tables.loadings(ecsi), estimate_tables.weights(ecsi)):
        rows = table.set_index("item")
        assert np.isnan(rows.loc["CUSCO", "estimate"])
        assert rows.loc["CUSCO", "note"] == "single item"
        assert rows["estimate"].drop("CUSCO").notna().all()


def test_rows_left_out_are_graver_where_gaps_follow_answers(ecsi: SatisfactionStory) -> None:
    items = ecsi.survey.items
    low = items["CUSA1"] < items["CUSA1"].median()
    chance = pd.Series(np.random.default_rng(3).random(len(items)) < low.mean(), index=items.index)
    for gaps, code, severity in ((low, "rows_dropped_not_random", "weak"), (chance, "rows_dropped", "note")):
        holes = items.assign(IMAG1=items["IMAG1"].mask(gaps))
        complete = handle_missing(holes[ecsi.estimate.specification.items], "listwise")
        story = replace(ecsi, survey=replace(ecsi.survey, items=holes), complete=complete)
        found = cautions(story, CovarianceStory(story, None, None, "none"))
        told = found[found["code"].str.startswith("rows_dropped")]
        assert told[["code", "severity"]].to_numpy().tolist() == [[code, severity]]
