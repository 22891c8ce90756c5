"""A parameters file is refused before anything runs, with every mistake in it told at once."""

from pathlib import Path

import pytest
import yaml
from tiny_project import PARAMETERS, write_notebook, write_parameters

from crmresearch import paths
from crmresearch.errors import ParameterError
from crmresearch.report.make.declarations import check_values, read_declarations
from crmresearch.report.make.parameters import load_report, read_heading, report_names

NAME = "tiny-toy-scsb"


def refusal(name: str = NAME) -> str:
    with pytest.raises(ParameterError) as caught:
        load_report(name)
    return str(caught.value)


def test_what_the_file_does_not_say_is_the_notebooks_default(project: Path) -> None:
    write_parameters(project, NAME, times=3)
    report = load_report(NAME)
    assert report.parameters == {
        "dataset": "toy",
        "theory": "scsb",
        "times": 3,
        "share": 0.95,
        "scheme": "path",
        "fail": False,
        "seed": 7,
    }
    assert report.notebook == project / "notebooks" / "tiny.ipynb"
    assert report.title == {"en": f"Title of {NAME}"}


def test_purchases_beside_a_survey_are_a_data_set_too(project: Path) -> None:
    write_notebook(project / "notebooks" / "tiny.ipynb", f"{PARAMETERS}\npurchases: str | None = None")
    write_parameters(project, NAME, purchases="tob")
    assert "`purchases`: there is no data set 'tob'; did you mean 'toy'?" in refusal()
    (project / "notebooks" / "parameters" / "shop").mkdir()
    beside = project / "notebooks" / "parameters" / "shop" / "codebook.yaml"
    beside.write_text((project / "data" / "toy" / "codebook.yaml").read_text(encoding="utf-8"), encoding="utf-8")
    write_parameters(project, NAME, purchases="shop")
    assert load_report(NAME).parameters["purchases"] == str(beside.parent.resolve())


def test_every_mistake_is_told_at_once(project: Path) -> None:
    write_parameters(project, NAME, tims=2, share=2, scheme="pth", seed="yes", fail=1, dataset="tob", theory="sscb")
    message = refusal()
    assert message.startswith("notebooks/parameters/tiny-toy-scsb.yaml does not fit notebooks/tiny.ipynb:")
    assert "unknown parameter `tims`; did you mean 'times'?" in message
    assert "`share` must be below 1.0, not 2." in message
    assert "`scheme` must be one of 'path', 'factorial', 'centroid', not 'pth'; did you mean 'path'?" in message
    assert "`seed` must be a whole number, not the text 'yes'." in message
    assert "`fail` must be true or false, not 1." in message
    assert "`dataset`: there is no data set 'tob'; did you mean 'toy'?" in message
    assert "`theory`: there is no theory 'sscb'; did you mean 'scsb'?" in message
    assert len(message.splitlines()) == 8


@pytest.mark.parametrize(
    ("parameter", "value", "sentence"),
    [
        ("times", True, "`times` must be a whole number, not true."),
        ("times", 2.5, "`times` must be a whole number, not 2.5."),
        ("times", None, "`times` must be a whole number, not empty."),
        ("times", 0, "`times` must be at least 1, not 0."),
        ("share", "0.9", "`share` must be a number, not the text '0.9'."),
        ("share", True, "`share` must be a number, not true."),
        ("share", float("nan"), "`share` must be a finite number, not nan."),
        ("scheme", 3, "`scheme` must be one of 'path', 'factorial', 'centroid', not 3."),
        ("dataset", 3, "`dataset` must be text, not 3."),
    ],
)
def test_a_value_of_the_wrong_kind_is_refused(project: Path, parameter: str, value: object, sentence: str) -> None:
    write_parameters(project, NAME, **{parameter: value})
    assert sentence in refusal()


def test_a_whole_number_does_where_a_number_is_wanted(project: Path) -> None:
    write_notebook(project / "notebooks" / "tiny.ipynb", "share: float = 0.5")
    write_parameters(project, NAME, share=1)
    assert load_report(NAME).parameters == {"share": 1}


def test_a_default_that_breaks_the_notebooks_own_rule_is_told_as_such(project: Path) -> None:
    write_notebook(project / "notebooks" / "tiny.ipynb", "times: Annotated[int, Field(ge=1)] = 0")
    assert "the notebook's own default of `times` must be at least 1, not 0." in refusal()


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("notebook: tiny\nnotebook: tiny\n", "is written twice"),
        ("notebook: [", "is not valid YAML"),
        ("- a list\n", "must be a mapping"),
        ("notebook: tiny\ngroup: {en: G}\n", "title: this key is missing"),
        ("notebook: tiny\ntitle: {zh: 题}\ngroup: {en: G}\n", "title"),
        ("notebook: tiny\ntitle: {en: T}\ngroup: {en: G}\nparameter: {}\n", "did you mean 'parameters'?"),
        ("notebook: tinny\ntitle: {en: T}\ngroup: {en: G}\n", "no notebook 'tinny'; did you mean 'tiny'?"),
        ("notebook: tiny\ntitle: {en: T}\ngroup: {en: G}\nparameters: {5: 1}\n", "parameters"),
    ],
)
def test_a_file_that_is_no_parameters_file_is_refused(project: Path, content: str, sentence: str) -> None:
    (paths.PARAMETERS / f"{NAME}.yaml").write_text(content, encoding="utf-8")
    message = refusal()
    assert sentence in message
    assert f"notebooks/parameters/{NAME}.yaml" in message


