"""A report is made whole, skipped with advice, or fails leaving nothing that looks like a result."""

import hashlib
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from tiny_project import write_notebook, write_parameters

from crmresearch import paths
from crmresearch.errors import ParameterError, RenderError
from crmresearch.report.make.outputs import Outputs
from crmresearch.report.make.provenance import find_commit
from crmresearch.report.make.refresh import committed_notebooks, refresh_notebook, without_traces
from crmresearch.report.make.render import render_report
from crmresearch.report.make.site import STAGES, build_index

NAME = "tiny-toy-scsb"


def files_of_reports() -> list[str]:
    found = (path.relative_to(paths.REPORTS).as_posix() for path in paths.REPORTS.rglob("*") if path.is_file())
    return sorted(name for name in found if not name.startswith("."))


def dependencies(name: str = NAME) -> set[str]:
    head = Outputs(name).dependencies.read_text(encoding="utf-8").split("\n\n")[0]
    return {line.strip(" \\") for line in head.splitlines()[1:]}


@pytest.fixture
def hostile_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A user whose registered kernel `python3` does not start and whose IPython start-up file raises."""
    shadow = tmp_path / "jupyter" / "kernels" / "python3"
    shadow.mkdir(parents=True)
    (shadow / "kernel.json").write_text('{"argv": ["false"], "display_name": "X", "language": "python"}')
    startup = tmp_path / "ipython" / "profile_default" / "startup"
    startup.mkdir(parents=True)
    (startup / "00.py").write_text("seed = 0\nimport no_such_module\n")
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path / "jupyter"))
    monkeypatch.setenv("JUPYTER_DATA_DIR", str(tmp_path / "jupyter"))
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))


@pytest.mark.usefixtures("hostile_machine")
def test_a_report_is_page_record_and_tables_and_knows_what_it_was_made_of(
    project: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    write_parameters(project, NAME, times=2)
    outcome = render_report(NAME)
    assert (outcome.status, outcome.page) == ("done", project / "reports" / f"{NAME}.html")
    assert files_of_reports() == [f"{NAME}.html", f"{NAME}/report.json", f"{NAME}/tables/answers.csv"]
    assert not (project / "reports" / ".building" / NAME).exists()
    assert capfd.readouterr() == ("", "")

    record = json.loads(Outputs(NAME).record.read_text(encoding="utf-8"))
    assert record["status"] == "done"  # whatever the notebook calls itself
    assert record["headline"] == "6 answers to scsb"
    assert record["parameters"]["times"] == 2
    assert record["seed"] == 7
    assert record["commit"] is None
    assert record["data_sha256"] == "9f97f6fcc315b63c19e7f01986cf3b8e0d026e0798b473b523dde6f7f9074051"
    assert record["versions"]["numpy"]
    assert record["theory_sha256"] == hashlib.sha256((paths.THEORIES / "scsb.yaml").read_bytes()).hexdigest()
    assert record["duration"] > 0

    page = outcome.page.read_text(encoding="utf-8")
    assert f"<title>Title of {NAME}" in page
    assert "6 rows" in page

    named = dependencies()
    assert {"data/toy/toy.csv", "data/toy/codebook.yaml", "notebooks/tiny.ipynb"} < named
    assert f"notebooks/parameters/{NAME}.yaml" in named
    ours = {name.removeprefix(f"{paths.PACKAGE}/") for name in named if name.startswith(str(paths.PACKAGE))}
    assert {"models/theory.py", "models/scsb.yaml", "report/page/exporter.py", "report/make/kernel.py"} < ours
    assert "report/page/template/report.html.j2" in ours
    assert "models/acsi.yaml" not in ours

    build_index()
    index = (project / "reports" / "index.html").read_text(encoding="utf-8")
    assert f'href="{NAME}.html"' in index
    assert "6 answers to scsb" in index


def test_the_index_leads_to_a_file_whatever_its_name(project: Path) -> None:
    outputs = Outputs("zufriedenheit-größe")
    write_parameters(project, outputs.name)
    outputs.folder.mkdir(parents=True)
    outputs.page.write_text("made", encoding="utf-8")
    outputs.record.write_text('{"status": "done"}', encoding="utf-8")
    build_index()
    index = (project / "reports" / "index.html").read_text(encoding="utf-8")
    assert 'href="zufriedenheit-gr%C3%B6%C3%9Fe.html"' in index


def test_a_failing_notebook_replaces_the_result_by_itself(project: Path) -> None:
    outputs = Outputs(NAME)
    outputs.begin()
    (outputs.building / "page.html").write_text("an earlier result")
    outputs.publish({"status": "done"}, outputs.building / "page.html", 0)
    write_parameters(project, NAME, fail=True)
    with pytest.raises(RenderError) as caught:
        render_report(NAME)
    assert str(caught.value) == (
        "notebooks/tiny.ipynb stopped in cell [7], `raise ValueError('first line\\nthe last word')`\n"
        "ValueError: first line\nthe last word\n"
        f"The notebook up to the error: reports/{NAME}.failed.ipynb"
    )
    assert files_of_reports() == [f"{NAME}.failed.ipynb", f"{NAME}.failed.json"]
    kept = nbformat.read(outputs.failed_notebook, as_version=4)
    assert any("the last word" in str(cell.get("outputs")) for cell in kept.cells)
    build_index()
    assert "the last word" in (project / "reports" / "index.html").read_text(encoding="utf-8")


def test_a_kernel_that_dies_is_a_failure_with_its_notebook_kept(project: Path) -> None:
    write_notebook(project / "notebooks" / "tiny.ipynb", "seed: int = 1", ["1 + 1", "import os\nos._exit(3)"])
    with pytest.raises(RenderError, match="the kernel died"):
        render_report(NAME)
    assert files_of_reports() == [f"{NAME}.failed.ipynb", f"{NAME}.failed.json"]


def test_wrong_parameters_fail_without_a_notebook(project: Path) -> None:
    write_parameters(project, NAME, times="many")
    with pytest.raises(ParameterError, match="must be a whole number"):
        render_report(NAME)
    assert files_of_reports() == [f"{NAME}.failed.json"]


def test_an_unknown_report_leaves_nothing(project: Path) -> None:
    with pytest.raises(ParameterError, match="did you mean"):
        render_report("tiny-toy")
    assert not (project / "reports").exists()


def test_a_report_without_its_data_is_skipped_with_advice(project: Path) -> None:
    Outputs(NAME).fail({"status": "failed"}, None)
    (project / "data" / "toy" / "toy.csv").unlink()
    outcome = render_report(NAME)
    assert outcome.status == "skipped"
    assert "Write it yourself." in outcome.message
    assert files_of_reports() == [f"{NAME}/report.json"]
    fragment = Outputs(NAME).dependencies.read_text(encoding="utf-8")
    assert "data/toy/toy.csv" in fragment
    assert "$(CRMRESEARCH_DATA)/toy/toy.csv $(CRMRESEARCH_DATA)/toy.csv" in fragment
    build_index()
    assert "Write it yourself." in (project / "reports" / "index.html").read_text(encoding="utf-8")


def test_the_record_is_dated_before_anything_was_read(project: Path) -> None:
    outputs = Outputs(NAME)
    outputs.begin()
    outputs.publish({"status": "skipped"}, None, started=1e9)
    assert outputs.record.stat().st_mtime == 1e9


def test_outputs_of_a_report_that_is_no_more_are_taken_away(project: Path) -> None:
    Outputs("old").fail({"status": "failed", "message": ""}, None)
    gone = Outputs("older")
    gone.begin()
    gone.publish({"status": "skipped"}, None, 0)
    stranger = paths.REPORTS / "mine.txt"
    stranger.write_text("not ours")
    build_index()
    assert files_of_reports() == ["how-to-read.html", "index.html", "mine.txt", "procedure.html"]


def test_the_index_lists_what_was_not_made_yet(project: Path) -> None:
    build_index()
    index = (project / "reports" / "index.html").read_text(encoding="utf-8")
    assert "Not made yet" in index
    assert f"Title of {NAME}" in index


def test_the_index_tells_what_changed_since_it_told_something_else(project: Path) -> None:
    def built(headline: str, trust: str) -> list[str]:
        outputs = Outputs(NAME)
        outputs.begin()
        outputs.publish({"status": "done", "headline": headline, "trust": trust}, None, 0)
        build_index()
        index = paths.REPORTS.joinpath("index.html").read_text()
        changes = re.search(r'<details class="changes".*?</details>', index, re.S)
        return re.findall("<li>.*</li>", changes[0]) if changes else []

    title = f"<li><strong>Title of {NAME}</strong>: "
    assert built("6 answers.", "note") == []  # a first build has nothing to compare with
    told = [f"{title}7 answers. Before: 6 answers.</li>", f"{title}with care; before: usable.</li>"]
    assert built("7 answers.", "weak") == told
    assert built("7 answers.", "weak") == told  # until they tell something else
    Outputs(NAME).fail({"status": "failed"}, None)
    build_index()
    assert built("7 answers.", "note") == [f"{title}usable; before: with care.</li>"]
    (project / "notebooks" / "parameters" / f"{NAME}.yaml").unlink()
    build_index()
    assert "no longer made" in paths.REPORTS.joinpath("index.html").read_text()


def test_a_notebook_says_where_the_index_lists_its_reports(project: Path) -> None:
    notebook = project / "notebooks" / "tiny.ipynb"
    content = nbformat.read(notebook, as_version=4)
    content.metadata["crmresearch"] = {"stage": "watch"}
    nbformat.write(content, notebook)
    outputs = Outputs(NAME)
    outputs.begin()
    outputs.publish({"status": "done"}, None, 0)
    build_index()
    assert "What to watch" in paths.REPORTS.joinpath("index.html").read_text()
    assert without_traces(content).metadata["crmresearch"] == {"stage": "watch"}


@pytest.mark.parametrize("notebook", committed_notebooks(), ids=lambda path: path.stem)
def test_every_committed_notebook_stands_on_the_way(notebook: Path) -> None:
    assert nbformat.read(notebook, as_version=4).metadata["crmresearch"]["stage"] in STAGES


@pytest.mark.long
def test_refreshing_a_notebook_twice_gives_the_same_bytes(project: Path) -> None:
    notebook = project / "notebooks" / "tiny.ipynb"
    refresh_notebook(notebook)
    first = notebook.read_bytes()
    assert b"'3 rows'" in first
    for trace in (b"papermill", b"iopub", sys.version.split()[0].encode(), str(project).encode()):
        assert trace not in first
    refresh_notebook(notebook)
    assert notebook.read_bytes() == first
    assert [path.name for path in notebook.parent.iterdir() if path.is_file()] == ["tiny.ipynb"]


def test_a_notebook_that_fails_is_not_refreshed(project: Path) -> None:
    notebook = project / "notebooks" / "tiny.ipynb"
    write_notebook(notebook, "seed: int = 1", ["1 / 0"])
    before = notebook.read_bytes()
    with pytest.raises(RenderError, match="ZeroDivisionError"):
        refresh_notebook(notebook)
    assert notebook.read_bytes() == before


def test_the_commit_is_that_of_the_projects_own_repository(tmp_path: Path) -> None:
    assert find_commit(tmp_path) is None

    def git(*arguments: str) -> str:
        identity = {f"GIT_{who}_{what}": "x@y" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
        command = ["git", "-C", str(tmp_path), *arguments]
        return subprocess.run(command, check=True, capture_output=True, env=os.environ | identity).stdout.decode()

    git("init", "-q")
    git("commit", "-q", "--allow-empty", "-m", "one")
    head = git("rev-parse", "HEAD").strip()
    assert find_commit(tmp_path) == (head, False)
    (tmp_path / "inside").mkdir()
    (tmp_path / "inside" / "file").write_text("")
    assert find_commit(tmp_path) == (head, True)
    assert find_commit(tmp_path / "inside") is None
