"""One strict reader of YAML: what plain YAML turns into something else than it shows is a mistake everywhere."""

from pathlib import Path

import pytest
import yaml

from crmresearch.data.dataset import read_dataset
from crmresearch.data.survey.codebook import Codebook
from crmresearch.errors import CodebookError, CrmResearchError, ParameterError, TheoryError
from crmresearch.models.theory import load_theory
from crmresearch.paths import PARAMETERS, THEORIES
from crmresearch.report.make.parameters import load_report
from crmresearch.segmentation.contract import SegmentationError
from crmresearch.segmentation.methods.own_rules import read_rules

SURPRISES = {
    "0100": 64,
    "1:30": 90,
    "0x10": 16,
    "0b11": 3,
    "1_000": 1000,
    "-017": -15,
    "12:30:45": 45045,
}
CAFE = (Path(__file__).parent / "cafe" / "codebook.yaml").read_text(encoding="utf-8").replace("\nmissing_codes:", "\n#")
RULES = """\
key: own
definition: {en: Own}
rules:
  - {segment: big, label: {en: Big}, when: {monetary_total: {min: 100}}}
"""


def codebook(path: Path, value: str) -> None:
    (path / "codebook.yaml").write_text(f"{CAFE}\nmissing_codes: [{value}]\n", encoding="utf-8")
    read_dataset(path, Codebook)


def theory(path: Path, value: str) -> None:
    text = (THEORIES / "scsb.yaml").read_text(encoding="utf-8")
    (path / "own.yaml").write_text(f"{text}\nnote: {value}\n", encoding="utf-8")
    load_theory(str(path / "own.yaml"))


def parameters(path: Path, value: str) -> None:
    text = (PARAMETERS / "customer-value-cdnow.yaml").read_text(encoding="utf-8")
    (path / "own.yaml").write_text(f"{text}  seed: {value}\n", encoding="utf-8")
    load_report(str(path / "own.yaml"))


def rules(path: Path, value: str) -> None:
    (path / "own.yaml").write_text(RULES.replace("100", value), encoding="utf-8")
    read_rules(path / "own.yaml")


@pytest.mark.parametrize(
    ("read", "error"),
    [(codebook, CodebookError), (theory, TheoryError), (parameters, ParameterError), (rules, SegmentationError)],
)
def test_a_number_that_yaml_reads_as_another_is_refused(tmp_path, read, error):
    for written, taken in SURPRISES.items():
        assert yaml.safe_load(written) == taken, "what plain YAML makes of it"
        with pytest.raises(error, match=rf", line \d+: {written} is not read as written .* '{written}' in quotes"):
            read(tmp_path, written)


@pytest.mark.parametrize("word", ["yes", "no", "on", "off", "Yes", "NO"])
def test_a_word_that_yaml_takes_for_a_truth_value_stays_a_word_and_is_no_truth_value(tmp_path, word):
    text = CAFE.replace("committed: false", f"committed: {word}")
    (tmp_path / "codebook.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(CrmResearchError, match=rf"committed: must be true or false; it is '{word}'"):
        read_dataset(tmp_path, Codebook)
    (tmp_path / "codebook.yaml").write_text(f"{CAFE}\nmissing_codes: [{word}]\n", encoding="utf-8")
    assert read_dataset(tmp_path, Codebook).missing_codes == (word,)


def test_quotes_keep_what_is_written(tmp_path):
    (tmp_path / "codebook.yaml").write_text(f"{CAFE}\nmissing_codes: ['0100', '1:30', 90, -9.5]\n", encoding="utf-8")
    assert read_dataset(tmp_path, Codebook).missing_codes == ("0100", "1:30", 90.0, -9.5)
