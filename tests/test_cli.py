"""The command line: what it prints where, and the exit codes CI relies on."""

import subprocess
import sys
from pathlib import Path

import pytest
from tiny_project import write_parameters

from crmresearch.__main__ import main

NAME = "tiny-toy-scsb"


@pytest.mark.usefixtures("project")
def test_list_names_every_report_with_its_state(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["list"]) == 0
    assert capsys.readouterr().out == f"{NAME}  not made  Title of {NAME}\n"


def test_list_does_not_wait_for_the_libraries_of_the_analysis() -> None:
    heavy = ("papermill", "pandas", "scipy", "semopy", "nbformat", "matplotlib")
    code = (
        f"import sys; from crmresearch.__main__ import main; main(['list']); assert not {{*{heavy}}} & {{*sys.modules}}"
    )
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)


def test_a_report_is_announced_and_done(project: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["report", NAME]) == 0
    lines = capfd.readouterr().out.splitlines()
    assert lines[0] == f"rendering {NAME} …"
    assert lines[1].startswith(f"done {NAME} (")
    assert len(lines) == 2


def test_a_mistake_is_one_message_on_stderr_and_the_next_report_is_still_tried(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_parameters(project, NAME, times="many")
    write_parameters(project, "other", tims=3)
    assert main(["report", NAME, "other"]) == 2
    captured = capsys.readouterr()
    assert "Traceback" not in captured.err
    assert f"failed {NAME}: notebooks/parameters/{NAME}.yaml" in captured.err
    assert "failed other: " in captured.err
    assert captured.out.splitlines() == [f"rendering {NAME} …", "rendering other …"]
    assert main(["report", "--record-failures", NAME]) == 0
    assert main(["report", "--record-failures", "unknown"]) == 2  # nowhere to leave it


def test_a_theory_is_printed_as_a_page(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["theory", "staged_chain"]) == 0
    printed = capsys.readouterr().out
    assert printed.startswith("# Staged-factor chain")
    assert "| H1 | Experience before the purchase → Experience during the purchase | positive |" in printed
    assert main(["theory", "staged_chian"]) == 2
    assert "There is no theory 'staged_chian'" in capsys.readouterr().err


def test_index_is_written(project: Path) -> None:
    assert main(["index"]) == 0
    assert (project / "reports" / "index.html").is_file()


def test_check_data_prints_what_was_fine(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (project / "data" / "toy" / "toy.csv").write_text("Q1\n1\n2\n5\n3\n", encoding="utf-8")
    assert main(["check-data", "toy"]) in (0, 1)
    captured = capsys.readouterr()
    assert captured.err == ""
    assert captured.out


def test_check_data_prints_every_problem_and_exits_1(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (project / "data" / "toy" / "toy.csv").write_text("Q1\n1\n9\nmany\n", encoding="utf-8")
    assert main(["check-data", "toy"]) == 1
    problems = capsys.readouterr().out
    assert "9" in problems
    assert "many" in problems


@pytest.mark.usefixtures("project")
def test_check_data_of_an_unknown_data_set_exits_2(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check-data", "tob"]) == 2
    assert "tob" in capsys.readouterr().err
    assert main(["refresh", "no.ipynb"]) == 2
    assert "no.ipynb" in capsys.readouterr().err


def test_a_reader_who_has_seen_enough_is_no_mistake() -> None:
    """`check-data cdnow | head -1`: the pipe is closed before or while the command writes."""
    command = [sys.executable, "-m", "crmresearch", "check-data", "cdnow"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as running:
        assert running.stdout is not None
        assert running.stderr is not None
        running.stdout.close()
        assert running.stderr.read() == b""
    assert running.returncode == 141
