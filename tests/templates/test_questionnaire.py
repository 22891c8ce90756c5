"""The questionnaire, its codebook and its empty data file say the same; a survey begun with them can be fielded."""

import csv
import re
import runpy
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from crmresearch.__main__ import main
from crmresearch.data.catalog import find_codebook
from crmresearch.data.survey.codebook import Codebook, read_codebook
from crmresearch.data.survey.questionnaire import read_questionnaire
from crmresearch.data.survey.survey import check_survey, load_survey
from crmresearch.errors import CodebookError, TemplateError
from crmresearch.models.specification import bind
from crmresearch.models.theory import load_theory
from crmresearch.paths import DATA
from crmresearch.templates.begin import new_survey_like
from crmresearch.templates.questionnaire import blank_answers, questionnaire

FOLDER = DATA / "staged_simulated"


@pytest.fixture
def codebook() -> Codebook:
    return read_codebook(FOLDER)


def test_the_committed_files_are_those_the_codebook_makes(codebook: Codebook) -> None:
    # mend with `crmresearch questionnaire staged_simulated > data/staged_simulated/questionnaire.md`, and `--blank`
    assert (FOLDER / "questionnaire.md").read_text(encoding="utf-8") == questionnaire(codebook)
    assert (FOLDER / "blank.csv").read_text(encoding="utf-8") == blank_answers(codebook)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_question_stands_in_the_form_once_and_in_the_order_of_the_data_file(
    codebook: Codebook, language: str
) -> None:
    form = (FOLDER / "questionnaire.md").read_text(encoding="utf-8")
    with (FOLDER / "blank.csv").open(encoding="utf-8", newline="") as file:
        header = next(csv.reader(file))
    assert header[0] == codebook.id
    assert sorted(header[1:]) == sorted([*codebook.items, *codebook.groups])
    asked = read_questionnaire(codebook)
    texts = [
        codebook.items[name].text[language] if name in codebook.items else asked.questions[name][language]
        for name in header[1:]
    ]
    places = [
        re.search(rf"(?m)^(\| |\*\*){number}( \| |\. ){re.escape(text)}", form) for number, text in enumerate(texts, 1)
    ]
    assert all(places), [text for text, place in zip(texts, places, strict=True) if not place]
    starts = [place.start() for place in places if place]
    assert starts == sorted(starts)
    assert all(form.count(text) == 1 for text in texts)


def test_the_tables_of_respondents_are_those_of_the_simulation() -> None:
    """power.csv is what `python data/staged_simulated/sample_size.py` found in minutes; the tables follow from it."""
    script = runpy.run_path(str(FOLDER / "sample_size.py"))
    power = pd.read_csv(FOLDER / "power.csv")
    assert sorted(set(power["n"])) == list(script["SIZES"])
    for name, made in (("sample_size", script["table"](power)), ("false_alarms", script["false_alarms"](power))):
        assert (FOLDER / f"{name}.csv").read_text(encoding="utf-8") == made.to_csv(index=False, lineterminator="\n")
    assert 7 < 1 / (1 - power.query("n == 100 and estimator == 'plsc'")["samples"].min() / 250) < 9  # one of eight
    assert power.query("n > 160")["samples"].isin([100, 250]).all()
    # the rule of thumb above the table
    sizes = pd.read_csv(FOLDER / "sample_size.csv").set_index(["path", "effect"])
    needed = sizes.map(lambda cell: float(re.sub(r" ±.*|[<>, ]", "", cell)))
    assert needed.xs(0.3, level="effect").max().max() < 350
    small = needed.xs(0.1, level="effect")
    direct = [path for path in small.index if "moderates" not in path and "complaints" not in path]
    assert small.loc[direct, "PLS 90%"].max() < 1100
    assert (small.drop(index=direct)["PLS 90%"] > 1100).all()
    assert (small["PLSc 90%"] > 1100).all()


