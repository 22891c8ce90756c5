"""Every file that names the supported Pythons says what pyproject.toml says, which is the one source."""

import re
import tomllib
from typing import Any

import pytest
import yaml

from crmresearch import paths

ROOT = paths.PACKAGE.parents[1]


@pytest.fixture(scope="module")
def pyproject() -> dict[str, Any]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def supported(pyproject: dict[str, Any]) -> list[tuple[int, int]]:
    """Supported minor versions, from `>=3.a,<3.b`."""
    bounds = re.fullmatch(r">=3\.(\d+),<3\.(\d+)", pyproject["project"]["requires-python"])
    assert bounds
    return [(3, minor) for minor in range(int(bounds[1]), int(bounds[2]))]


def test_conda_environment_is_this_package_on_a_supported_python(pyproject: dict[str, Any]) -> None:
    environment = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))
    python = f"python {pyproject['project']['requires-python']}"
    assert environment["dependencies"] == [python, "pip", {"pip": ["-e .[lab]"]}]
    assert environment["name"] == pyproject["project"]["name"]


def test_ci_runs_on_every_supported_python(supported: list[tuple[int, int]]) -> None:
    workflow = yaml.safe_load((ROOT / ".github" / "workflows" / "ci.yml").read_text(encoding="utf-8"))
    assert workflow["jobs"]["test"]["strategy"]["matrix"]["python"] == [f"{a}.{b}" for a, b in supported]


def test_make_takes_the_supported_pythons_only(supported: list[tuple[int, int]]) -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    (first_major, first), (last_major, last) = supported[0], supported[-1]
    assert f"not ({first_major}, {first}) <= sys.version_info < ({last_major}, {last + 1})" in makefile
    names = [f"{a}.{b}" for a, b in supported]
    assert f"needs Python {', '.join(names[:-1])} or {names[-1]}," in makefile


def test_types_and_style_are_checked_for_the_oldest_python(
    pyproject: dict[str, Any], supported: list[tuple[int, int]]
) -> None:
    assert pyproject["tool"]["mypy"]["python_version"] == "{}.{}".format(*supported[0])
    assert "target-version" not in pyproject["tool"]["ruff"]  # ruff reads requires-python


def test_the_lock_file_is_for_the_same_pythons(supported: list[tuple[int, int]]) -> None:
    lock = tomllib.loads((ROOT / "uv.lock").read_text(encoding="utf-8"))
    (_, first), (_, last) = supported[0], supported[-1]
    assert lock["requires-python"] == f">=3.{first}, <3.{last + 1}"
