"""A mediator's contribution: R on the same folds, one that carries something and one that does not, odd input."""

import numpy as np
import pandas as pd
import pytest
from model_check_cases import CHECKS, factor_answers, ours
from sem_cases import corp_rep, ecsi, mobi, path_model, reputation
from weight_cases import reference_weights

import crmresearch as crm
from crmresearch.errors import EstimationError, ParameterError
from crmresearch.sem.pls.estimate import estimate_pls
from crmresearch.sem.pls.prediction.mediator_prediction import mediated_triples, mediator_prediction

MEASURES = {
    "RMSE_DA": "rmse", "RMSE_EA": "rmse_without", "PCM_RMSE": "contribution", "MAE_DA": "mae",
    "MAE_EA": "mae_without", "PCM_MAE": "contribution_mae",
}  # fmt: skip


@pytest.mark.parametrize("data", ["ecsi", "reputation"])
def test_errors_and_contributions_are_those_of_r_on_the_same_folds(data: str) -> None:
    spec, answers, target = (ecsi(), mobi(), "loyalty") if data == "ecsi" else (reputation(), corp_rep(), "cusl")
    estimate = estimate_pls(spec.without_moderation(), answers, tolerance=1e-11, max_iterations=3000)
    reference = CHECKS["mediator_prediction"][data]
    found = mediator_prediction(estimate, target, folds=list(map(int, reference["folds"])))
    table = found.items.set_index(["antecedent", "mediator", "target", "item"])
    for path, expected in reference["paths"].items():
        roles = tuple(map(ours, path.split("->")))
        for theirs, mine in MEASURES.items():
            for item, value in expected[theirs].items():
                assert table.loc[(*roles, item), mine] == pytest.approx(value, abs=2e-7)  # their stop rule


def test_a_mediator_that_carries_something_helps_and_one_that_does_not_is_not_said_to() -> None:
    rng = np.random.default_rng(1)
    names = "amny"
    model = path_model(
        {key: [f"{key}{i}" for i in range(1, 5)] for key in names},
        [("a", "m"), ("a", "n"), ("m", "y"), ("n", "y"), ("a", "y")],
    )
    verdicts = []
    for _ in range(10):
        a, u, v, w = rng.standard_normal((4, 300))
        m, n = 0.5 * a + 0.87 * u, 0.5 * a + 0.87 * v
        answers = factor_answers(rng, {"a": a, "m": m, "n": n, "y": 0.6 * m + 0.2 * a + 0.7 * w})
        verdicts.append(mediator_prediction(estimate_pls(model, answers, cautions=False)).paths["verdict"].tolist())
    told = list(zip(*verdicts, strict=True))
    assert set(told[0]) == {"helps"}
    assert told[1].count("helps") <= 1


def test_what_is_found_is_the_same_for_the_same_seed_and_labels() -> None:
    estimate = estimate_pls(ecsi(), mobi())
    first, second = (mediator_prediction(estimate, "loyalty", folds=5, seed=4) for _ in range(2))
    assert first.items.equals(second.items)
    assert [tuple(row) for row in first.paths[["antecedent", "mediator", "target"]].to_numpy()] == mediated_triples(
        ecsi(), "loyalty"
    )
    assert (first.paths["p_adjusted"] >= first.paths["p_value"]).all()


def test_equal_weights_change_nothing_and_others_do() -> None:
    plain, even, weighted = (
        mediator_prediction(estimate_pls(ecsi(), mobi(), weights=weights), "loyalty").paths["t"].to_numpy()
        for weights in (None, np.full(250, 3.0), reference_weights(mobi()))
    )
    np.testing.assert_allclose(plain, even, rtol=1e-9)
    assert np.abs(plain - weighted).min() > 1e-3


def test_copies_of_every_respondent_in_one_cluster_are_no_more_respondents() -> None:
    once = estimate_pls(ecsi(), mobi())
    labels = np.arange(250) % 10
    twice = pd.concat([mobi(), mobi()], ignore_index=True)
    cluster = pd.Series(np.tile(np.arange(250), 2))
    copied = estimate_pls(ecsi(), twice, design=pd.DataFrame({"cluster": cluster}))
    one, two = (
        mediator_prediction(estimate, "loyalty", folds=folds).paths
        for estimate, folds in ((once, labels), (copied, np.tile(labels, 2)))
    )
    for column in ("t", "p_value", "contribution"):
        np.testing.assert_allclose(one[column], two[column], rtol=1e-9)


def test_what_cannot_be_asked_is_said() -> None:
    estimate = estimate_pls(ecsi(), mobi())
    with pytest.raises(ParameterError, match="'image' is no outcome"):
        mediator_prediction(estimate, "image")
    with pytest.raises(ParameterError, match="251"):
        mediator_prediction(estimate, folds=251)
    second = crm.estimate_pls(crm.bind("staged_second_order", "ecsi_mobile"), crm.load_survey("ecsi_mobile"))
    assert set(mediator_prediction(second).paths["verdict"]) == {"second_order"}
    rare = mobi().assign(CUSCO=0.0)
    rare.loc[7, "CUSCO"] = 1.0
    with pytest.raises(EstimationError, match="without the 25 rows of fold"):
        mediator_prediction(estimate_pls(ecsi(), rare), "loyalty")