def test_it_measures_the_whole_theory_but_profit(codebook: Codebook) -> None:
    theory = load_theory("staged")
    specification = bind(theory, codebook)
    assert set(specification.unmeasured) == {"profit_growth"}
    assert len(specification.moderations) == 2
    factors = [key for key, construct in theory.constructs.items() if construct.stage and not construct.instead_of]
    assert len(factors) == 13
    sizes = {key: len(codebook.constructs[key]) for key in [*factors, "satisfaction", "switching_cost", "loyalty"]}
    assert all(3 <= size <= (7 if key == "loyalty" else 5) for key, size in sizes.items())


def test_neighbours_ask_about_different_factors(codebook: Codebook) -> None:
    of = {item: key for key, items in codebook.constructs.items() for item in items}
    mixed = [
        part for part in read_questionnaire(codebook).parts if len({of.get(name) for name in part.ask} - {None}) > 1
    ]
    assert len(mixed) == 6
    for part in mixed:
        assert all(of[a] != of[b] for a, b in pairwise(part.ask)), part.title["en"]


def test_every_item_says_what_it_follows_and_what_it_asks_about(codebook: Codebook) -> None:
    found = read_questionnaire(codebook)
    assert found.constructs.keys() == codebook.constructs.keys()
    for key, items in codebook.constructs.items():
        assert list(found.constructs[key].facets) == list(items)


def test_items_are_short_positive_and_reversed_sparingly(codebook: Codebook) -> None:
    for name, item in codebook.items.items():
        assert len(item.text["en"].split()) <= 20, name
        assert not re.search(r"\b(not|never|no|n't|and)\b", item.text["en"].split(" if ")[0]), name
        assert item.text.keys() == {"en", "zh"}
    turned = [name for name, item in codebook.items.items() if item.reversed]
    assert turned == ["PRICE4", "CONVEN4"]


def test_a_survey_is_begun_with_it_fielded_and_read(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["new-survey", "my_shop", "--like", "staged_simulated", "--in", str(tmp_path)]) == 0
    folder = tmp_path / "my_shop"
    assert f"next: crmresearch check-data {folder}" in capsys.readouterr().out
    begun, known = read_codebook(folder), read_codebook(FOLDER)
    assert (begun.key, begun.committed, begun.sha256, begun.citation) == ("my_shop", False, None, "none")
    same = {"items", "constructs", "groups", "theories", "id", "missing_codes", "labels"}
    assert begun.model_dump(include=same) == known.model_dump(include=same)
    # nobody answered yet: one sentence
    assert main(["check-data", str(folder)]) == 1
    assert capsys.readouterr().out == (
        "answers.csv has a header but no rows; a survey needs at least two respondents, one row each.\n"
    )
    # two dozen answered, some of whom never met the staff
    header = (folder / "answers.csv").read_text(encoding="utf-8").strip().split(",")
    rng = np.random.default_rng(1)
    answers = pd.DataFrame({name: _answers(begun, name, rng) for name in header})
    answers.loc[:3, "STAFF1"] = 98
    answers.loc[4, "AGE_GROUP"] = 99
    answers["PRICE4"] = 10
    answers.loc[0, "PRICE4"] = 9
    answers.to_csv(folder / "answers.csv", index=False)
    assert check_survey(str(folder)) == []
    survey = load_survey(str(folder))
    assert survey.items["STAFF1"].isna().sum() == 4
    assert survey.groups["AGE_GROUP"].isna().sum() == 1
    assert survey.items["PRICE4"].tolist()[:2] == [2, 1]  # turned
    assert main(["questionnaire", str(folder), "--language", "zh"]) == 0
    assert capsys.readouterr().out.startswith("# 客户购买体验调查问卷\n")


def _answers(codebook: Codebook, name: str, rng: np.random.Generator) -> object:
    if name == codebook.id:
        return [f"R{number}" for number in range(24)]
    if name in codebook.groups:
        return rng.choice(list(codebook.groups[name].values or {}), 24)
    return rng.integers(codebook.items[name].min, codebook.items[name].max + 1, 24)