def test_parameters_may_be_left_out(project: Path) -> None:
    file = paths.PARAMETERS / f"{NAME}.yaml"
    for tail in ("", "parameters:\n"):
        file.write_text("notebook: tiny\ntitle: {en: T}\ngroup: {en: G}\n" + tail, encoding="utf-8")
        assert load_report(NAME).parameters["times"] == 1


def test_an_unknown_report_gets_a_suggestion(project: Path) -> None:
    assert refusal("tiny-toy-acsi") == "There is no report 'tiny-toy-acsi'; did you mean 'tiny-toy-scsb'?"
    assert report_names() == [NAME]


def test_a_dataset_can_be_a_folder_seen_from_the_notebook(project: Path) -> None:
    (project / "data" / "toy").rename(project / "mine")
    write_parameters(project, NAME, dataset="../mine")
    assert load_report(NAME).dataset == str(project / "mine")


def test_a_parameters_file_anywhere_names_what_lies_beside_it(project: Path, tmp_path: Path) -> None:
    mine = tmp_path / "my study"
    (mine / "survey").mkdir(parents=True)
    (project / "data" / "toy").rename(mine / "survey" / "toy")
    (mine / "own.yaml").write_text((paths.THEORIES / "scsb.yaml").read_text("utf-8"), encoding="utf-8")
    written = write_parameters(project, "mine", dataset="survey/toy", theory="own.yaml")
    file = written.rename(mine / "mine.yaml")
    report = load_report(str(file))
    assert (report.name, report.notebook) == ("mine", project / "notebooks" / "tiny.ipynb")
    assert report.dataset == str(mine / "survey" / "toy")
    assert report.parameters["theory"] == str(mine / "own.yaml")
    write_notebook(mine / "other.ipynb", PARAMETERS)
    file.write_text(file.read_text("utf-8").replace("notebook: tiny", "notebook: other.ipynb"), encoding="utf-8")
    assert load_report(str(file)).notebook == mine / "other.ipynb"
    assert "There is no parameters file" in refusal(str(mine / "absent.yaml"))


@pytest.mark.parametrize(
    ("cell", "sentence"),
    [
        ("times = 1", "a parameter is written `name: type = default`"),
        ("times: int", "a parameter is written `name: type = default`"),
        ("times: integer = 1", "a type is made of str, int, float"),
        ("times: int = 2 ** 3", "the default must be a plain value"),
        ("times: __import__('os').remove('x') = 1", "a type is made of"),
        ("times: int = = 1", "line 1: invalid syntax"),
    ],
)
def test_a_cell_that_declares_no_parameter_is_refused(tmp_path: Path, cell: str, sentence: str) -> None:
    write_notebook(tmp_path / "n.ipynb", cell)
    with pytest.raises(ParameterError, match=r"n\.ipynb, cell `parameters`") as caught:
        read_declarations(tmp_path / "n.ipynb")
    assert sentence in str(caught.value)


def test_types_of_declarations(tmp_path: Path) -> None:
    write_notebook(tmp_path / "n.ipynb", '"""Notes."""\na: list[str] = ["x"]\nb: int | None = None\n' + PARAMETERS)
    declared = read_declarations(tmp_path / "n.ipynb")
    assert declared["a"] == (list[str], ["x"])
    assert declared["b"] == (int | None, None)
    assert list(declared)[2:4] == ["dataset", "theory"]


def test_a_heading_is_there_even_for_a_file_that_cannot_be_read(project: Path) -> None:
    assert read_heading(NAME).group == {"en": "Toys"}
    (paths.PARAMETERS / "broken.yaml").write_text("[", encoding="utf-8")
    assert read_heading("broken").title == {"en": "broken"}


@pytest.mark.parametrize("name", report_names())
def test_the_projects_own_reports_are_sound_and_named_after_what_they_are_made_of(name: str) -> None:
    report = load_report(name)
    if report.group == {"en": "My reports"}:
        pytest.skip("of one's own: as `new-report` writes it")
    parts = [report.notebook.stem, report.parameters.get("dataset"), report.parameters.get("theory")]
    expected = "-".join(str(part).replace("_", "-") for part in parts if part)
    # a further word tells apart two reports that differ in another parameter
    assert name == expected or name.startswith(f"{expected}-")
    assert {"en", "zh"} == report.title.keys() == report.group.keys()


