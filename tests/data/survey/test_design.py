"""Strata and clusters: read with their columns, refused in one sentence, told with what they cost."""

import numpy as np
import pandas as pd
import pytest
from design_cases import BOTH, CLUSTER, DESIGNED, STRATUM, reference_design
from sem_cases import mobi
from weight_cases import reference_weights

from crmresearch.data.survey.design import design_effect, design_of
from crmresearch.data.survey.survey import check_survey, load_survey
from crmresearch.data.survey.suspicions import suspicions
from crmresearch.data.wording import note
from crmresearch.errors import CodebookError, EstimationError
from crmresearch.sampling_design import SamplingDesign

HEADER = "guest,taste,wait,again,seat,town,age,area,branch\n"
DRAWN = ("id: guest", "id: guest\nstratum: area\ncluster: branch")


def rows(*drawn: str) -> str:
    answers = ["a,1,5,0,1,no,20", "b,2,1,10,2,so,31.5", "c,5,3,7,1,no,44", "d,4,2,3,2,so,18"]
    return HEADER + "".join(f"{row},{one}\n" for row, one in zip(answers, drawn, strict=True))


def test_strata_and_clusters_are_read_and_told(cafe_folder) -> None:
    survey = load_survey(str(cafe_folder(rows("x,1", "x,2", "y,1", "y,7"), DRAWN)))
    expected = pd.DataFrame({"stratum": list("xxyy"), "cluster": list("1217")}, index=[2, 3, 4, 5])
    pd.testing.assert_frame_equal(survey.design, expected, check_names=False, check_dtype=False)
    effects = [design_effect(survey.items[item], None, survey.design) for item in survey.items]
    facts = {"clusters": 4, "strata": 2, "respondents": 4, "column": "branch", "stratum": "area"}
    effect = float(np.median(effects))
    drawn = note("note.drawn_both", **facts, effect=effect, effective=4 / effect)
    assert survey.notes == (drawn, note("note.cluster_again", column="branch", stratum="area", count=1))


@pytest.mark.parametrize(("role", "kind"), [("stratum: area", "stratum"), ("cluster: branch", "cluster")])
def test_either_may_stand_alone(cafe_folder, role: str, kind: str) -> None:
    ignored = ("id: guest", f"id: guest\n{role}\nother_columns: ignore")
    survey = load_survey(str(cafe_folder(rows("x,1", "x,2", "y,1", "y,7"), ignored)))
    assert list(survey.design) == [kind]


def test_a_stratum_may_divide_the_respondents_too(cafe_folder) -> None:
    ignored = ("id: guest", "id: guest\nstratum: town\nother_columns: ignore")
    survey = load_survey(str(cafe_folder(rows("x,1", "x,2", "y,1", "y,7"), ignored)))
    assert survey.design["stratum"].tolist() == survey.groups["town"].tolist()


def test_a_survey_without_them_has_none(cafe_folder) -> None:
    survey = load_survey(str(cafe_folder()))
    assert survey.design is None
    assert survey.notes == ()


@pytest.mark.parametrize(
    ("drawn", "told"),
    [
        (("x,1", "x,2", "y,1", ",7"), ["Column area has no stratum in 1 of 4 rows: row 5. Fill it in"]),
        (("x,", "x,2", "y, ", "y,7"), ["Column branch has no cluster in 2 of 4 rows: row 2, row 4. Fill it in"]),
        ((",1", "x,", "y,1", "y,7"), ["no stratum in 1 of 4 rows: row 2", "no cluster in 1 of 4 rows: row 3"]),
        (("x,1", "x,2", "y,1", "y,1"), ["Stratum y (rows 4, 5) of column area has a single cluster, from which no"]),
        (("x,1", "y,2", "z,1", "z,3"), ["Strata x (row 2), y (row 3) of column area have a single cluster"]),
    ],
)
def test_what_is_no_design_is_refused_with_its_rows(cafe_folder, drawn, told) -> None:
    problems = check_survey(str(cafe_folder(rows(*drawn), DRAWN)))
    assert len(problems) == len(told)
    assert all(sentence in problem for problem, sentence in zip(problems, told, strict=True))


def test_one_cluster_in_all_is_refused(cafe_folder) -> None:
    ignored = ("id: guest", "id: guest\ncluster: branch\nother_columns: ignore")
    (problem,) = check_survey(str(cafe_folder(rows("x,1", "x,1", "y,1", "y,1"), ignored)))
    assert problem.startswith("Column branch holds one cluster, 1, and errors come from what differs between clusters.")


def test_a_respondent_alone_in_a_stratum_is_refused(cafe_folder) -> None:
    ignored = ("id: guest", "id: guest\nstratum: area\nother_columns: ignore")
    (problem,) = check_survey(str(cafe_folder(rows("x,1", "y,1", "y,1", "y,1"), ignored)))
    assert problem.startswith("Stratum x (row 2) of column area has a single respondent, from which no error")


def test_a_number_for_no_answer_may_number_a_cluster(cafe_folder) -> None:
    codes = ("missing_codes: [-9]", "missing_codes: [99, -9, none]\ncluster: branch\nother_columns: ignore")
    assert check_survey(str(cafe_folder(rows("x,99", "x,2", "y,1", "y,7"), codes))) == []
    (problem,) = check_survey(str(cafe_folder(rows("x,-9", "x,2", "y,none", "y,7"), codes)))
    assert "no cluster in 2 of 4 rows: row 2, row 4" in problem


