"""What a running report hands to its renderer: the output folder and the facts for `report.json`."""

import json
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

FOLDER_VARIABLE = "CRMRESEARCH_REPORT_FOLDER"
TABLES_LIST = "tables.jsonl"


def report_folder() -> Path | None:
    """Folder named by `CRMRESEARCH_REPORT_FOLDER`, or None when a notebook is run by hand."""
    folder = os.environ.get(FOLDER_VARIABLE)
    return Path(folder) if folder else None


def list_table(name: str, rows: int, text: list[str], shown: dict[str, Any] | None, file: str = "") -> None:
    """Tell the renderer of a written table: rows, columns of text, how it is shown, if it is, and its `file`.

    The file is `<name>.csv` unless another is named.
    """
    folder = report_folder()
    if folder is None:
        return
    told = {"name": name, "rows_written": rows, "text": text, "shown": shown, "file": file or f"{name}.csv"}
    with (folder / TABLES_LIST).open("a", encoding="utf-8") as listed:
        listed.write(json.dumps(told, ensure_ascii=False) + "\n")


def record(**facts: Any) -> None:
    """Merge facts (headline, dataset, theory, respondents, ...) into `record.json` of the report folder.

    Later facts replace earlier ones of the same name. Nothing is written outside a rendered report.
    """
    folder = report_folder()
    if folder is None:
        return
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "record.json"
    known = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    text = json.dumps({**known, **facts}, ensure_ascii=False, indent=2, sort_keys=True, default=_plain)
    path.write_text(text + "\n", encoding="utf-8")


def write_output(subfolder: str, filename: str, content: bytes) -> None:
    """Write one table or figure file below the report folder; nothing outside a rendered report."""
    write_parts(subfolder, filename, [content])


def write_parts(subfolder: str, filename: str, content: Iterable[bytes]) -> None:
    """The same of a file that is made part by part, and never held as a whole."""
    folder = report_folder()
    if folder is None:
        return
    target = folder / subfolder / filename
    target.parent.mkdir(parents=True, exist_ok=True)
    with target.open("wb") as file:
        file.writelines(content)


def _plain(value: Any) -> Any:
    """numpy scalars and arrays, paths and the like as JSON values."""
    return value.tolist() if hasattr(value, "tolist") else str(value)
