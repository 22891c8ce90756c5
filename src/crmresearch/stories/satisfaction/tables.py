"""The reader's view of an estimate: few columns, names instead of keys, one row a thought.

The machine's view, in keys and full precision, are the frames of the estimate itself.
"""

import numpy as np
import pandas as pd

from crmresearch.sem.pls import measurement
from crmresearch.stories.satisfaction.covariance import CovarianceStory
from crmresearch.stories.satisfaction.story import SatisfactionStory, verdict_of


def items(story: SatisfactionStory) -> pd.DataFrame:
    """Every item of the model: construct, item, question, mean, sd, missing answers."""
    survey, spec = story.survey, story.estimate.specification
    answers = survey.items[spec.items]
    return pd.DataFrame(
        {
            "construct": [story.label(c.key) for c in spec.constructs for _ in c.items],
            "item": spec.items,
            "question": [story.text(survey.codebook.items[item].text) for item in spec.items],
            "mean": answers.mean().to_numpy(),
            "sd": answers.std().to_numpy(),
            "missing": answers.isna().sum().to_numpy(),
        }
    )


def reliability(story: SatisfactionStory) -> pd.DataFrame:
    """Reliability of every construct: items, alpha, rho_A, rho_C, AVE."""
    table = measurement.reliability(story.estimate)
    table["construct"] = [story.label(key) for key in table.construct]
    return table[["construct", "items", "alpha", "rho_a", "rho_c", "ave"]]


def loadings(story: SatisfactionStory) -> pd.DataFrame:
    """Loading of every item with interval, and the loading corrected for unreliability."""
    loadings = story.estimate.loadings
    plsc = loadings[loadings.estimator == "plsc"]
    view = _items_with_interval(story, loadings[loadings.estimator == "pls"])
    return view.assign(plsc=plsc["estimate"].to_numpy()) if len(plsc) else view


def weights(story: SatisfactionStory) -> pd.DataFrame:
    """Weight of every item with interval and p."""
    weights = story.estimate.weights
    return _items_with_interval(story, weights).assign(p_value=weights["p_value"].to_numpy())


def _items_with_interval(story: SatisfactionStory, frame: pd.DataFrame) -> pd.DataFrame:
    view = frame[["construct", "item", "estimate", "ci_lower", "ci_upper"]].reset_index(drop=True)
    view["construct"] = [story.label(key) for key in view.construct]
    return view


def htmt(story: SatisfactionStory) -> pd.DataFrame:
    """HTMT of every pair of constructs as a lower triangle, constructs in rows and columns."""
    pairs = story.estimate.table("htmt")
    keys = story.estimate.specification.keys
    square = pairs.pivot(index="construct", columns="other", values="estimate")
    square = square.reindex(index=keys[1:], columns=keys[:-1])
    return square.rename(index=story.label, columns=story.label).rename_axis(index="construct", columns=None)


def cross_loadings(story: SatisfactionStory) -> pd.DataFrame:
    """Correlation of every item with every construct."""
    cross = story.estimate.cross_loadings
    return cross.rename(columns=story.label).rename_axis(index="item")


def paths(story: SatisfactionStory, covariance: CovarianceStory) -> pd.DataFrame:
    """Every path by every estimator, a row each: unstandardised, standardised, SE, interval, p and verdict.

    Composites have no units, so PLS has standardised estimates only; SE, interval and p of CB-SEM are those of its
    unstandardised estimate.
    """
    signs = {(p.predictor, p.outcome): (p.hypothesis, p.sign) for p in story.estimate.specification.paths}
    tables = {e: story.estimate.paths[story.estimate.paths.estimator == e] for e in story.estimate.estimators}
    if covariance.estimate is not None:
        tables["cbsem"] = covariance.estimate.paths
    by_pair = {e: table.set_index(["predictor", "outcome"]) for e, table in tables.items()}
    rows = []
    for pair in by_pair["pls"].index:
        hypothesis, sign = signs.get(pair, ("", "open"))
        expected = story.say(f"word.{sign}")
        name = f"{hypothesis} {story.label(pair[0])} → {story.label(pair[1])} ({expected})".strip()
        for estimator, table in by_pair.items():
            if pair not in table.index:
                continue
            row = table.loc[pair]
            rows.append(
                {
                    "path": name,
                    "estimator": story.say(f"word.{estimator}"),
                    "unstandardised": row.estimate if estimator == "cbsem" else np.nan,
                    "standardized": row.standardized,
                    "se": row.se,
                    "ci_lower": row.ci_lower,
                    "ci_upper": row.ci_upper,
                    "p_value": row.p_value,
                    "verdict": story.say(f"word.{verdict_of(sign, row.ci_lower, row.ci_upper)}"),
                }
            )
    return pd.DataFrame(rows)


def fit(covariance: CovarianceStory) -> pd.DataFrame:
    """The measures of fit by name, with robust values where they were asked for."""
    view = covariance.fit.copy()
    counts = view["measure"].isin(["n", "npar", "df", "baseline_df"])
    view["value"] = pd.Series(
        [int(v) if count else v for v, count in zip(covariance.fit["value"], counts, strict=True)], dtype=object
    )
    view["measure"] = [covariance.story.say(f"measure.{key}") for key in view.measure]
    return view


def cb_paths(covariance: CovarianceStory) -> pd.DataFrame:
    """Bootstrap intervals of the paths of the covariance structure."""
    story, table = covariance.story, covariance.bootstrap_table()
    names = [f"{story.label(row.predictor)} → {story.label(row.outcome)}" for row in table.itertuples()]
    columns = ["estimate", "ci_lower", "ci_upper", "admissible_lower", "admissible_upper", "standardized_lower",
               "standardized_upper"]  # fmt: skip
    return pd.concat([pd.DataFrame({"path": names}), table.reindex(columns=columns)], axis=1)


def r_squared(story: SatisfactionStory) -> pd.DataFrame:
    """R² of every outcome: PLS with interval, adjusted, PLSc, and the largest VIF of its predictors."""
    r2 = story.estimate.r_squared
    frame = r2[r2.estimator == "pls"].reset_index(drop=True)
    vif = measurement.collinearity(story.estimate).groupby("outcome")["vif"].max()
    view = pd.DataFrame(
        {
            "outcome": [story.label(key) for key in frame.outcome],
            "r_squared": frame["estimate"],
            "ci_lower": frame["ci_lower"],
            "ci_upper": frame["ci_upper"],
            "adjusted": frame["adjusted"],
        }
    )
    plsc = r2[r2.estimator == "plsc"]
    if len(plsc):
        view["plsc"] = plsc["estimate"].to_numpy()
    view["largest_vif"] = [vif.get(key, np.nan) for key in frame.outcome]
    return view


def effects(story: SatisfactionStory) -> pd.DataFrame:
    """Direct, indirect and total effects (PLS) with the interval of the total."""
    effects = story.estimate.total_effects
    frame = effects[effects.estimator == "pls"].reset_index(drop=True)
    return pd.DataFrame(
        {
            "outcome": [story.label(key) for key in frame.outcome],
            "predictor": [story.label(key) for key in frame.predictor],
            "direct": frame["direct"],
            "indirect": frame["indirect"],
            "total": frame["estimate"],
            "ci_lower": frame["ci_lower"],
            "ci_upper": frame["ci_upper"],
            "p_value": frame["p_value"],
        }
    )


def index(story: SatisfactionStory) -> pd.DataFrame:
    """Index of every construct with interval."""
    frame = story.index[["construct", "estimate", "se", "ci_lower", "ci_upper"]].copy()
    frame["construct"] = [story.label(key) for key in frame.construct]
    return frame
