"""Time transactions → customer table on DuckDB against pandas: the same synthetic file, a process a measurement.

    python benchmarks/transactions.py [rows ...]        default: 1e6 1e7; the aim is stated for 5e7

Both sides read the same Parquet file, count copies, missing ids and times and future days, and make the same customer
table (features, recent windows, gaps, holdout); the tables are compared. `lines`: reading and counting. `table`: from
the lines to the finished data frame. `processor`: seconds of all cores together, which other work on the machine
disturbs least. Peak memory is that of the whole process, libraries included; the process that starts the others stays
small, for a child's peak begins at its parent's.
"""

import json
import os
import platform
import resource
import subprocess
import sys
import tempfile
import time
from importlib.metadata import version
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests" / "cases"))

CUTOFF, END = "2023-12-31", "2024-12-31"
CODEBOOK = """\
kind: transactions
key: synthetic
title: {en: Synthetic}
about: {en: Synthetic}
file: transactions.parquet
committed: false
how_to_get: generated
source: generated
citation: none
licence: none
columns: {customer: customer, time: time, amount: amount}
currency: EUR
last_day: "2024-12-31"
rules: {returns: net, duplicates: keep}
"""


def generate(folder: Path, rows: int) -> None:
    """rows/50 customers whose numbers of purchases are very unequal, over two years, with a few faults."""
    import duckdb

    (folder / "codebook.yaml").write_text(CODEBOOK, encoding="utf-8")
    duckdb.connect().execute(
        f"""
        set enable_progress_bar = false;
        copy (
            select
                case when hash(i) % 1000 = 0 then null
                     else ((hash(i, 1) % 1000000 / 1e6) ^ 2 * {rows // 50})::int end as customer,
                timestamp '2023-01-01' + to_seconds((hash(i, 2) % (731 * 86400))::bigint) as time,
                (hash(i, 3) % 20000)::double / 100 as amount
            from range({rows}) as numbers(i)
        ) to '{folder / "transactions.parquet"}' (format parquet)
        """
    )


def measure(side: str, folder: Path) -> None:
    """Run one side in this process and print its seconds and peak memory as JSON; keep its table beside the data."""
    if side == "duckdb":
        from crmresearch.data.customers import customer_table
        from crmresearch.data.transactions.transactions import load_transactions

        start, began = time.perf_counter(), time.process_time()
        transactions = load_transactions(str(folder))
        middle = time.perf_counter()
        table = customer_table(transactions, CUTOFF, END).frame
    else:
        import pandas as pd
        from plain_customers import plain_cleaned, plain_table

        start, began = time.perf_counter(), time.process_time()
        lines, _ = plain_cleaned(pd.read_parquet(folder / "transactions.parquet"), END)
        middle = time.perf_counter()
        table = plain_table(lines, CUTOFF, END)
    end, processor = time.perf_counter(), time.process_time() - began
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2
    seconds = {"lines": middle - start, "table": end - middle, "processor": processor}
    print(json.dumps({**seconds, "gigabytes": memory, "customers": len(table)}))
    if side == "pandas":
        table.index = table.index.astype("int64").astype(str)
        table = table.sort_index().rename_axis("customer")
    table.to_parquet(folder / f"{side}.parquet")


def compare(folder: Path) -> float:
    """The largest relative difference between the two tables."""
    import numpy as np
    import pandas as pd

    ours, theirs = (pd.read_parquet(folder / f"{side}.parquet") for side in ("duckdb", "pandas"))
    assert list(ours.index) == list(theirs.index)
    a, b = ours.to_numpy(dtype="float64"), theirs[ours.columns].to_numpy(dtype="float64")
    assert (np.isnan(a) == np.isnan(b)).all()
    return float(np.nanmax(np.abs(a - b) / np.maximum(1, np.abs(b))))


def main() -> None:
    """Print the table."""
    versions = ", ".join(f"{name} {version(name)}" for name in ("ibis-framework", "duckdb", "pandas", "pyarrow"))
    print(f"{versions}; Python {platform.python_version()}; {os.cpu_count()} cores")
    columns = ["rows", "side", "lines, s", "table, s", "together, s", "processor, s", "peak memory, GB", "customers"]
    print(f"\n| {' | '.join(columns)} | largest difference |\n{'|---' * 9}|", flush=True)
    for rows in [int(float(text)) for text in sys.argv[1:]] or [10**6, 10**7]:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name) / "synthetic"
            folder.mkdir()
            _apart("--generate", folder, str(rows))
            for side in ("duckdb", "pandas"):
                found = json.loads(_apart("--measure", folder, side))
                difference = f"{float(_apart('--compare', folder)):.1e}" if side == "pandas" else ""
                lines, table, processor = found["lines"], found["table"], found["processor"]
                print(
                    f"| {rows:,} | {side} | {lines:.1f} | {table:.1f} | {lines + table:.1f} | {processor:.1f} | "
                    f"{found['gigabytes']:.2f} | {found['customers']:,} | {difference} |",
                    flush=True,
                )


def _apart(step: str, folder: Path, *options: str) -> str:
    command = [sys.executable, __file__, step, str(folder), *options]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["--generate", folder, rows]:
            generate(Path(folder), int(rows))
        case ["--measure", folder, side]:
            measure(side, Path(folder))
        case ["--compare", folder]:
            print(compare(Path(folder)))
        case _:
            main()
