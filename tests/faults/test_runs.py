"""What once broke a run, or made its report untrue: data that change, a full disk, records with holes, wild names."""

import errno
import json
import os
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from tiny_project import CODE, PARAMETERS, write_notebook, write_parameters

import crmresearch as crm
from crmresearch import __main__ as command_line
from crmresearch import paths
from crmresearch.errors import CrmResearchError, ParameterError, RenderError
from crmresearch.report.make import outputs as module
from crmresearch.report.make.execute import execute
from crmresearch.report.make.outputs import Outputs
from crmresearch.report.make.parameters import load_report
from crmresearch.report.make.render import render_report
from crmresearch.report.make.site import build_index

NAME = "tiny-toy-scsb"


@pytest.mark.parametrize("changed", ["data/toy/toy.csv", "data/toy/codebook.yaml"])
@pytest.mark.long
def test_data_that_change_during_the_run_make_no_report(project: Path, changed: str) -> None:
    """The checksum of a report is that of what was read."""
    path = project / changed
    write_notebook(project / "notebooks" / "tiny.ipynb", PARAMETERS, [*CODE, f"open({str(path)!r}, 'a').write('\\n')"])
    with pytest.raises(RenderError, match=f"{changed} changed while the report was being made. Render it again."):
        render_report(NAME)
    assert not Outputs(NAME).record.exists()


@pytest.mark.long
def test_a_file_that_stays_as_it_was_is_no_change(project: Path) -> None:
    assert render_report(NAME).status == "done"
    record = json.loads(Outputs(NAME).record.read_text(encoding="utf-8"))
    assert record["data_sha256"] == "9f97f6fcc315b63c19e7f01986cf3b8e0d026e0798b473b523dde6f7f9074051"


