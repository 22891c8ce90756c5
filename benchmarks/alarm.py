"""How often the drift alarm is raised in simulated worlds whose customers change by a known factor, or do not.

    python benchmarks/alarm.py [worlds] [customers]      default: 40 1500

A world is a cohort that buys as BG/NBD says and spends as Gamma–Gamma says (the one of the tests); after the first
cut-off its customers buy `faster` times as often. The RFM eight classes are monitored over two steps of 91 days.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests" / "segmentation" / "monitoring"))

from test_ageing import FIRST, customers
from threadpoolctl import threadpool_limits

from crmresearch.segmentation.methods.rfm_classes import RfmEight
from crmresearch.segmentation.monitoring.ageing import expected_ageing


def main() -> None:
    """Print the table."""
    given = [int(float(text)) for text in sys.argv[1:]]
    worlds, size = [*given, *(40, 1500)[len(given) :]]
    print("| customers | as often as before, times | worlds | alarm raised | unexplained PSI, least to most |")
    print("|---|---|---|---|---|", flush=True)
    for faster in (1.0, 3.0, 1 / 3, 0.75, 1.25):
        raised, unexplained = 0, []
        for seed in range(1, worlds + 1):
            world = customers(size, seed, faster)
            with threadpool_limits(1):
                last = expected_ageing(world, RfmEight("mean").fit(world[FIRST]), 60, seed).drift.iloc[-1]
            raised += bool(last["alarm"])
            unexplained.append(last["unexplained"])
        low, high = min(unexplained), max(unexplained)
        print(f"| {size:,} | {faster:.2f} | {worlds} | {raised} | {low:.3f} to {high:.3f} |", flush=True)


if __name__ == "__main__":
    main()
