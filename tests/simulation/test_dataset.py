"""The committed simulated data: the bytes that its truth makes, on the scales of its codebook."""

from pathlib import Path

import pytest

from crmresearch.data.survey.codebook import read_codebook
from crmresearch.data.survey.survey import load_survey
from crmresearch.errors import TruthError
from crmresearch.paths import DATA
from crmresearch.simulation.dataset import main, simulated_file
from crmresearch.simulation.truth import load_truth

STAGED = DATA / "staged_simulated"


def test_the_committed_bytes_are_made_of_the_truth() -> None:
    assert simulated_file(STAGED) == (STAGED / read_codebook(STAGED).file).read_bytes()


def test_segments_weigh_factors_differently_and_some_factors_nowhere() -> None:
    truth = load_truth("staged_simulated")
    factors = truth.specification.predictors_of("satisfaction")
    paths = {group: {key: truth.path(key, "satisfaction", group) for key in factors} for group in truth.group_truths}
    assert len({max(own, key=lambda key: own[key]) for own in paths.values()}) == len(paths) == 3
    for factor in ("environment", "value_extension", "word_of_mouth"):
        assert [own[factor] for own in paths.values()] == [0, 0, 0]


def test_answers_have_the_means_of_the_truth() -> None:
    items = load_survey("staged_simulated").items
    assert items["COMPLAIN"].mean() == pytest.approx(0.15, abs=0.06)  # careless respondents answer it by halves
    assert items["SWITCH1"].mean() == pytest.approx(5.2, abs=0.3)
    assert items[["PRICE1", "PRICE4"]].corr().iloc[0, 1] > 0.3  # the reversed item is turned


def project(folder: Path, truth: str) -> Path:
    made = folder / "made"
    made.mkdir()
    items = "".join(f"  {name}: {{text: {{en: {name}}}, min: 1, max: 7}}\n" for name in ("S1", "S2", "L1"))
    (made / "codebook.yaml").write_text(
        "key: made\ntitle: {en: Made}\nabout: {en: Made.}\nfile: made.csv\ncommitted: false\nid: who\n"
        f"items:\n{items}constructs: {{satisfaction: [S1, S2], loyalty: [L1]}}\n"
        "groups: {kind: {label: {en: Kind}, values: {1: {en: one}, 2: {en: two}}}}\n",
        encoding="utf-8",
    )
    (folder / "mine.yaml").write_text(
        "key: mine\ntitle: {en: Mine}\nabout: {en: Mine.}\ncitation: none\n"
        "constructs:\n  satisfaction: {label: {en: S}, definition: {en: S}}\n"
        "  loyalty: {label: {en: L}, definition: {en: L}}\n"
        "paths: [{from: satisfaction, to: loyalty}]\n",
        encoding="utf-8",
    )
    (made / "truth.yaml").write_text(f"theory: {folder / 'mine.yaml'}\ndataset: made\n{truth}", encoding="utf-8")
    return made


def test_a_data_set_of_ones_own_is_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    made = project(tmp_path, "respondents: 20\nseed: 1\nanswers: {mean: 4}\nprofile: {kind: {1: 0.5, 2: 0.5}}\n")
    main(str(made))
    lines = (made / "made.csv").read_text(encoding="utf-8").splitlines()
    assert lines[0] == "who,S1,S2,L1,kind"
    assert len(lines) == 21
    assert "sha256" in capsys.readouterr().out
    assert load_survey(str(made)).items.max().max() <= 7


def test_what_a_data_set_lacks_is_told(tmp_path: Path) -> None:
    made = project(tmp_path, "answers: {mean: 4}\n")
    with pytest.raises(TruthError, match="needs `respondents` and `seed`"):
        simulated_file(made)
    (made / "truth.yaml").write_text(
        f"theory: {tmp_path / 'mine.yaml'}\ndataset: made\nrespondents: 20\nseed: 1\n", encoding="utf-8"
    )
    with pytest.raises(TruthError, match="makes no kind, which the codebook has"):
        simulated_file(made)