def test_the_record_comes_last(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A run that is stopped between two moves leaves no record, so that make renders again."""
    outputs = Outputs(NAME)
    outputs.begin()
    (outputs.building / "page.html").write_text("a page")
    moved: list[Path] = []
    monkeypatch.setattr(module.os, "replace", lambda _, place: moved.append(place))
    outputs.publish({"status": "done"}, outputs.building / "page.html", time.time())
    assert moved == [outputs.folder, outputs.page, outputs.record]


def test_a_full_disk_is_one_sentence(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(path: Path, content: object) -> None:
        path.touch()
        raise OSError(errno.ENOSPC, "No space left on device", str(path))

    monkeypatch.setattr(module, "write_json", full)
    with pytest.raises(RenderError) as caught:
        render_report(NAME)
    assert str(caught.value) == (
        f"reports: the disk is full, so {NAME} was not written. Make room, or name another folder (--out)."
    )
    assert [path.name for path in paths.REPORTS.iterdir() if path.name != ".depends"] == []
    build_index()


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="the superuser may write anywhere")
def test_a_folder_that_is_read_only_is_one_sentence(project: Path, tmp_path: Path) -> None:
    folder = tmp_path / "out"
    folder.mkdir(mode=0o500)
    with pytest.raises(RenderError, match="it is not yours to write to"):
        render_report(NAME, folder)


@pytest.mark.parametrize("content", ["", "{", "[]", '"done"', '{"status": "odd"}', "\x00" * 10, '{"status": "do'])
@pytest.mark.parametrize("file", [f"{NAME}.failed.json", f"{NAME}/report.json"])
def test_a_record_that_cannot_be_read_is_none(project: Path, file: str, content: str) -> None:
    path = paths.REPORTS / file
    path.parent.mkdir(parents=True)
    path.write_text(content)
    assert Outputs(NAME).read() is None
    build_index()
    assert not path.exists()
    assert "Not made yet" in (paths.REPORTS / "index.html").read_text(encoding="utf-8")


WILD: list[Any] = ["x" * 5000, "~nobody", "~nobody/x", "a\x00b", "../" * 2000, "", " ", "é满" * 400, "{}", "[[x|y]]"]


@pytest.mark.parametrize("value", WILD, ids=[repr(value[:12]) for value in WILD])
@pytest.mark.parametrize("key", ["dataset", "theory", "scheme", "fail", "notebook"])
def test_wild_names_are_told_in_a_sentence(project: Path, key: str, value: str) -> None:
    changes = {} if key == "notebook" else {key: value}
    path = write_parameters(project, NAME, **changes)
    if key == "notebook":
        path.write_text(path.read_text().replace("notebook: tiny", f"notebook: {json.dumps(value)}"))
    with pytest.raises(CrmResearchError) as caught:
        load_report(NAME)
    assert len(str(caught.value)) < 1500


@pytest.mark.parametrize("name", [*WILD, *(f"{value}.yaml" for value in WILD)])
def test_a_report_of_a_wild_name_is_told_in_a_sentence(project: Path, name: str) -> None:
    with pytest.raises(ParameterError, match="There is no") as caught:
        render_report(name)
    assert len(str(caught.value)) < 500


@pytest.mark.parametrize("text", ["{a: " * 3000 + "1" + "}" * 3000, "[" * 3000 + "]" * 3000, "a: " * 3000, "- " * 3000])
def test_a_deep_document_is_told_in_a_sentence(project: Path, text: str) -> None:
    (project / "notebooks" / "parameters" / f"{NAME}.yaml").write_text(text)
    with pytest.raises(ParameterError) as caught:
        load_report(NAME)
    assert len(str(caught.value)) < 500


def test_what_killed_runs_left_is_taken_away(project: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    left = tmp_path / "crmresearch-left"
    left.mkdir()
    (left / "lock").touch()
    building = paths.REPORTS / ".building" / "killed"
    building.mkdir(parents=True)
    execute(project / "notebooks" / "tiny.ipynb", tmp_path / "out.ipynb")
    assert not left.exists()
    build_index()
    assert not building.exists()


def test_what_another_run_is_making_is_left_alone(project: Path) -> None:
    outputs = Outputs(NAME)
    with outputs.alone(lambda: None):
        outputs.begin()
        build_index()
        assert outputs.building.exists()
    assert not outputs.building.exists()


def test_an_environment_that_lost_a_package_is_set_up_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "prefix", str(tmp_path))
    locked = tmp_path / ".locked"
    locked.touch()
    command_line._have_environment_mended("ModuleNotFoundError: No module named 'mine'")
    assert locked.exists()
    command_line._have_environment_mended("ModuleNotFoundError: No module named 'pandas.core'")
    assert not locked.exists()
    assert "has lost pandas: run make again, which sets it up anew" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("notebook", "changes", "sentence"),
    [
        ("customer_value", {"cutoff": "30.09.1997"}, "`cutoff` must be a day written as 1997-09-30, not '30.09.1997'"),
        ("customer_value", {"cutoff": "1997-02-30"}, "`cutoff` must be a day"),
        (
            "customer_value",
            {"cutoff": "1999-01-01"},
            "`holdout_end` (1998-06-30) must come after `cutoff` (1999-01-01)",
        ),
        ("segmentation_comparison", {"earlier_cutoff": "1997-09-30"}, "`cutoff` (1997-09-30) must come after"),
        ("segment_monitoring", {"first_cutoff": "last summer"}, "`first_cutoff` must be a day"),
        ("customer_value", {"rules": "none.yaml"}, "`rules`: there is no file 'none.yaml'"),
        ("customer_value", {"dataset": "ecsi_mobile"}, "reads purchases, and ecsi_mobile holds a survey"),
        ("satisfaction_index", {"dataset": "cdnow"}, "reads a survey, and cdnow holds purchases"),
        ("satisfaction_index", {"resamples": 1_000_000_000}, "`resamples` must be at most 100000, not 1000000000"),
        ("satisfaction_index", {"resamples": 1e30}, "`resamples` must be a whole number"),
    ],
)
def test_what_cannot_work_is_told_before_the_notebook_runs(
    tmp_path: Path, notebook: str, changes: dict[str, Any], sentence: str
) -> None:
    path = tmp_path / "mine.yaml"
    content = {"notebook": notebook, "title": {"en": "Mine"}, "group": {"en": "Own"}, "parameters": changes}
    path.write_text(json.dumps(content))
    with pytest.raises(ParameterError) as caught:
        load_report(str(path))
    assert sentence in str(caught.value)


def test_more_resamples_than_the_memory_holds_are_refused_before_they_are_drawn() -> None:
    specification, items = crm.bind("scsb", "ecsi_mobile"), crm.load_survey("ecsi_mobile").items
    with pytest.raises(ParameterError, match=r"1,000,000,000,000 resamples of \d+ numbers need about .* GB of memory"):
        crm.bootstrap(crm.estimate_pls(specification, items), resamples=10**12)
    with pytest.raises(ParameterError, match="ask for fewer"):
        crm.bootstrap(crm.estimate_cbsem(specification, items), resamples=10**12)
