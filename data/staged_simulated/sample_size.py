"""How many respondents the staged-factor questionnaire needs: makes sample_size.csv, which questionnaire.md shows.

    python data/staged_simulated/sample_size.py [replications]

Two populations, so that every path but those of the factors, of which there are enough for both, is small in one and
medium in the other.
"""

import sys
from pathlib import Path

import pandas as pd

from crmresearch.data.survey.codebook import read_codebook
from crmresearch.models.specification import Specification, bind
from crmresearch.models.theory import load_theory
from crmresearch.sem.power import Population, power_over_n

HERE = Path(__file__).parent
SMALL, MEDIUM = 0.1, 0.3
SIZES = (60, 100, 160, 250, 400, 650, 1000, 1600)
MEDIUM_FACTORS = ("quality_stability", "service_quality")
SMALL_FACTORS = ("brand", "price_stability", "staff", "trust", "word_of_mouth")  # the other six have no effect
COMPLAINERS = 0.15


def populations() -> list[Population]:
    """What is true: of the factors two are medium and five small; the paths around loyalty change places."""
    factors = {(key, "satisfaction"): MEDIUM for key in MEDIUM_FACTORS}
    factors |= {(key, "satisfaction"): SMALL for key in SMALL_FACTORS}
    made = []
    for first, second in ((MEDIUM, SMALL), (SMALL, MEDIUM)):
        paths = factors | {
            ("satisfaction", "loyalty"): first,
            ("satisfaction", "complaints"): -first,
            ("complaint_handling", "loyalty"): second,
            ("switching_cost", "loyalty"): second,
            ("competitor_comparison", "loyalty"): first,
        }
        moderations = {("satisfaction", "switching_cost", "loyalty"): second}
        made.append(Population(paths, moderations, incidence={"complaints": COMPLAINERS}))
    return made


def staged() -> Specification:
    """The first-order form on all items of the questionnaire."""
    return bind(load_theory("staged"), read_codebook(HERE))


def sample_sizes(replications: int) -> pd.DataFrame:
    """The table: kind of path, effect, estimator, n for 80% and for 90% power with their Monte-Carlo errors.

    Where the effect is 0, `false_alarms` is the share of paths found all the same at the largest size instead.
    """
    specification = staged()
    drawn = [power_over_n(specification, one, SIZES, replications=replications) for one in populations()]
    power = pd.concat(drawn)
    power.to_csv(HERE / "power.csv", index=False, float_format="%.4g")
    return power


if __name__ == "__main__":
    sample_sizes(int(sys.argv[1]) if len(sys.argv) > 1 else 300)