def test_theories_may_lie_beside_the_parameters_file_and_are_all_looked_for(tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text("key: mine", encoding="utf-8")
    head = "notebook: theory_comparison\ntitle: {en: T}\ngroup: {en: G}\nparameters:\n  theories: "
    file = tmp_path / "report.yaml"
    file.write_text(f"{head}[mine.yaml, acsi]", encoding="utf-8")
    assert load_report(str(file)).parameters["theories"] == [str(tmp_path / "mine.yaml"), "acsi"]
    file.write_text(f"{head}[mine.yml, acsy]", encoding="utf-8")
    with pytest.raises(ParameterError, match="`theories`: there is no theory 'acsy'; did you mean 'acsi'") as refused:
        load_report(str(file))
    assert "`theories`: there is no theory 'mine.yml'" in str(refused.value)


RULES = {"key": "own", "definition": {"en": "Ours"}}
TAG = {"tag": "a", "label": {"en": "A"}, "when": {"recency": {"max": 9}}}
SEGMENT = {"segment": "a", "label": {"en": "A"}, "when": {"recency": {"max": 9}}}


@pytest.mark.parametrize(
    ("notebook", "parameters", "rules", "sentences"),
    [
        ("customer_value", {}, {"tags": [TAG | {"segment": "a"}]},
         ["mine.yaml, tags.0.segment: this key is not known"]),
        ("customer_value", {}, {"rules": [SEGMENT | {"when": {"recencey": {"min": 1}, "age": {"in": ["x"]}}}]},
         ["mine.yaml, rules.0.when: there is no column 'recencey' of customers; did you mean 'recency'?",
          "mine.yaml, rules.0.when: there is no column 'age' of customers; there are "]),
        ("segment_monitoring", {"method": "own_rules"}, {"rules": [SEGMENT | {"when": {"p_alive": {"min": 0.5}}}]},
         ["mine.yaml, rules.0.when: 'p_alive' is a forecast"]),
        ("segment_monitoring", {"method": "own_rules"}, {"tags": [TAG]},
         ["mine.yaml gives tags but no segments to follow"]),
        ("segment_monitoring", {}, {"rules": [SEGMENT]}, ["`rules` is read by `method: own_rules` only"]),
        ("segment_monitoring", {"method": "own_rules", "rules": ""}, {"rules": [SEGMENT]},
         ["`rules`: `method: own_rules` follows the segments of a file"]),
        ("customer_value", {"rules": "none.yaml"}, {"rules": [SEGMENT]}, ["there is no file 'none.yaml'"]),
    ],
)  # fmt: skip
def test_a_file_of_rules_is_read_before_the_run(
    tmp_path: Path, notebook: str, parameters: dict[str, str], rules: dict[str, object], sentences: list[str]
) -> None:
    (tmp_path / "mine.yaml").write_text(yaml.safe_dump(RULES | rules, sort_keys=False), encoding="utf-8")
    report = {"notebook": notebook, "title": {"en": "Mine"}, "group": {"en": "Mine"}}
    given = {"dataset": "cdnow", "rules": "mine.yaml", **parameters}
    (tmp_path / "report.yaml").write_text(yaml.safe_dump(report | {"parameters": given}), encoding="utf-8")
    lines = refusal(str(tmp_path / "report.yaml")).splitlines()[1:]
    assert len(lines) == len(sentences)
    for line, sentence in zip(lines, sentences, strict=True):
        assert sentence in line


MARGIN = "Annotated[float, Field(gt=0, le=1)] | dict[str, Annotated[float, Field(gt=0, le=1)]]"


@pytest.mark.parametrize(
    ("value", "told"),
    [
        (2, "`margin` must be at most 1.0, not 2"),
        (0, "`margin` must be above 0.0, not 0"),
        ({"default": 0.3, "tea": 2}, "`margin.tea` must be at most 1.0, not 2"),
        ({"tea": "dear"}, "`margin.tea` must be a number, not the text 'dear'"),
        ({7: 0.3}, "`margin.7` must be text, not 7"),
        (
            "dear",
            "`margin` must be a number, above 0 and at most 1 or a mapping of keys to values, not the text 'dear'",
        ),
        (None, "`margin` must be a number, above 0 and at most 1 or a mapping of keys to values, not empty"),
    ],
)
def test_a_value_of_several_types_is_refused_by_the_one_it_has(value: object, told: str, tmp_path: Path) -> None:
    cell = f"from typing import Annotated\nfrom pydantic import Field\nmargin: {MARGIN} = 0.3\n"
    write_notebook(tmp_path / "n.ipynb", cell)
    declared = read_declarations(tmp_path / "n.ipynb")
    assert check_values(declared, {"margin": value}) == ({}, [told])
    for good in (0.3, {"default": 0.3, "tea": 0.5}):
        assert check_values(declared, {"margin": good}) == ({"margin": good}, [])
