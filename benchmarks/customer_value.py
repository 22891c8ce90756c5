"""Time and memory of the reports on customers, stage by stage, as customers become more: a process a size.

    python benchmarks/customer_value.py [customer_value | customer_today] [customers ...]

By default customer_value of 1e5; the aim, five minutes and 3 GB, is stated for 2e6.

A simulated shop as one Parquet file with its codebook: customers first buy on a day of one year, buy again as BG/NBD
and spend as Gamma-Gamma say, and are watched for 39 weeks more. The statements of the notebook are run one after the
other in one process, tables and figures written as in a rendered report; each belongs to the stage whose function it
calls (`STAGES`). Seconds by the clock, processor seconds of all cores, and the peak memory of the process up to the end
of the stage. Last the whole `crmresearch report` of the same shop, which also starts a kernel, writes workbook and
document and makes the page; its memory is that of the kernel, the largest process.
"""

import ast
import io
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from contextlib import redirect_stdout
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
STAGES = {
    "load_transactions": "load",
    "customer_table": "customer table",
    "purchase_rhythm": "customer table",
    "forecast_customers": "fits and forecast",
    "customer_outlook": "fits and forecast",
    "back_checks": "back check",
    "fit_methods": "segments",
    "evaluate_segmentations": "scores",
    "value_intervals": "value intervals",
    "customer_list": "customer list",
    "write_table": "tables written",
    "told_methods": "segment tables",
    "show_figure": "figures",
    "findings": "sentences and tables",
}
CODEBOOK = """\
kind: transactions
key: shop
title: {en: A simulated shop}
about: {en: Simulated.}
file: purchases.parquet
committed: false
how_to_get: generated
source: generated
citation: none
licence: none
columns: {customer: customer, time: time, amount: amount}
currency: EUR
last_day: "2024-09-29"
rules: {returns: net, duplicates: keep}
"""
PARAMETERS = {
    "customer_value": {"dataset": "shop", "cutoff": "2023-12-31", "holdout_end": "2024-09-29"},
    "customer_today": {"dataset": "shop"},
}


