"""The templates for one's own customers can be used as they are, and name every key there is."""

import re
import shutil
from pathlib import Path

import pytest
import yaml

from crmresearch.data.customers import customer_table
from crmresearch.data.dataset import CODEBOOK_FILE
from crmresearch.data.transactions.codebook import Columns, TransactionsCodebook
from crmresearch.data.transactions.transactions import load_transactions
from crmresearch.paths import NOTEBOOKS, ROOT
from crmresearch.report.make.declarations import check_values, read_declarations

TEMPLATES = ROOT / "docs" / "templates"
LINES = "customer_id,purchased_at,amount\n7,2023-01-05,10\n7,2023-03-01 12:30,20\n8,2023-12-31,5\n8,2024-06-30,5\n"


def test_the_codebook_reads_a_file_as_it_is(tmp_path: Path) -> None:
    home = tmp_path / "my_shop"
    shutil.copytree(TEMPLATES / "my_shop", home)
    (home / "purchases.csv").write_text(LINES, encoding="utf-8")
    transactions = load_transactions(str(home))
    assert transactions.rows == 4
    assert list(customer_table(transactions, "2023-12-31", "2024-06-30").frame["frequency"]) == [2, 1]


def test_the_codebook_names_every_key() -> None:
    text = (TEMPLATES / "my_shop" / CODEBOOK_FILE).read_text(encoding="utf-8")
    written = set(re.findall(r"^(?:# )?(\w+):", text, re.MULTILINE))
    assert set(TransactionsCodebook.model_fields) - written == {"package"}  # data of a Python package are no template
    roles = set(re.findall(r"^  (?:# )?(\w+):", text, re.MULTILINE))
    assert roles == set(Columns.model_fields)


@pytest.mark.parametrize("path", sorted(TEMPLATES.glob("*.yaml")), ids=lambda path: path.stem)
def test_parameters_files_fit_their_notebooks(path: Path) -> None:
    file = yaml.safe_load(path.read_text(encoding="utf-8"))
    declared = read_declarations(NOTEBOOKS / f"{file['notebook']}.ipynb")
    _, problems = check_values(declared, file["parameters"])
    assert problems == []
    assert {"title", "group"} <= set(file)