@pytest.mark.parametrize(
    ("role", "told"),
    [
        ("stratum: taste", "stratum: 'taste' is an item, the id or the weight"),
        ("cluster: guest", "cluster: 'guest' is an item, the id or the weight"),
        ("stratum: town\ncluster: town", "cluster: 'town' is the stratum as well"),
    ],
)
def test_the_columns_are_their_own(cafe_folder, role: str, told: str) -> None:
    with pytest.raises(CodebookError, match=told):
        load_survey(str(cafe_folder(None, ("id: guest", f"id: guest\n{role}"))))


@pytest.mark.parametrize(("key", "roles"), [("both", BOTH), ("cluster", CLUSTER), ("stratum", STRATUM)])
def test_design_effects_are_those_of_r_survey(key: str, roles: list[str]) -> None:
    answers = mobi()
    weights, design = reference_weights(answers), reference_design(answers)[roles]
    for item, (_, _, effect) in DESIGNED[key]["items"].items():
        assert design_effect(answers[item], weights, design) == pytest.approx(effect, rel=1e-8), item


@pytest.mark.parametrize(("key", "roles"), [("both", BOTH), ("cluster", CLUSTER), ("stratum", STRATUM)])
def test_linearised_errors_of_means_ratios_and_domains_are_those_of_r_survey(key: str, roles: list[str]) -> None:
    answers, reference = mobi(), DESIGNED[key]
    w, design = reference_weights(answers).to_numpy(), design_of(answers, reference_design(answers)[roles])
    assert design is not None
    assert design.degrees_of_freedom == reference["degf"]

    def error(influences: np.ndarray, part=slice(None)) -> float:
        return float(np.sqrt(design.rows(part).covariance_of_total(influences[:, None])[0, 0]))

    high = (answers["PERQ1"] >= 9).to_numpy()
    assert design.rows(high).degrees_of_freedom == reference["domain_degf"]
    for rows_of, name in ((np.full(250, True), "items"), (high, "domain")):
        own = w[rows_of] / w[rows_of].sum()
        for item, (mean, printed, *_) in reference[name].items():
            x = answers[item].to_numpy()[rows_of]
            assert own @ x == pytest.approx(mean, rel=1e-9)
            assert error(own * (x - own @ x), rows_of) == pytest.approx(printed, rel=1e-8), (name, item)
    y, x = answers["CUSL1"].to_numpy(), answers["CUSA1"].to_numpy()
    ratio = (w @ y) / (w @ x)
    assert [ratio, error(w * (y - ratio * x) / (w @ x))] == pytest.approx(reference["ratio"], rel=1e-8)


def test_the_error_of_the_published_school_districts() -> None:
    # apiclus1 of R survey: svymean(~api00) is 644.17 with error 23.542 (Lumley, r-survey.r-forge.r-project.org,
    # example-summary), without replacement 15 of 757 districts. Schools and sums of api00 of the districts are all it
    # depends on.
    schools = np.array([13, 34, 4, 13, 16, 2, 1, 4, 12, 21, 9, 11, 37, 2, 4])
    sums = np.array(
        [9372, 22508, 2077, 8593, 11369, 1116, 551, 1888, 9111, 13761, 6386, 7359, 20394, 905, 2493], dtype=float
    )
    mean = sums.sum() / schools.sum()
    influence = (sums - schools * mean) / schools.sum()
    error = np.sqrt(SamplingDesign.of(None, np.arange(15)).covariance_of_total(influence[:, None])[0, 0])
    assert round(mean, 2) == 644.17
    assert round(error * np.sqrt(1 - 15 / 757), 3) == 23.542


@pytest.mark.parametrize(
    ("design", "told"),
    [
        (pd.DataFrame({"region": [1, 2, 1, 2]}), "columns stratum, cluster, or both"),
        (pd.DataFrame({"cluster": [1, 2, 1]}), "does not know 1 of 4 rows, the first of them row 3"),
        (pd.DataFrame({"cluster": [1, 2, None, 1]}), "names no cluster in 1 row: row 2"),
        (pd.DataFrame({"stratum": list("aabc")}), "Stratum b has a single cluster"),
        (pd.DataFrame({"cluster": [1, 1, 1, 1]}), "The sample has a single cluster"),
        (pd.DataFrame({"cluster": [1, 2, 1, 2]}, index=[0, 0, 1, 2]), "reset_index"),
    ],
)
def test_an_impossible_design_of_a_frame_is_refused(design: pd.DataFrame, told: str) -> None:
    with pytest.raises(EstimationError, match=told):
        design_of(pd.DataFrame({"a": [1.0, 2, 3, 4]}), design)


def test_a_few_heavy_respondents_are_suspected(cafe_folder) -> None:
    def weighed(*weights: str) -> str:
        answers = ["a,1,5,0,1,no,20", "b,2,1,10,2,so,31.5", "c,5,3,7,1,no,44", "d,4,2,3,2,so,18"]
        return "guest,taste,wait,again,seat,town,age,w\n" + "".join(
            f"{row},{weight}\n" for row, weight in zip(answers, weights, strict=True)
        )

    survey = load_survey(str(cafe_folder(weighed("1", "1", "30", "1"), ("id: guest", "id: guest\nweight: w"))))
    (found,) = [caution for caution in suspicions(survey) if caution.code == "uneven_weights"]
    facts = {"column": "w", "respondents": 4, "effective": 33**2 / 903, "share": 30 / 33, "row": 4, "times": 120 / 33}
    assert found.facts == pytest.approx(facts)
    settled = ("id: guest", "id: guest\nweight: w\nsettled: [uneven_weights]")
    assert suspicions(load_survey(str(cafe_folder(weighed("1", "1", "30", "1"), settled)))) == ()
    even = load_survey(str(cafe_folder(weighed("1", "2", "1", "1"), ("id: guest", "id: guest\nweight: w"))))
    assert suspicions(even) == ()