def generate(folder: Path, customers: int) -> None:
    """Codebook and purchases: BG/NBD (.25, 4.4 weeks, .8, 2.4) and Gamma-Gamma (6.25, 3.74, 15.4), as of CDNOW."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.parquet as pq

    folder.mkdir()
    (folder / "codebook.yaml").write_text(CODEBOOK, encoding="utf-8")
    rng = np.random.default_rng(1)
    who, end = np.arange(customers), 365 + 273
    when = rng.integers(0, 365, customers).astype(float)
    rate, dropout = rng.gamma(0.25, 1 / 4.4, customers) / 7, rng.beta(0.8, 2.4, customers)
    scale = rng.gamma(3.74, size=customers) / 15.4
    parts = []
    while len(who):
        parts.append((who, when.astype("int32"), np.round(rng.gamma(6.25, size=len(who)) / scale[who], 2)))
        when = when + rng.exponential(1 / np.maximum(rate[who], 1e-12))
        stays = (when < end) & (rng.random(len(who)) >= np.where(len(parts) > 1, dropout[who], 0))
        who, when = who[stays], when[stays]
    who, when, amount = (np.concatenate(columns) for columns in zip(*parts, strict=True))
    days = (np.datetime64("2023-01-01") + when).astype("datetime64[us]")
    pq.write_table(pa.table({"customer": who, "time": days, "amount": amount}), folder / "purchases.parquet")


def measure(folder: Path, notebook: str) -> None:
    """Run the statements of a notebook in this process; a line of JSON after each change of stage."""
    from IPython.core.interactiveshell import InteractiveShell

    os.chdir(folder)
    shell, quiet = InteractiveShell.instance(), io.StringIO()
    start, began, values = time.perf_counter(), time.process_time(), shell.user_ns
    for cell in json.loads((ROOT / "notebooks" / f"{notebook}.ipynb").read_text(encoding="utf-8"))["cells"]:
        if cell["cell_type"] != "code":
            continue
        for statement in ast.parse("".join(cell["source"])).body:
            called = [getattr(node, "id", getattr(node, "attr", "")) for node in ast.walk(statement)]
            named = next((STAGES[name] for name in called if name in STAGES), None)
            if isinstance(statement, ast.ImportFrom | ast.Import):
                named = "imports"
            before = time.perf_counter(), time.process_time()
            with redirect_stdout(quiet):
                if isinstance(statement, ast.Expr):
                    value = eval(compile(ast.Expression(statement.value), "cell", "eval"), values)
                    shell.display_formatter.format(value)
                else:
                    exec(compile(ast.Module([statement], []), "cell", "exec"), values)
            if "parameters" in cell["metadata"].get("tags", ()):
                values.update(PARAMETERS[notebook])
            spent = time.perf_counter() - before[0], time.process_time() - before[1]
            memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2
            told = {"stage": named or "sentences and tables", "seconds": spent[0], "processor": spent[1]}
            print(json.dumps({**told, "gigabytes": memory}), flush=True)
    kernel = {"stage": "together", "seconds": time.perf_counter() - start, "processor": time.process_time() - began}
    print(json.dumps({**kernel, "gigabytes": memory}), flush=True)


def main() -> None:
    """Print a table for each number of customers."""
    notebook = next((text for text in sys.argv[1:] if text in PARAMETERS), "customer_value")
    for customers in [int(float(text)) for text in sys.argv[1:] if text not in PARAMETERS] or [10**5]:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            generate_apart(folder / "shop", customers)
            print(
                f"\n{customers:,} customers\n\n| stage | seconds | processor, s | peak memory, GB |\n|---|---|---|---|"
            )
            spent, report = {}, folder / "report"
            environment = {**os.environ, "CRMRESEARCH_DATA": str(folder), "CRMRESEARCH_REPORT_FOLDER": str(report)}
            environment |= dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")
            command = [sys.executable, __file__, "--measure", name, notebook]
            with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as process:
                for line in process.stdout or ():
                    found = json.loads(line)
                    seconds, processor, _ = spent.get(found["stage"], (0, 0, 0))
                    total = seconds + found["seconds"], processor + found["processor"], found["gigabytes"]
                    spent[found["stage"]] = total
                    if found["seconds"] > 10:
                        print(f"… {found['stage']}: {total[0]:.1f} s, {total[2]:.2f} GB", file=sys.stderr, flush=True)
            whole = time.perf_counter()
            parameters = folder / f"{notebook}-shop.yaml"
            written = {"title": {"en": "Shop"}, "group": {"en": "Shops"}, "parameters": PARAMETERS[notebook]}
            parameters.write_text(json.dumps({"notebook": notebook, **written}), encoding="utf-8")
            environment.pop("CRMRESEARCH_REPORT_FOLDER")
            command = [sys.executable, "-m", "crmresearch", "report", str(parameters), "--out", str(folder / "out")]
            subprocess.run(command, env=environment, check=True, capture_output=True)
            memory = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024**2
            for stage, (seconds, processor, gigabytes) in spent.items():
                print(f"| {stage} | {seconds:.1f} | {processor:.1f} | {gigabytes:.2f} |")
            print(f"| the report from the command line | {time.perf_counter() - whole:.1f} | | {memory:.2f} |")
            files = [path for path in (folder / "out").rglob("*") if path.is_file() and path.stat().st_size > 2**20]
            sizes = (f"{path.name} {path.stat().st_size / 1e6:.1f} MB" for path in sorted(files))
            print(f"\nFiles of more than a megabyte: {', '.join(sizes)}", flush=True)


def generate_apart(folder: Path, customers: int) -> None:
    """The shop made in a process of its own, so that this one stays small."""
    subprocess.run([sys.executable, __file__, "--generate", str(folder), str(customers)], check=True)


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["--generate", folder, customers]:
            generate(Path(folder), int(customers))
        case ["--measure", folder, notebook]:
            measure(Path(folder), notebook)
        case _:
            main()
