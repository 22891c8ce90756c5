"""What once broke `make reports`, each by a test: two at once, names, an environment with holes, dates to come."""

import os
import shutil
import subprocess
import time
from pathlib import Path

import pytest
from made_project import PLAIN, TINY, Project, make_built, rendered
from tiny_project import write_parameters

pytestmark = [
    pytest.mark.skipif(shutil.which("make") is None, reason="needs make"),
    pytest.mark.long,
]


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Project:
    return make_built(tmp_path_factory.mktemp("faults") / "project")


@pytest.fixture
def project(built: Project, tmp_path: Path) -> Project:
    return Project(Path(shutil.copytree(built.root, tmp_path / "copy", symlinks=True)))


def tables(project: Project) -> dict[str, bytes]:
    reports = project.root / "reports"
    return {path.relative_to(reports).as_posix(): path.read_bytes() for path in reports.glob("*/tables/*")}


def test_two_makes_at_once_leave_every_table(project: Project) -> None:
    before = tables(project)
    for name in (TINY, PLAIN):
        project.touch(f"notebooks/parameters/{name}.yaml")
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("CRMRESEARCH", "MAKE", "MFLAGS"))}
    own = {"CRMRESEARCH_HOME": str(project.root), "PYTHONPATH": str(project.root / "src")}
    command = ["make", f"UV={project.root / '.venv' / 'uv'}", "reports"]
    runs = []
    for _ in range(2):
        runs.append(
            subprocess.Popen(
                command, cwd=project.root, env=clean | own, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
            )
        )
        time.sleep(0.5)
    ended = [run.communicate() for run in runs]
    assert [run.returncode for run in runs] == [0, 0], ended
    assert not any("Traceback" in text for texts in ended for text in texts)
    assert any("waiting: another run is making" in out for out, _ in ended)
    assert tables(project) == before
    assert not list((project.root / "reports").glob("*.failed.*"))
    assert project.would_render() <= {TINY, PLAIN}  # their parameters are dated a second ahead


def test_names_that_make_or_a_link_would_break_are_told(project: Project) -> None:
    names = ["a b", "a#b", "a%b", "a'b", 'a"b', "a$b", "a;b", "a:b", "a(b)", "a&b", "a*b", "a\tb"]
    for name in names:
        write_parameters(project.root, name)
    assert project.would_render() == set()
    done = project.make("reports")
    assert done.returncode == 2
    for name in names:
        told = f"notebooks/parameters/{name}.yaml is not rendered: the name of a report is made of letters"
        assert told in done.stderr
    assert "No rule" not in done.stderr


def test_a_name_in_another_alphabet_is_a_report(project: Project) -> None:
    write_parameters(project.root, "zufriedenheit-größe-满意")
    assert project.would_render() == {"zufriedenheit-größe-满意"}


@pytest.mark.parametrize("name", ["x'; touch pwned; '", 'x"; touch pwned; "', "x y", "--help", "x`touch pwned`"])
def test_the_name_of_a_report_is_not_read_by_the_shell(project: Project, name: str) -> None:
    done = project.make("report", f"REPORT={name}")
    assert done.returncode == 2
    assert not (project.root / "pwned").exists()


def test_a_record_dated_in_the_future_hides_no_change(project: Project) -> None:
    record = project.root / "reports" / TINY / "report.json"
    os.utime(record, (time.time() + 1e6,) * 2)
    assert project.would_render() == {TINY}


def test_an_environment_without_python_is_set_up_anew(project: Project) -> None:
    (project.root / ".venv" / "bin" / "python").unlink()
    assert "sync --quiet --frozen" in project.make("-n", "setup").stdout


@pytest.mark.parametrize(("file", "content"), [(f"{TINY}.failed.json", ""), (f"{TINY}/report.json", '{"status": "do')])
def test_one_bad_record_stops_nothing_and_is_made_again(project: Project, file: str, content: str) -> None:
    (project.root / "reports" / file).write_text(content)
    for command in ("index", "list"):
        done = subprocess.run(
            [project.root / ".venv" / "bin" / "python", "-m", "crmresearch", command], cwd=project.root,
            env=os.environ | {"CRMRESEARCH_HOME": str(project.root), "PYTHONPATH": str(project.root / "src")},
            capture_output=True, text=True,
        )  # fmt: skip
        assert (done.returncode, done.stderr) == (0, "")
    if "failed" not in file:
        assert project.would_render() == {TINY}
        assert rendered(project.make("reports")) == {TINY}
    assert project.make("reports").stdout.endswith("reports are up to date: reports/index.html\n")


def test_reproducing_finds_what_depends_on_the_time_zone(project: Project) -> None:
    notebook = project.root / "notebooks" / "tiny.ipynb"
    own_zone = notebook.read_text().replace("'\\\\n'.join(rows)", "str(__import__('time').tzname)")
    notebook.write_text(own_zone)
    done = project.make("reproduce")
    assert done.returncode == 2
    assert f"different: reports/{TINY}/tables/answers.csv" in done.stderr
    notebook.write_text(own_zone.replace("str(__import__('time').tzname)", "'the same'"))
    done = project.make("reproduce")
    assert done.returncode == 0
    assert done.stdout.endswith("1 tables are the same to the byte\n")
