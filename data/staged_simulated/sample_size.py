"""How many respondents the staged-factor questionnaire needs: makes the tables that questionnaire.md shows.

    python data/staged_simulated/sample_size.py    # about ten minutes of one processor

Two populations, in which the paths around loyalty change places, so that each is small in one and medium in the other;
of the thirteen factors some are small and some medium in both.
"""

from pathlib import Path

import numpy as np
import pandas as pd

from crmresearch.data.survey.codebook import read_codebook
from crmresearch.sem.recovery.recovery import recover
from crmresearch.sem.recovery.sample_size import respondents
from crmresearch.simulation.truth import Truth

HERE = Path(__file__).parent
SMALL, MEDIUM = 0.1, 0.3
SIZES = {100: 250, 160: 250, 400: 250, 1000: 250, 1600: 100}  # respondents: samples of each population
MEDIUM_FACTORS = ("quality_stability", "service_quality")
SMALL_FACTORS = ("brand", "price_stability", "staff", "trust", "word_of_mouth")  # the other six have no effect
CORRELATION, RELIABILITY, COMPLAINERS = 0.3, 0.8, 0.15
NAMES = {
    ("satisfaction", "factor"): "a factor → satisfaction",
    ("loyalty", "satisfaction"): "satisfaction → loyalty",
    ("loyalty", "switching_cost"): "switching cost → loyalty",
    ("loyalty", "competitor_comparison"): "comparison with competitors → loyalty",
    ("loyalty", "complaint_handling"): "complaint handling → loyalty",
    ("complaints", "satisfaction"): "satisfaction → complaints (yes or no)",
    ("loyalty", "satisfaction:switching_cost"): "switching cost moderates satisfaction → loyalty",
}


def truths() -> dict[str, Truth]:
    """The two populations: the first with the medium effect of satisfaction on loyalty, the second with the small."""
    items = read_codebook(HERE).items_of("staged")
    factors = dict.fromkeys(MEDIUM_FACTORS, MEDIUM) | dict.fromkeys(SMALL_FACTORS, SMALL)
    # α = kλ² / (1 + (k − 1)λ²), solved for the loading of k items that load alike (Spearman–Brown)
    alike = {
        key: [float(np.sqrt(RELIABILITY / (len(own) - (len(own) - 1) * RELIABILITY)))] * len(own)
        for key, own in items.items()
        if len(own) > 1
    }
    made = {}
    for name, first, second in (("first", MEDIUM, SMALL), ("second", SMALL, MEDIUM)):
        made[name] = Truth(
            theory="staged",
            items=items,
            loadings=alike,
            correlation=CORRELATION,
            paths={
                "satisfaction": factors,
                "complaints": {"satisfaction": -first},
                "loyalty": {
                    "satisfaction": first,
                    "complaint_handling": second,
                    "switching_cost": second,
                    "competitor_comparison": first,
                },
            },
            moderations={"loyalty": {"satisfaction:switching_cost": second}},
            answers_of={"complaints": {"min": 0, "max": 1, "mean": COMPLAINERS}},
        )
    return made


def table(rates: pd.DataFrame) -> pd.DataFrame:
    """Kind of path, effect, and n for 80% and 90% power ± Monte-Carlo standard error, by PLS and PLSc."""
    # the factors are the same in both populations, and the samples of one are drawn as those of the other
    rates = rates[(rates["outcome"] != "satisfaction") | (rates["scenario"] == "first")]
    kind = rates["predictor"].where(rates["outcome"] != "satisfaction", "factor")
    rows = []
    for (outcome, predictor), name in NAMES.items():
        for effect in (SMALL, MEDIUM):
            row = {"path": name, "effect": f"{effect:.2f}"}
            same = (rates["outcome"] == outcome) & (kind == predictor) & np.isclose(rates["true"].abs(), effect)
            for estimator, label in (("pls", "PLS"), ("plsc", "PLSc")):
                for power, n, error in respondents(rates[same & (rates["estimator"] == estimator)]).to_numpy():
                    row[f"{label} {power:.0%}"] = _size(n, error, rates["n"])
            rows.append(row)
    return pd.DataFrame(rows)


def _size(n: float, error: float, simulated: pd.Series) -> str:
    """A size with its error; none is read off outside the sizes that were simulated."""
    least, most = simulated.min(), simulated.max()
    if not np.isfinite(n):
        return "–"
    return f"> {most:,}" if n > most else f"< {least:,}" if n < least else f"{n:,.0f} ± {error:.0f}"


def false_alarms(rates: pd.DataFrame) -> pd.DataFrame:
    """How often an effect of zero is found, by size of the sample: of six factors, and of a moderation."""
    none = rates[np.isclose(rates["true"], 0)]
    of_factors = (none["outcome"] == "satisfaction") & (none["scenario"] == "first")
    rows = []
    for n in sorted(set(none["n"])):
        row = {"respondents": f"{n:,}"}
        for name, of_kind in (("factor", of_factors), ("moderation", none["predictor"].str.contains(":"))):
            for estimator, label in (("pls", "PLS"), ("plsc", "PLSc")):
                same = none[of_kind & (none["n"] == n) & (none["estimator"] == estimator)]
                share, samples = np.average(same["rejected"], weights=same["samples"]), same["samples"].sum()
                error = np.sqrt(share * (1 - share) / samples)
                row[f"{name}, {label}"] = f"{share:.1%} ± {error:.1%}"
        rows.append(row)
    return pd.DataFrame(rows)


def rates(n: int, samples: int) -> pd.DataFrame:
    """What is found in so many samples of n respondents."""
    made = truths()
    return recover(made, {key: [n] for key in made}, replications=samples, resamples=119).rates


def write(found: pd.DataFrame) -> None:
    """The rates (power.csv), the sizes (sample_size.csv) and the false alarms (false_alarms.csv)."""
    kept = ["scenario", "n", "estimator", "outcome", "predictor", "true", "rejected", "samples"]
    found[kept].sort_values(kept[:5]).round({"true": 6}).to_csv(HERE / "power.csv", index=False, float_format="%.6g")
    table(found).to_csv(HERE / "sample_size.csv", index=False)
    false_alarms(found).to_csv(HERE / "false_alarms.csv", index=False)


if __name__ == "__main__":
    write(pd.concat([rates(n, samples) for n, samples in SIZES.items()]))
