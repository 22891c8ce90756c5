"""What `crmresearch new-…` writes is right as it is, names every key there is, and takes nothing away."""

import json
import re
import shlex
from collections.abc import Mapping
from pathlib import Path

import pandas as pd
import pytest
import yaml
from notebook_cells import run_cells
from pydantic import BaseModel
from tiny_project import write_notebook

from crmresearch.__main__ import main
from crmresearch.data.catalog import find_codebook
from crmresearch.data.customers import customer_table
from crmresearch.data.survey.codebook import Binding, Codebook, Group, Item
from crmresearch.data.transactions.codebook import Columns, TransactionsCodebook
from crmresearch.data.transactions.transactions import load_transactions
from crmresearch.errors import TemplateError
from crmresearch.models.specification import bind
from crmresearch.models.theory import Construct, Moderation, Theory, TheoryPath, load_theory
from crmresearch.paths import NOTEBOOKS, ROOT, TEMPLATES
from crmresearch.report.make.declarations import read_declarations, read_remarks
from crmresearch.report.make.parameters import kind_read, load_report
from crmresearch.templates.begin import write_new

ALL = sorted(path.stem for path in NOTEBOOKS.glob("*.ipynb"))
DATASETS = {name: read_declarations(NOTEBOOKS / f"{name}.ipynb")["dataset"].default for name in ALL}
OF_SURVEYS = [name for name in ALL if kind_read({"dataset": DATASETS[name]}) == "survey"]


