"""A small questionnaire in a folder of its own, to be spoilt by each test in its own way."""

from collections.abc import Callable
from pathlib import Path

import pytest

CAFE = Path(__file__).parent / "cafe"


@pytest.fixture
def cafe_folder(tmp_path: Path) -> Callable[..., Path]:
    """Write the café's codebook, with pieces of its text replaced, and its data; gives the folder."""

    def write(data: str | bytes | None = None, *replacements: tuple[str, str]) -> Path:
        folder = tmp_path / "cafe"
        folder.mkdir(exist_ok=True)
        text = (CAFE / "codebook.yaml").read_text(encoding="utf-8")
        for old, new in replacements:
            assert text.count(old) == 1, f"{old!r} must name exactly one place of the codebook"
            text = text.replace(old, new)
        (folder / "codebook.yaml").write_text(text, encoding="utf-8")
        content = (CAFE / "cafe.csv").read_bytes() if data is None else data
        (folder / "cafe.csv").write_bytes(content.encode() if isinstance(content, str) else content)
        return folder

    return write
