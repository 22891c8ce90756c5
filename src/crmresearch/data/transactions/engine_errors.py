"""What an engine says about a file it cannot read, as one sentence for who has to mend the file."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from crmresearch.data.documents import shown
from crmresearch.errors import CrmResearchError, UnusableFileError

_ENGINES = ("duckdb", "_duckdb", "pyspark", "py4j", "ibis", "pyarrow")
_LINE = re.compile(r"CSV Error on Line: (\d+)\s*\n(?:Original Line: )?([^\n]*)\n")
_OF_A_LINE = {
    r"Expected Number of Columns: (\d+) Found: (\d+)": (
        "it has {1} cells where the header has {0}; put text that holds the separator into quotation marks, or mend "
        "`separator` in the codebook"
    ),
    r"unterminated quote": ("a quotation mark has no partner; close it, and write one that belongs to the text twice"),
    r"unicode|utf-?8": "it is not UTF-8 text; save the file as 'CSV UTF-8'",
    r"Maximum line size": "it is too long for a line; look for a quotation mark without a partner in it or before it",
    r"": "it does not fit the header; mend this line",
}
_OF_A_FILE = {
    r"could not set lock|Conflicting lock": "another program has it open; close that program, or export the table as "
    "Parquet",
    r"magic bytes|too small to be a Parquet|decompression|TProtocol|thrift|Parquet magic": "it is no whole Parquet "
    "file; write it anew, or copy it again",
    r"not a valid DuckDB database|Corrupt database|computed checksum": "it is no whole DuckDB database; write it anew, "
    "or copy it again",
    r"database file with version": "it was written by another version of DuckDB; export the table as Parquet",
    r"No files found|No such file|does not exist": "it is no longer there; put it back",
    r"Out of Memory|could not allocate|OutOfMemory": "this machine has not enough memory for it; close "
    "other programs, or leave out columns and lines that are not needed",
    r"No space left|temporary directory": "there is no space left for temporary files; free some in the folder that "
    "TMPDIR names",
    r"(?:string|value) ['\"](.*?)['\"].*(?:source column|column) \"?(\w+)": "column {1!r} holds {0!r}, which is not of "
    "the column's type; mend that cell",
    r"": "it cannot be read to its end; write it anew, or convert it to Parquet",
}


def unusable(path: Path, why: str) -> UnusableFileError:
    """The error of a file that cannot be analysed at all."""
    return UnusableFileError(f"{shown(path)} cannot be used as transactions:", [f"{path.name}: {why}."])


@contextmanager
def engine_sentences(path: Path) -> Iterator[None]:
    """An engine's error about this file as UnusableFileError: the line or column where it says one, and what to do."""
    try:
        yield
    except CrmResearchError:
        raise
    except Exception as problem:
        if type(problem).__module__.split(".")[0] not in _ENGINES:
            raise
        told = engine_sentence(str(problem))
        # what no pattern knows may be a mistake of ours: who looks for it finds the engine's words behind the sentence
        raise unusable(path, told) from (problem if told == _OF_A_FILE[""] else None)


def engine_sentence(text: str) -> str:
    """What an engine says, in words of ours: its own are of settings and queries that the reader never wrote."""
    if line := _LINE.search(text):
        return f"line {line[1]}, {line[2][:100]!r}: {_told(text[line.end() :].split('Possible ')[0], _OF_A_LINE)}"
    return _told(text, _OF_A_FILE)


def _told(text: str, known: dict[str, str]) -> str:
    for pattern, sentence in known.items():
        if found := re.search(pattern, text, re.IGNORECASE | re.DOTALL):
            return sentence.format(*found.groups())
    raise AssertionError("the last pattern fits every text")
