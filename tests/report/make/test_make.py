"""make renders what is missing or out of date and nothing else, with the project's own Makefile."""

import os
import re
import shutil
import time
from pathlib import Path

import pytest
import yaml
from made_project import PLAIN, REPOSITORY, TINY, Project, make_built, rendered

import crmresearch

pytestmark = pytest.mark.skipif(shutil.which("make") is None, reason="needs make")


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """The project after `make -j2 reports`."""
    return make_built(tmp_path_factory.mktemp("make") / "project")


@pytest.fixture
def project(built: Project, tmp_path: Path) -> Project:
    """A copy of the built project, moved, with the dates of all files."""
    return Project(Path(shutil.copytree(built.root, tmp_path / "moved", symlinks=True)))


@pytest.mark.long
def test_make_alone_prints_the_targets(built: Project) -> None:
    lines = built.make().stdout.splitlines()
    targets = [line.split()[0] for line in lines[1:]]
    expected = "setup reports report reproduce test test-all test-fast lab refresh bench lint docs clean"
    assert targets == expected.split()


def test_a_second_run_starts_no_python(project: Project) -> None:
    done = project.make("reports")
    assert (done.returncode, done.stdout) == (0, "reports are up to date: reports/index.html\n")
    assert project.starts() == ""


@pytest.mark.parametrize(
    ("file", "names"),
    [
        (f"notebooks/parameters/{TINY}.yaml", {TINY}),
        ("notebooks/plain.ipynb", {PLAIN}),
        ("notebooks/tiny.ipynb", {TINY}),
        ("data/toy/toy.csv", {TINY}),
        ("data/toy/codebook.yaml", {TINY}),
        ("src/crmresearch/models/theory.py", {TINY}),  # imported by the one notebook only
        ("src/crmresearch/models/scsb.yaml", {TINY}),
        ("src/crmresearch/models/acsi.yaml", set()),
        ("src/crmresearch/report/page/exporter.py", {TINY, PLAIN}),
        ("src/crmresearch/report/page/template/style.css", {TINY, PLAIN}),
        ("src/crmresearch/report/make/site.py", set()),
        ("src/crmresearch/report/page/template/index.html.j2", set()),
        ("src/crmresearch/sem/pls/algorithm.py", set()),
        ("Makefile", set()),
    ],
)
def test_a_changed_file_renders_what_depends_on_it(project: Project, file: str, names: set[str]) -> None:
    project.touch(file)
    assert project.would_render() == names


@pytest.mark.long
def test_a_changed_file_is_rendered_once(project: Project) -> None:
    past = time.time() - 100
    for record in project.root.glob("reports/*/report.json"):
        os.utime(record, (past, past))
    for file in (path for path in project.root.rglob("*") if path.is_file() and "reports" not in path.parts):
        os.utime(file, (past - 10, past - 10))
    (project.root / "notebooks" / "plain.ipynb").touch()
    done = project.make("reports")
    assert rendered(done) == {PLAIN}, done.stderr
    assert "-m crmresearch index" in project.starts()
    project.make("reports")
    assert project.starts() == ""


def test_a_change_of_the_index_alone_renders_no_report(project: Project) -> None:
    project.touch("src/crmresearch/report/make/site.py")
    assert "crmresearch index" in project.make("-n", "reports").stdout


def test_only_another_lock_file_makes_every_report_again(project: Project) -> None:
    project.touch("pyproject.toml")
    done = project.make("reports")
    assert rendered(done) == set(), done.stderr
    assert "uv sync --quiet --frozen --compile-bytecode" in project.starts()
    (project.root / "uv.lock").write_text("another")
    assert project.would_render() == {TINY, PLAIN}


@pytest.mark.parametrize("lost", [f"{PLAIN}.html", f"{PLAIN}/report.json", f".depends/{PLAIN}.d"])
def test_a_lost_output_is_made_again(project: Project, lost: str) -> None:
    (project.root / "reports" / lost).unlink()
    assert project.would_render() == {PLAIN}


def test_a_deleted_input_does_not_stop_make(project: Project) -> None:
    (project.root / "src/crmresearch/report/show/latex.py").unlink(missing_ok=True)
    (project.root / "src/crmresearch/models/theory.py").unlink()
    assert TINY in project.would_render()