@pytest.fixture(autouse=True)
def study(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working folder."""
    monkeypatch.delenv("CRMRESEARCH_DATA", raising=False)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def new(*arguments: str) -> None:
    assert main(list(arguments)) == 0


def refusal(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """The one sentence with which a command refuses."""
    capsys.readouterr()
    assert main(list(arguments)) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.count("\n") == 1
    assert captured.err.rstrip().endswith((".", "?"))
    return captured.err


def test_a_new_survey_passes_its_check(study: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (study / "data").mkdir()
    new("new-survey", "guests", "--in", "data")
    assert capsys.readouterr().out.splitlines() == [
        "wrote data/guests/answers.csv",
        "wrote data/guests/codebook.yaml",
        "next: crmresearch check-data data/guests",
    ]
    assert main(["check-data", "data/guests"]) == 0
    assert capsys.readouterr().out == "answers.csv: 120 respondents, 13 items, no problem found\n"
    assert find_codebook("data/guests").key == "guests"


def test_a_new_shop_passes_its_check(capsys: pytest.CaptureFixture[str]) -> None:
    new("new-shop", "corner_shop")
    assert capsys.readouterr().out.splitlines()[-1] == "next: crmresearch check-data corner_shop"
    assert main(["check-data", "corner_shop"]) == 0
    assert capsys.readouterr().out.startswith("purchases.csv: 160 customers, 897 lines")
    assert find_codebook("corner_shop").key == "corner_shop"


def test_the_codebook_of_a_shop_reads_ones_own_file(study: Path) -> None:
    new("new-shop", "corner_shop")
    lines = "customer_id,purchased_at,amount\n7,2023-01-05,10\n7,2023-03-01 12:30,20\n8,2023-12-31,5\n8,2024-06-30,5\n"
    (study / "corner_shop" / "purchases.csv").write_text(lines, encoding="utf-8")
    transactions = load_transactions("corner_shop")
    assert list(customer_table(transactions, "2023-12-31", "2024-06-30").frame["frequency"]) == [2, 1]


def test_a_new_theory_is_bound_to_a_new_survey() -> None:
    new("new-survey", "guests")
    new("new-theory", "hospitality")
    theory = load_theory("hospitality.yaml")
    assert theory.key == "hospitality"
    codebook = find_codebook("guests")
    assert isinstance(codebook, Codebook)
    assert bind(theory, codebook).keys == ["quality", "value", "satisfaction", "loyalty"]
    assert bind(load_theory("acsi"), codebook).unmeasured == ()


def without_marks(text: str) -> str:
    """A template with every key in it that stands in a comment; prose stays one."""
    return re.sub(r"^( *)# ( *)(?=[a-z]\w*:|- \{)", r"\1\2", text, flags=re.MULTILINE)


def keys(file: str, indent: int) -> set[str]:
    """The keys written in a template at this depth, in comments too."""
    text = without_marks((TEMPLATES / file).read_text(encoding="utf-8"))
    return set(re.findall(rf"^{' ' * indent}(\w+):", text, re.MULTILINE))


def test_what_a_theory_has_in_comments_is_right_too(study: Path) -> None:
    new("new-survey", "my_survey")
    new("new-theory", "mine")
    text = without_marks(Path("mine.yaml").read_text(encoding="utf-8"))
    others = r"^ *(instead_of: \[complaints\]|of: \[product|extends: staged).*$"  # what is not there
    Path("mine.yaml").write_text(re.sub(others, "", text, flags=re.MULTILINE), encoding="utf-8")
    theory = load_theory("mine.yaml")
    assert (len(theory.moderations), len(theory.paths)) == (1, 6)
    codebook = find_codebook("my_survey")
    assert isinstance(codebook, Codebook)
    bound = bind(theory, codebook)
    assert bound.construct("quality").items == ("QUALITY1", "QUALITY2")
    assert bound.unmeasured == ("complaint_handling",)


def fields(*models: type[BaseModel]) -> set[str]:
    return {field.alias or name for model in models for name, field in model.model_fields.items()}


def test_templates_name_every_key() -> None:
    shop, survey, theory = "my_shop/codebook.yaml", "my_survey/codebook.yaml", "my_theory.yaml"
    assert fields(TransactionsCodebook) - keys(shop, 0) == {"package"}  # data of a Python package are no template
    assert keys(shop, 2) == fields(Columns)
    assert fields(Codebook) <= keys(survey, 0)
    assert fields(Item, Group, Binding) <= keys(survey, 4)
    assert fields(Theory) <= keys(theory, 0)
    assert fields(Construct) <= keys(theory, 4)
    text = (TEMPLATES / theory).read_text(encoding="utf-8")
    assert all(f"{key}:" in text for key in fields(TheoryPath, Moderation))


@pytest.mark.parametrize("notebook", ALL)
def test_every_parameter_of_a_notebook_says_what_it_is(notebook: str) -> None:
    path = NOTEBOOKS / f"{notebook}.ipynb"
    assert set(read_remarks(path)) == set(read_declarations(path))


def write_report(notebook: str) -> Path:
    new("new-survey", "guests")
    new("new-shop", "corner_shop")
    dataset = "guests" if notebook in OF_SURVEYS else "corner_shop"
    new("new-report", "mine", "--notebook", notebook, "--dataset", dataset)
    return Path("mine.yaml")


@pytest.mark.parametrize("notebook", ALL)
def test_a_new_report_names_every_parameter(notebook: str) -> None:
    path = write_report(notebook)
    report = load_report(str(path))
    assert report.dataset == str(Path("guests" if notebook in OF_SURVEYS else "corner_shop").resolve())
    assert report.parameters.get("survey") is None  # the survey beside the purchases of the notebook asked others
    text = path.read_text(encoding="utf-8")
    assert max(map(len, text.splitlines())) <= 120
    path.write_text(re.sub(r"^  # (?=\w+: )", "  ", text, flags=re.MULTILINE), encoding="utf-8")
    written: Mapping[str, object] = yaml.safe_load(path.read_text(encoding="utf-8"))["parameters"]
    assert list(written) == list(read_declarations(report.notebook))
    assert load_report(str(path)).parameters == report.parameters


def test_a_report_of_the_project_is_named_with_hyphens() -> None:
    new("new-report", "satisfaction-index-ecsi-mobile-scsb", "--theory", "scsb")
    report = load_report("satisfaction-index-ecsi-mobile-scsb.yaml")
    assert report.title == {"en": "Satisfaction index ecsi mobile scsb"}
    assert report.parameters["theory"] == "scsb"


def test_purchases_are_cut_into_thirds() -> None:
    parameters = load_report(str(write_report("segmentation_comparison"))).parameters
    days = [parameters[key] for key in ("earlier_cutoff", "cutoff", "holdout_end")]
    assert days == ["2023-07-03", "2023-12-31", "2024-06-30"]


def test_a_day_that_is_by_default_the_last_one_stays_so() -> None:
    text = write_report("customer_today").read_text(encoding="utf-8")
    assert "# cutoff: ''" in text
    assert "horizons_months: [12, 36]" in text


def test_a_report_needs_no_more_than_a_name(capsys: pytest.CaptureFixture[str]) -> None:
    new("new-report", "mine")
    assert capsys.readouterr().out.splitlines()[-1] == "next: crmresearch report mine.yaml --out out"
    parameters = load_report("mine.yaml").parameters
    assert (parameters["dataset"], parameters["theory"]) == ("ecsi_mobile", "ecsi")
    new("new-report", "other", "--dataset", "cdnow")
    assert load_report("other.yaml").notebook == NOTEBOOKS / "customer_value.ipynb"


def test_what_a_report_names_is_found_from_its_own_folder(study: Path) -> None:
    """From the working folder it is named on the command line, from beside it in the file."""
    (study / "reports to make").mkdir()
    new("new-survey", "guests")
    new("new-theory", "beside", "--in", "reports to make")
    new("new-theory", "here")
    for theory in ("beside.yaml", "here.yaml"):
        name = f"with_{theory[:-5]}"
        new("new-report", name, "--in", "reports to make", "--dataset", "guests", "--theory", theory)
    report = load_report("reports to make/with_here.yaml")
    assert report.dataset == str((study / "guests").resolve())
    assert report.parameters["theory"] == str((study / "here.yaml").resolve())
    text = (study / "reports to make" / "with_here.yaml").read_text(encoding="utf-8")
    assert "  dataset: ../guests " in text
    assert "  theory: beside.yaml " in (study / "reports to make" / "with_beside.yaml").read_text(encoding="utf-8")


def test_a_notebook_of_ones_own_is_read_too(study: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (study / "made").mkdir()
    new("new-survey", "guests")
    new("new-shop", "corner_shop")
    write_notebook(study / "own.ipynb", 'dataset: str = ""\ntheory: str = "x"\nmost: int | None = None  # at most')
    new("new-report", "mine", "--in", "made", "--dataset", "guests", "--notebook", "own.ipynb")
    text = (study / "made" / "mine.yaml").read_text(encoding="utf-8")
    assert "\nnotebook: ../own.ipynb\n" in text
    assert "\n  # most: null                      # at most (a whole number or empty)\n" in text
    assert load_report("made/mine.yaml").notebook == (study / "own.ipynb").resolve()
    message = refusal(capsys, "new-report", "other", "--dataset", "corner_shop", "--notebook", "own.ipynb")
    assert "reads a survey" in message


def test_data_that_are_not_here_leave_the_days_to_be_set(study: Path) -> None:
    new("new-shop", "corner_shop")
    (study / "corner_shop" / "purchases.csv").unlink()
    new("new-report", "mine", "--dataset", "corner_shop")
    text = Path("mine.yaml").read_text(encoding="utf-8")
    assert "set the days below" in text
    assert load_report("mine.yaml").parameters["cutoff"] == "1997-09-30"


@pytest.mark.parametrize("kind", ["survey", "shop", "theory", "report"])
def test_nothing_is_overwritten_and_names_are_checked(
    kind: str, study: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    new(f"new-{kind}", "mine")
    before = {path: path.read_bytes() for path in study.rglob("*") if path.is_file()}
    assert "is there already" in refusal(capsys, f"new-{kind}", "mine")
    for name in ("My_own", "4you", "my/own", "..", "null", "", *(["my-own"] if kind != "report" else [])):
        assert "cannot be a name; use lower-case letters" in refusal(capsys, f"new-{kind}", name)
    assert "There is no folder nowhere" in refusal(capsys, f"new-{kind}", "other", "--in", "nowhere")
    assert {path: path.read_bytes() for path in study.rglob("*") if path.is_file()} == before


def test_a_name_that_is_taken_elsewhere_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert "There is a data set 'cdnow' already, in data/cdnow" in refusal(capsys, "new-survey", "cdnow")
    assert "There is a data set 'cdnow' already" in refusal(capsys, "new-shop", "cdnow")
    assert "has a theory 'ecsi' already" in refusal(capsys, "new-theory", "ecsi")


def test_what_cannot_be_written_is_a_sentence(study: Path) -> None:
    (study / "file").touch()
    with pytest.raises(TemplateError, match=r"^file/mine.yaml cannot be written: \w[\w ]+\.$"):
        write_new({Path("file/mine.yaml"): "text"})


@pytest.mark.parametrize("notebook", ["customer_value", "segment_monitoring"])
def test_the_rules_of_a_new_shop_can_be_named_in_its_reports(notebook: str) -> None:
    path = write_report(notebook)
    given = "\n  rules: corner_shop/segments.yaml" + ("\n  method: own_rules" if "monitoring" in notebook else "")
    path.write_text(
        path.read_text(encoding="utf-8").replace("\nparameters:", "\nparameters:" + given), encoding="utf-8"
    )
    assert load_report(str(path)).parameters["rules"] == str(Path("corner_shop/segments.yaml").resolve())
    assert "key: corner_shop_desk" in Path("corner_shop/segments.yaml").read_text(encoding="utf-8")


def test_a_report_that_could_not_be_made_is_not_begun(study: Path, capsys: pytest.CaptureFixture[str]) -> None:
    new("new-survey", "guests")
    new("new-shop", "corner_shop")
    new("new-theory", "mine")
    cases = {
        ("--dataset", "corner_shop", "--notebook", "satisfaction_index"): "reads a survey, and corner_shop holds purch",
        ("--dataset", "guests", "--notebook", "customer_value"): "reads purchases, and guests holds a survey",
        ("--dataset", "corner_shop", "--theory", "acsi"): "customer_value has no parameter `theory`",
        ("--dataset", "guest"): "There is no dataset 'guest'",
        ("--dataset", "guests", "--theory", "mine"): "There is no theory 'mine'; did you mean 'mine.yaml'?",
        ("--dataset", "guests", "--theory", "ecsi"): "'ecsi' needs items for the construct 'image'",
        ("--notebook", "customer_valu"): "there is no notebook 'customer_valu'; did you mean 'customer_value'?",
    }
    for arguments, sentence in cases.items():
        assert sentence in refusal(capsys, "new-report", "broken", *arguments)
    assert not Path("broken.yaml").exists()
    codebook = study / "guests" / "codebook.yaml"
    codebook.write_text(codebook.read_text(encoding="utf-8").replace("  loyalty:", "  faith:"), encoding="utf-8")
    assert "No theory of the package can be bound to guests" in refusal(
        capsys, "new-report", "broken", "--dataset", "guests"
    )
    new("new-report", "without", "--dataset", "guests", "--notebook", "survey_segmentation")
    assert load_report("without.yaml").parameters["theory"] is None


@pytest.mark.long
def test_the_commands_of_the_readme_work() -> None:
    """All but the rendering, which the slow tests do."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    commands = [shlex.split(line, comments=True)[1:] for line in text.splitlines() if line.startswith(".venv/bin/crm")]
    known = {"new-survey", "new-shop", "check-data", "new-report", "report", "draft-codebook", "draft-theory"}
    assert {words[0] for words in commands} == known | {"questionnaire"}
    for own in ("clinic", "wine"):
        Path(own).mkdir()
    answers = pd.read_csv(TEMPLATES / "my_survey" / "answers.csv")
    pytest.importorskip("pyreadstat").write_sav(answers, "clinic/Patientenbefragung 2024.sav")
    pd.read_csv(TEMPLATES / "my_shop" / "purchases.csv").to_excel("wine/Auftragsliste.xlsx", index=False)
    for words in commands:
        if words[0] != "report":
            new(*words)
            continue
        for name in words[1 : words.index("--out")]:
            load_report(name)


@pytest.mark.long
def test_survey_theory_and_report_make_a_page(study: Path) -> None:
    new("new-survey", "guests")
    new("new-theory", "mine")
    new("new-report", "first", "--dataset", "guests", "--theory", "mine.yaml")
    new("report", "first.yaml", "--out", "out")
    record = json.loads((study / "out" / "first" / "report.json").read_text(encoding="utf-8"))
    assert (record["status"], record["respondents"]) == ("done", 116)
    assert (study / "out" / "first.html").is_file()


@pytest.mark.long
@pytest.mark.usefixtures("few_starts")
@pytest.mark.parametrize("notebook", [name for name in ALL if name not in OF_SURVEYS])
def test_a_shop_and_a_report_make_a_page(notebook: str, study: Path) -> None:
    path = write_report(notebook)
    if notebook == "customer_value":
        path.write_text(
            re.sub(r"# ((?:value_)?resamples:) 200", r"\1 50", path.read_text(encoding="utf-8")), encoding="utf-8"
        )
        assert load_report(str(path)).parameters["value_resamples"] == 50
        new("report", "mine.yaml", "--out", "out")
        assert (study / "out" / "mine.html").is_file()
    else:
        few = {"resamples": 50, "folds": 2, "refits": 2, "simulations": 20, "sizes": [4]}
        given = load_report(str(path)).parameters
        run_cells(notebook, given | {key: value for key, value in few.items() if key in given})
