"""The table of faults names tests that there are."""

import re
from pathlib import Path

FOLDER = Path(__file__).parent
ROWS = [line for line in (FOLDER / "README.md").read_text(encoding="utf-8").splitlines() if line.startswith("| ")]


def test_every_fault_is_held_by_tests_that_there_are() -> None:
    for row in ROWS:
        parts = re.split(r"\[`test_\w+`\]\(([\w./]+)\)", row)[1:]
        assert parts or row == "| fault | held by |", row
        for file, named in zip(parts[::2], parts[1::2], strict=True):
            text = (FOLDER / file).read_text(encoding="utf-8")
            tests = re.findall(r"`(test_\w+)`", named)
            assert tests, row
            assert [test for test in tests if f"\ndef {test}(" not in text] == [], file
