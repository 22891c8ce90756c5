"""The reader's view of an estimate: few columns, names instead of keys, one row a thought.

The machine's view, in keys and full precision, are the frames of the estimate itself.
"""

from functools import partial

import pandas as pd

from crmresearch.data.survey.weights import means_and_deviations
from crmresearch.report.show.number_format import Probability
from crmresearch.sem.groups import SegmentModels, group_table
from crmresearch.sem.pls import measurement
from crmresearch.sem.pls.hypotheses import hypotheses
from crmresearch.stories.satisfaction.covariance import CovarianceStory
from crmresearch.stories.satisfaction.story import SatisfactionStory

INTERVAL = ["ci_lower", "ci_upper"]
FIT_COUNTS = ("n", "npar", "df", "baseline_df")  # measures of fit that are no decimals
FIT_PROBABILITIES = ("p_value", "rmsea_p_close")


def items(story: SatisfactionStory) -> pd.DataFrame:
    """Every item of the model: construct, item, question, mean and sd, weighted if the survey is, missing answers."""
    survey, spec = story.survey, story.estimate.specification
    answers = survey.items[spec.items]
    moments = means_and_deviations(answers, survey.weights)
    return pd.DataFrame(
        {
            "construct": [story.label(c.key) for c in spec.constructs for _ in c.items],
            "item": spec.items,
            "question": [story.text(survey.codebook.items[item].text) for item in spec.items],
            "mean": moments["mean"].to_numpy(),
            "sd": moments["sd"].to_numpy(),
            "missing": answers.isna().sum().to_numpy(),
        }
    )


def reliability(story: SatisfactionStory) -> pd.DataFrame:
    """Reliability of every construct: items, alpha, rho_A, rho_C, AVE."""
    table = measurement.reliability(story.estimate)
    single, measures = table["items"] == 1, ["alpha", "rho_a", "rho_c", "ave"]
    table[measures] = table[measures].mask(single)  # 1 by definition, which says nothing
    if single.any():
        table["note"] = single.map({True: story.say("measurement.single_item"), False: ""})
    shown = ["construct", "items", *measures, "note"]
    return story.named(table[[c for c in shown if c in table]], construct=story.label)


def loadings(story: SatisfactionStory) -> pd.DataFrame:
    """Loading of every item with interval, and the loading corrected for unreliability."""
    table = _with_corrected(story, "loadings")
    shown = ["construct", "item", "estimate", *INTERVAL, "plsc"]
    return story.named(table[[c for c in shown if c in table]], construct=story.label)


def weights(story: SatisfactionStory) -> pd.DataFrame:
    """Weight of every item with interval and p."""
    shown = ["construct", "item", "estimate", *INTERVAL, "p_value"]
    return story.named(story.estimate.weights[shown], construct=story.label)


def _with_corrected(story: SatisfactionStory, table: str) -> pd.DataFrame:
    """A table of PLS with the column plsc, the estimate corrected for unreliability, where it is defined."""
    corrected = story.estimate.only(table, "plsc")["estimate"]
    frame = story.estimate.only(table)
    return frame if corrected.empty else frame.assign(plsc=corrected)


def htmt(story: SatisfactionStory) -> pd.DataFrame:
    """HTMT of every pair of constructs as a lower triangle, constructs in rows and columns."""
    pairs = story.estimate.table("htmt")
    keys = story.estimate.specification.keys
    square = pairs.pivot(index="construct", columns="other", values="estimate")
    square = square.reindex(index=keys[1:], columns=keys[:-1])
    return square.rename(index=story.label, columns=story.label).rename_axis(index="construct", columns=None)


def cross_loadings(story: SatisfactionStory) -> pd.DataFrame:
    """Correlation of every item with every construct."""
    return story.estimate.cross_loadings.rename(columns=story.label).rename_axis(index="item")


