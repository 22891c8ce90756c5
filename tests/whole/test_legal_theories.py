"""Theories that are legal and unusual make a report: no predictor, no step, one construct in two roles, no loyalty."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from notebook_cells import run_cells

from crmresearch.errors import SpecificationError

ITEMS = {
    "quality": ["q 1", "q-2", "q'3"],
    "satisfaction": ["s/1", "s:2", 's"3'],
    "loyalty": ["loyalty", "l#2", "l%3"],
}
BETWEEN = [("quality", "satisfaction"), ("quality", "loyalty"), ("satisfaction", "loyalty")]


def survey(folder: Path) -> None:
    rng = np.random.default_rng(1)
    q = rng.normal(size=200)
    s = 0.6 * q + 0.8 * rng.normal(size=200)
    of = {"quality": q, "satisfaction": s, "loyalty": 0.3 * q + 0.4 * s + 0.8 * rng.normal(size=200)}
    answers = {
        item: (5.5 + 1.6 * (of[key] + 0.7 * rng.normal(size=200))).clip(1, 10).round().astype(int)
        for key, items in ITEMS.items()
        for item in items
    }
    folder.mkdir()
    pd.DataFrame(answers).to_csv(folder / "answers.csv", index=False)
    book = {
        "key": "odd", "title": {"en": "Odd names"}, "about": {"en": "Invented."}, "file": "answers.csv",
        "committed": False, "items": {name: {"text": {"en": name}, "min": 1, "max": 10} for name in answers},
        "constructs": ITEMS,
    }  # fmt: skip
    (folder / "codebook.yaml").write_text(yaml.safe_dump(book, allow_unicode=True), encoding="utf-8")


THEORIES = {
    "no predictor": ({"satisfaction", "loyalty"}, BETWEEN[2:], {}, "goes with loyalty directly"),
    "no step": ({*ITEMS}, BETWEEN[:2], {}, "has no direct path from satisfaction to loyalty"),
    "both roles": ({"quality", "satisfaction"}, BETWEEN[:1], {"loyalty": "satisfaction"}, "ends with satisfaction"),
    "no loyalty": ({"quality", "satisfaction"}, BETWEEN[:1], {}, "ends with satisfaction"),
    "odd names": ({*ITEMS}, BETWEEN, {}, "goes with loyalty directly"),
}


@pytest.mark.parametrize("notebook", ["satisfaction_index", "survey_segmentation"])
@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=[] if name == "odd names" else pytest.mark.long) for name in THEORIES]
)
def test_a_legal_theory_makes_a_report(tmp_path: Path, name: str, notebook: str) -> None:
    constructs, paths, roles, told = THEORIES[name]
    if notebook == "survey_segmentation" and name in ("no predictor", "odd names"):
        pytest.skip("segments are made of what leads to satisfaction; odd names are read alike")
    survey(tmp_path / "odd")
    theory = {
        "key": "mine", "title": {"en": "Mine"}, "about": {"en": "Mine."}, "citation": "Unpublished", **roles,
        "constructs": {
            key: {"label": {"en": key.capitalize()}, "definition": {"en": key}} for key in ITEMS if key in constructs
        },
        "paths": [{"from": a, "to": b} for a, b in paths],
    }  # fmt: skip
    (tmp_path / "mine.yaml").write_text(yaml.safe_dump(theory, sort_keys=False), encoding="utf-8")
    few = {"resamples": 100} | ({"refits": 4, "starts": 2, "classes_most": 2} if "segm" in notebook else {})
    names = run_cells(notebook, {"dataset": str(tmp_path / "odd"), "theory": str(tmp_path / "mine.yaml"), **few})
    if notebook == "satisfaction_index":
        assert told in " ".join(names["shown"])


@pytest.mark.parametrize("constructs", [ITEMS, {}], ids=["constructs", "items"])
def test_segments_need_no_theory(tmp_path: Path, constructs: dict[str, list[str]]) -> None:
    """Without a theory segments are made of the constructs of the codebook, or of all items."""
    survey(tmp_path / "odd")
    codebook = tmp_path / "odd" / "codebook.yaml"
    book = yaml.safe_load(codebook.read_text(encoding="utf-8"))
    codebook.write_text(yaml.safe_dump({**book, "constructs": constructs}, allow_unicode=True), encoding="utf-8")
    few = {"refits": 4, "starts": 2, "classes_most": 2}
    names = run_cells("survey_segmentation", {"dataset": str(tmp_path / "odd"), "theory": None, **few})
    assert names["models"] is None
    assert names["constructs"] == (constructs or {item: [item] for items in ITEMS.values() for item in items})
    shown = "\n".join(names["shown"])
    assert "No theory was named" in shown
    assert "How satisfied and loyal each segment is" not in shown
    assert "What sets each segment apart" in shown
    one = {"dataset": str(tmp_path / "odd"), "theory": None, **few, "benefits": ["nothing"]}
    with pytest.raises(SpecificationError, match="the codebook has no construct 'nothing'"):
        run_cells("survey_segmentation", one)
