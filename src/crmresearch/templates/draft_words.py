"""How a drafted codebook is written: YAML that holds whatever a file calls its columns, and what stands at its top."""

import json
import re
import unicodedata
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from crmresearch.data.dataset import in_language, is_key
from crmresearch.data.text_table import TextTable
from crmresearch.data.wording import note

_BREAKS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufffe\uffff]")  # lines, or are no text in YAML
_WORDS = ("y", "n", "yes", "no", "on", "off", "true", "false", "null")  # which YAML may take for values


def key_of(text: str) -> str:
    """A text as the key of a data set or a construct."""
    plain = unicodedata.normalize("NFKD", text.split(".")[0].replace("ß", "ss")).encode("ascii", "ignore").decode()
    key = re.sub(r"[^a-z0-9]+", "_", plain.lower()).strip("_")
    return key if is_key(key) else f"data_{key}".rstrip("_")


def quoted(text: str) -> str:
    """A text as YAML can hold it anywhere."""
    return _BREAKS.sub(lambda found: f"\\u{ord(found[0]):04x}", json.dumps(text, ensure_ascii=False))


def one_line(text: str) -> str:
    """A line as it is, whatever cell or name stands in its comment: nothing in it ends the line or is no YAML."""
    return _BREAKS.sub(" ", text)


def column(name: str) -> str:
    """A column as a YAML key: in quotes where it could be read as something else."""
    plain = re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name) and name.lower() not in _WORDS
    return name if plain else quoted(name)


def head(kind: str, file: Path, key: str, rows: str, table: TextTable) -> Iterator[str]:
    """What every codebook begins with, and what was recognised of the file."""
    rows = rows if table.whole else f"More than {rows}"
    yield f"# Drafted from {file.name} on {datetime.now():%Y-%m-%d}: every guess is to be looked at."
    yield "# `crmresearch check-data` then says what does not fit, all at once."
    yield f"kind: {kind}"
    yield f"key: {key}"
    title = re.sub(r"[_\s]+", " ", file.name.split(".")[0]).strip() or key
    yield f"title: {{en: {quoted(title[:1].upper() + title[1:])}}}"
    yield f"about: {{en: {quoted(f'{rows}.')}}}    # say who they are, when and how the data came about"
    yield f"file: {quoted(file.name)}"
    for text, facts in table.notes:
        yield f"# {in_language(note(text, **{'file': file.name, **facts}))}"
    yield from (f"{key}: {quoted(value) if isinstance(value, str) else value}" for key, value in table.found.items())
    if not table.whole:
        yield f"# Only the first {len(table.cells):,} lines were looked at."
    yield "committed: false"
    yield "# source, citation and licence may stay away for data of one's own"
    yield ""