@pytest.mark.long
def test_reports_come_go_and_fail_by_themselves(project: Project) -> None:
    parameters = project.root / "notebooks" / "parameters"
    reports = project.root / "reports"
    file = yaml.safe_load((parameters / f"{PLAIN}.yaml").read_text())
    (parameters / "plainer.yaml").write_text(yaml.safe_dump(file))
    (parameters / f"{TINY}.yaml").unlink()
    (parameters / f"{PLAIN}.yaml").write_text(yaml.safe_dump({**file, "parameters": {"fail": True}}))
    project.touch(f"notebooks/parameters/{PLAIN}.yaml")

    done = project.make("-j2", "reports")
    assert done.returncode == 2
    assert rendered(done) == {PLAIN, "plainer"}
    assert "AssertionError" in done.stderr
    assert "failed: plain; the others are in reports/index.html" in done.stderr
    assert {path.name for path in reports.glob("*.html")} == {
        "how-to-read.html",
        "index.html",
        "plainer.html",
        "procedure.html",
    }
    assert (reports / f"{PLAIN}.failed.ipynb").is_file()
    assert not (reports / TINY).exists()
    assert "AssertionError" in (reports / "index.html").read_text()

    assert project.would_render() == {PLAIN}  # tried again, and only that


@pytest.mark.long
def test_a_skipped_report_waits_for_its_data(project: Project, tmp_path: Path) -> None:
    (project.root / "data" / "toy" / "toy.csv").rename(tmp_path / "toy.csv")
    os.utime(tmp_path / "toy.csv", (1e9, 1e9))
    done = project.make("reports")
    assert f"skipped {TINY}: " in done.stdout
    assert done.returncode == 0
    project.make("reports")
    assert project.starts() == ""
    assert project.would_render(CRMRESEARCH_DATA=str(tmp_path)) == {TINY}  # an old file in a folder named only now
    shutil.copy2(tmp_path / "toy.csv", project.root / "data" / "toy.csv")
    assert project.would_render() == {TINY}
    done = project.make("report", f"REPORT={TINY}")
    assert f"done {TINY}" in done.stdout
    project.make("reports")
    assert project.starts() == ""


def test_report_names_the_reports_it_knows(built: Project) -> None:
    done = built.make("report")
    assert done.returncode == 2
    assert TINY in done.stdout
    unknown = built.make("report", "REPORT=plane")
    assert unknown.returncode == 2
    assert "There is no report 'plane'; did you mean 'plain'?" in unknown.stderr


def test_an_unsuitable_python_is_refused_in_a_sentence(project: Project) -> None:
    project.touch("uv.lock")
    done = project.make("setup", "PYTHON=false")
    assert done.returncode == 2
    assert "crmresearch needs Python 3.11, 3.12 or 3.13, and false is not one of them." in done.stderr


def test_the_reference_is_of_every_package_and_module(built: Project) -> None:
    command = built.make("-n", "docs").stdout.split()
    packages = REPOSITORY / "src" / "crmresearch"
    names = {path.parent.name for path in packages.glob("*/__init__.py")} | {"sem.index", "value.pareto_nbd", "errors"}
    assert {"crmresearch", *(f"crmresearch.{name}" for name in names)} <= set(command)
    assert "crmresearch.__main__" not in command


@pytest.mark.long
def test_the_reference_shows_every_name_of_the_front_door_and_loads_nothing_from_a_network(project: Project) -> None:
    done = project.make("docs", "MODULES=crmresearch crmresearch.errors crmresearch.value crmresearch.value.pareto_nbd")
    assert done.returncode == 0, done.stderr
    pages = project.root / "docs" / "api"
    front = (pages / "crmresearch.html").read_text(encoding="utf-8")
    shown = set(re.findall(r'<section id="(\w+)">', front))
    assert set(dir(crmresearch)) - {"__version__"} <= shown
    assert 'href="crmresearch/value.html"' in front
    assert (pages / "crmresearch" / "value" / "pareto_nbd.html").is_file()
    loads = re.compile(
        r"""<(?:script|link|img|iframe|source)\b[^>]*\b(?:src|href)=["']?(?:https?:)?//|url\(["']?(?:https?:)?//"""
    )
    for page in pages.rglob("*.html"):
        # what the pages only quote is escaped, so that a match would be loaded
        assert not loads.search(page.read_text(encoding="utf-8")), page
