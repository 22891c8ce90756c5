"""Transactions that come with an installed Python package: where its files are, and how they are put together."""

import sysconfig
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import ibis.expr.types as ir

from crmresearch.data.transactions.codebook import Package, TransactionsCodebook
from crmresearch.data.transactions.engine_errors import unusable
from crmresearch.data.transactions.files import check_columns, read_parquet, wanted_columns


def package_folder(package: Package) -> Path:
    """The folder of the data files: where the package is, or where installing it here would put it.

    The package is looked for and not imported: its code never runs.
    """
    spec = find_spec(package.module)
    places = list(spec.submodule_search_locations or []) if spec else []
    module = Path(places[0]) if places else Path(sysconfig.get_path("purelib")) / package.module
    return module / package.folder


def open_package_lines(connection: Any, codebook: TransactionsCodebook, path: Path) -> ir.Table:
    """The lines of `path` with the columns that the codebook joins and sums, as a table of the connection.

    A line without a row in a joined file stays, its new columns missing. Raises DataError when a column is not there
    or a joined file has two rows for one line, which would count purchases twice.
    """
    package = codebook.package
    assert package is not None
    lines = read_parquet(connection, path)
    for join in package.joins:
        file = path.parent / join.file
        check_columns({join.on: "package.joins"}, list(lines.columns), path)
        other = read_parquet(connection, file)
        check_columns(dict.fromkeys([join.on, *join.columns], "package.joins"), list(other.columns), file)
        other = other.select(join.on, *join.columns)
        if twice := int((other.count() - other[join.on].nunique()).execute()):
            raise unusable(
                file, f"{twice:,} of its rows repeat a value of {join.on!r} or have none; one row each is needed"
            )
        lines = lines.left_join(other, join.on).drop(f"{join.on}_right")
    for name, parts in package.sums.items():
        check_columns(dict.fromkeys(parts, "package.sums"), list(lines.columns), path)
        total = lines[parts[0]]
        for part in parts[1:]:
            total = total + lines[part]
        lines = lines.mutate(**{name: total})
    check_columns(wanted_columns(codebook), list(lines.columns), path)
    return lines