def test_a_codebook_alone_is_a_questionnaire_too(capsys: pytest.CaptureFixture[str]) -> None:
    known = find_codebook("corporate_reputation")
    assert isinstance(known, Codebook)
    told = questionnaire(known, ["en"])
    assert "| 1 | I am satisfied with the provider | ☐ |" in told
    assert "- ☐ contract [2]" in told
    assert "\n## References" not in told
    assert blank_answers(known).startswith("cusa,cusl_1,")
    with pytest.raises(TemplateError, match="'de'; every one has in en, zh"):
        questionnaire(known, ["de"])
    assert main(["questionnaire", "cdnow"]) == 2
    assert capsys.readouterr().err == "cdnow holds purchases, and a questionnaire is of a survey.\n"


def test_scales_are_printed_as_they_are(tmp_path: Path) -> None:
    (tmp_path / "codebook.yaml").write_text(
        """
key: own
title: {en: Own}
about: {en: Mine}
file: answers.csv
committed: false
items:
  short: {text: {en: "Good | fair @hu1999?"}, min: 1, max: 3, labels: {bad: 1, good: 3}}
  long: {text: {en: 'How much?'}, min: 0, max: 100}
  yes_or_no: {text: {en: 'Bought?'}, min: 0, max: 1}
groups:
  age: {label: {en: Age}}
""",
        encoding="utf-8",
    )
    told = questionnaire(read_codebook(tmp_path))
    assert "|  |  | 1 bad | 2 | 3 good |\n" in told
    assert "| 1 | Good \\| fair @hu1999? | ☐ | ☐ | ☐ |\n" in told
    assert "|  |  | 0 – 100 |\n| --- | --- | --- |\n| 2 | How much? | ____ |\n" in told
    assert "**3. Bought?**\n\n- ☐ 0\n- ☐ 1\n" in told
    assert "**4. Age**\n\n- ____\n" in told


def test_a_survey_like_purchases_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TemplateError, match="cdnow holds purchases; --like begins a survey"):
        new_survey_like("cdnow", "mine", tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("ask: [TENURE, CHANNEL]", "ask: [TENURE]", "parts: CHANNEL is not asked"),
        ("ask: [TENURE, CHANNEL]", "ask: [TENURE, CHANNEL, SATIS1]", "parts: SATIS1 is asked 2 times"),
        (
            "ask: [TENURE, CHANNEL]",
            "ask: [TENURE, CHANNEL, CHANEL]",
            "parts: 'CHANEL' is not among the items and groups",
        ),
        ("  SATIS3:\n    low", "  SATIS4:\n    low", "ends: 'SATIS4' is not among the items"),
        ('  GENDER: {en: "What', '  SEX: {en: "What', "questions: 'SEX' is not among the groups"),
        ("  brand:\n", "  brands:\n", "constructs: 'brands' is not among the constructs"),
        ("BRAND2: {en: associations", "SATIS1: {en: associations", "constructs.brand.facets: 'SATIS1' is no item"),
        ("  98: {en", "  97: {en", "offers 98, which `codes` does not name"),
        ("  99: {en", "  97: {en", "offers 99, which `codes` does not name"),
        ("[@brislin1970]", "[@nobody1900]", "cites @nobody1900, which the package does not know"),
        ("table: sample_size.csv", "table: gone.csv", "the table gone.csv is not there"),
    ],
)
def test_a_mistake_is_told_in_a_sentence(tmp_path: Path, old: str, new: str, message: str) -> None:
    new_survey_like("staged_simulated", "mine", tmp_path)
    path = tmp_path / "mine" / "questionnaire.yaml"
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")
    with pytest.raises(CodebookError) as raised:
        questionnaire(read_codebook(tmp_path / "mine"))
    assert message in str(raised.value)
    assert str(raised.value).endswith((".", "?"))