def paths(story: SatisfactionStory, covariance: CovarianceStory) -> pd.DataFrame:
    """Every path by every estimator, a row each: unstandardised, standardised, SE, interval, p and verdict.

    Composites have no units, so PLS has standardised estimates only; SE, interval and p of CB-SEM are those of its
    unstandardised estimate.
    """
    others = [covariance.estimate.paths] if covariance.estimate else []
    table = hypotheses(story.estimate, *others)
    signs = [story.say(f"word.{sign}") for sign in table["sign"]]
    rows = zip(table.itertuples(), signs, strict=True)
    table["path"] = [f"{row.hypothesis} {story.arrow(row)} ({sign})".strip() for row, sign in rows]
    structure = table["estimator"] == "cbsem"
    table["unstandardised"] = table["estimate"].where(structure)
    table["standardized"] = table["standardized"].where(structure, table["estimate"])  # what the interval is of
    shown = ["path", "estimator", "unstandardised", "standardized", "se", *INTERVAL, "p_value", "verdict"]
    return story.named(table[shown], estimator="word", verdict="word")


def fit(covariance: CovarianceStory) -> pd.DataFrame:
    """The measures of fit by name, with robust values where they were asked for."""
    table = covariance.fit
    kinds = {**dict.fromkeys(FIT_COUNTS, int), **dict.fromkeys(FIT_PROBABILITIES, Probability)}
    for column in table.columns[1:]:
        cells = zip(table["measure"], table[column], strict=True)
        told = [value if pd.isna(value) else kinds.get(measure, float)(value) for measure, value in cells]
        table = table.assign(**{column: pd.Series(told, dtype=object, index=table.index)})
    return covariance.story.named(table, measure="measure")


def cb_paths(covariance: CovarianceStory) -> pd.DataFrame:
    """Bootstrap intervals of the paths of the covariance structure."""
    table = covariance.bootstrap_table()
    ends = [f"{draws}_{end}" for draws in ("ci", "admissible", "standardized") for end in ("lower", "upper")]
    view = table.reindex(columns=["estimate", *ends])
    view.insert(0, "path", [covariance.story.arrow(row) for row in table.itertuples()])
    return view


def r_squared(story: SatisfactionStory) -> pd.DataFrame:
    """R² of every outcome: PLS with interval, adjusted, PLSc, and the largest VIF of its predictors."""
    vif = measurement.collinearity(story.estimate).groupby("outcome")["vif"].max()
    table = _with_corrected(story, "r_squared").rename(columns={"estimate": "r_squared"})
    table["largest_vif"] = table["outcome"].map(vif)
    shown = ["outcome", "r_squared", *INTERVAL, "adjusted", "plsc", "largest_vif"]
    return story.named(table[[c for c in shown if c in table]], outcome=story.label)


def groups(story: SatisfactionStory, models: SegmentModels, group: str) -> pd.DataFrame:
    """Index, paths and R² of everybody and of every group by name, a row a number."""
    table = group_table(models)
    ends = zip(table["predictor"], table["outcome"], strict=True)
    path = [story.label(b) if pd.isna(a) else f"{story.label(a)} → {story.label(b)}" for a, b in ends]
    named = partial(story.group_name, group)
    shown = table.assign(path=path)[["group", "respondents", "quantity", "path", "estimate", *INTERVAL]]
    return story.named(shown, group=named, quantity="word")


def effects(story: SatisfactionStory) -> pd.DataFrame:
    """Direct, indirect and total effects (PLS) with the interval of the total."""
    table = story.estimate.only("total_effects").rename(columns={"estimate": "total"})
    shown = ["outcome", "predictor", "direct", "indirect", "total", *INTERVAL, "p_value"]
    return story.named(table[shown], outcome=story.label, predictor=story.label)


def index(story: SatisfactionStory) -> pd.DataFrame:
    """Index of every construct with interval."""
    return story.named(story.index[["construct", "estimate", "se", *INTERVAL]], construct=story.label)
