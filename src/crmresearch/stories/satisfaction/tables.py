"""The reader's view of an estimate: few columns, names instead of keys, one row a thought.

The machine's view, in keys and full precision, are the frames of the estimate itself.
"""

from functools import partial

import pandas as pd

from crmresearch.data.survey.answers import response_distributions
from crmresearch.data.survey.weights import means_and_deviations
from crmresearch.report.show.number_format import Probability, format_interval, format_number
from crmresearch.sem.groups import SegmentModels, group_table
from crmresearch.sem.pls import measurement
from crmresearch.sem.pls.fit import approximate_fit as measured_fit
from crmresearch.stories.satisfaction.covariance import CovarianceStory
from crmresearch.stories.satisfaction.story import SatisfactionStory

INTERVAL = ["ci_lower", "ci_upper"]
P_VALUE = ["p_value", "p_value_floor"]
FIT_COUNTS = ("n", "npar", "df", "baseline_df")  # measures of fit that are no decimals
FIT_PROBABILITIES = ("p_value", "rmsea_p_close")


def items(story: SatisfactionStory) -> pd.DataFrame:
    """Every item: construct, question, scale, mean and sd (weighted if the survey is), skewness, kurtosis, missing."""
    survey, spec = story.survey, story.estimate.specification
    answers, known = survey.items[spec.items], [survey.codebook.items[item] for item in spec.items]
    shape = response_distributions(answers, survey.bounds).set_axis(spec.items)
    told = {
        "construct": [story.label(c.key) for c in spec.constructs for _ in c.items],
        "item": spec.items,
        "question": [story.text(item.text) for item in known],
        "scale": [story.say("word.scale", lowest=item.min, highest=item.max) for item in known],
        **means_and_deviations(answers, survey.weights)[["mean", "sd"]],
    }
    return story.named(pd.DataFrame(told, spec.items).join(shape[["skewness", "kurtosis", "missing"]]))


def reliability(story: SatisfactionStory) -> pd.DataFrame:
    """Reliability of every construct: items, alpha, rho_A, rho_C, AVE."""
    table = measurement.reliability(story.estimate)
    single, measures = table["items"] == 1, ["alpha", "rho_a", "rho_c", "ave"]
    table[measures] = table[measures].mask(single)  # 1 by definition, which says nothing
    if single.any():
        table["note"] = single.map({True: story.say("measurement.single_item"), False: ""})
    return story.named(table, "construct", "items", *measures, "note", construct=story.label)


def loadings(story: SatisfactionStory) -> pd.DataFrame:
    """Loading of every item with interval, and corrected for unreliability; what to do about an item that fails."""
    table = _without_single(story, _with_corrected(story, "loadings"))
    if failing := set(story.weak_items["item"]):
        told = story.say("measurement.item_note")
        table["note"] = table.get("note", pd.Series("", table.index)).mask(table["item"].isin(failing), told)
    return story.named(table, "construct", "item", "estimate", *INTERVAL, "plsc", "note", construct=story.label)


def weights(story: SatisfactionStory) -> pd.DataFrame:
    """Weight of every item with interval and p."""
    table = _without_single(story, _floored(story, story.estimate.weights))
    return story.named(table, "construct", "item", "estimate", *INTERVAL, *P_VALUE, "note", construct=story.label)


def _without_single(story: SatisfactionStory, table: pd.DataFrame) -> pd.DataFrame:
    """A table of items without the estimates of single items, which are 1 by definition; a note says so."""
    single = table["item"].isin([c.items[0] for c in story.estimate.specification.constructs if len(c.items) == 1])
    if not single.any():
        return table
    told = single.map({True: story.say("measurement.single_item"), False: ""})
    masked = {column: table[column].mask(single) for column in ("estimate", "plsc") if column in table}
    return table.assign(**masked, note=told)


def _floored(story: SatisfactionStory, table: pd.DataFrame) -> pd.DataFrame:
    """The table with p_value_floor: whether a p-value of PLS is the least that the resamples can show."""
    assert story.estimate.resampling is not None
    resampled = table["estimator"] != "cbsem"
    return table.assign(p_value_floor=story.estimate.resampling.at_floor(table["p_value"]) & resampled)


def _with_corrected(story: SatisfactionStory, table: str) -> pd.DataFrame:
    """A table of PLS with the column plsc, the estimate corrected for unreliability, where it is defined."""
    corrected = story.estimate.only(table, "plsc")["estimate"]
    frame = story.estimate.only(table)
    return frame if corrected.empty else frame.assign(plsc=corrected)


def components(story: SatisfactionStory) -> pd.DataFrame:
    """Weight of every component in the construct of second order that it makes up, with interval, p and loading."""
    shown = ["construct", "component", "estimate", *INTERVAL, *P_VALUE, "loading", "plsc"]
    view = _floored(story, _with_corrected(story, "components"))
    return story.named(view, *shown, construct=story.label, component=story.label)


def htmt(story: SatisfactionStory) -> pd.DataFrame:
    """HTMT of every pair of constructs below the diagonal, its interval above, constructs in rows and columns."""
    keys = [c.key for c in story.estimate.specification.constructs if c.items]
    square = pd.DataFrame("", keys, keys)
    for row in story.estimate.table("htmt").itertuples():
        square.loc[row.construct, row.other] = format_number(row.estimate, 2)
        interval = format_interval(row.ci_lower, row.ci_upper, 2)
        square.loc[row.other, row.construct] = interval.replace(" ", "\u00a0")  # never broken across lines
    return square.rename(index=story.label, columns=story.label).rename_axis(index="construct", columns=None)


def cross_loadings(story: SatisfactionStory) -> pd.DataFrame:
    """Correlation of every item with every construct."""
    return story.estimate.cross_loadings.rename(columns=story.label).rename_axis(index="item")


def paths(story: SatisfactionStory, covariance: CovarianceStory) -> pd.DataFrame:
    """Every path by every estimator, a row each: standardised estimate with its SE, interval and p."""
    table = _floored(story, covariance.judged_paths)
    table["path"] = [f"{row.hypothesis} {story.arrow(row)}".strip() for row in table.itertuples()]
    names = [story.say(f"word.{estimator}") for estimator in table["estimator"]]
    unread = table["verdict"] == "unreadable"
    told = [story.say("word.unread", estimator=n) if u else n for n, u in zip(names, unread, strict=True)]
    return story.named(table.assign(estimator=told), "path", "estimator", "estimate", "se", *INTERVAL, *P_VALUE)


def hypotheses(story: SatisfactionStory, covariance: CovarianceStory) -> pd.DataFrame:
    """Every hypothesis by number: path, expected sign, the estimate of PLS, and the verdict by every estimator."""
    table = covariance.judged_paths
    ends = ["predictor", "outcome"]
    verdicts = table.pivot(index=ends, columns="estimator", values="verdict").reset_index()
    view = table[table["estimator"] == "pls"].drop(columns="verdict").merge(verdicts, on=ends)
    view["path"] = [story.arrow(row) for row in view.itertuples()]
    judged = {estimator: partial(_verdict, story) for estimator in table["estimator"].unique()}
    return story.named(view, "hypothesis", "path", "sign", "estimate", *INTERVAL, *judged, sign="word", **judged)


def _verdict(story: SatisfactionStory, verdict: str) -> str:
    return "" if pd.isna(verdict) else story.say(f"word.{verdict}")


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
    """Paths of the covariance structure in units of the items, with the bootstrap intervals there are."""
    table = covariance.structural_paths
    hidden = ["estimator", "group", "outcome", "predictor", "standardized", "standardized_se"]
    path = pd.Series([covariance.story.arrow(row) for row in table.itertuples()], table.index, name="path")
    return pd.concat([path, table.drop(columns=hidden)], axis=1)


def r_squared(story: SatisfactionStory) -> pd.DataFrame:
    """R² of every outcome: PLS with interval, adjusted, PLSc, and the largest VIF of its predictors."""
    vif = measurement.collinearity(story.estimate).groupby("outcome")["vif"].max()
    table = _with_corrected(story, "r_squared").rename(columns={"estimate": "r_squared"})
    table["largest_vif"] = table["outcome"].map(vif)
    shown = ["outcome", "r_squared", *INTERVAL, "adjusted", "plsc", "largest_vif"]
    return story.named(table, *shown, outcome=story.label)


def groups(story: SatisfactionStory, models: SegmentModels, group: str) -> pd.DataFrame:
    """Index, paths and R² of everybody and of every group by name, a row a number."""
    table = group_table(models)
    ends = zip(table["predictor"], table["outcome"], strict=True)
    path = [story.label(b) if pd.isna(a) else f"{story.label(a)} → {story.label(b)}" for a, b in ends]
    shown, named = ["group", "respondents", "quantity", "path", "estimate", *INTERVAL], partial(story.group_name, group)
    return story.named(table.assign(path=path), *shown, group=named, quantity="word")


def effects(story: SatisfactionStory) -> pd.DataFrame:
    """Direct, indirect and total effects (PLS) with the intervals of the indirect and of the total."""
    table = _floored(story, story.estimate.only("total_effects")).rename(columns={"estimate": "total"})
    shown = ["outcome", "predictor", "direct", "indirect", *[f"indirect_{end}" for end in INTERVAL], "total", *INTERVAL]
    return story.named(table, *shown, *P_VALUE, outcome=story.label, predictor=story.label)


def constructs(story: SatisfactionStory) -> pd.DataFrame:
    """What every construct of the model means, and how its items stand for it."""
    told = [
        (story.label(c.key), story.text(c.definition), story.say(f"measured.{'of' if c.of else c.measurement}"))
        for c in story.estimate.specification.constructs
    ]
    return pd.DataFrame(told, columns=["construct", "definition", "measured"])


def approximate_fit(story: SatisfactionStory) -> pd.DataFrame:
    """SRMR of the saturated and of the estimated model by PLS and PLSc."""
    return story.named(measured_fit(story.estimate), model="fitted")


def index(story: SatisfactionStory) -> pd.DataFrame:
    """Index of every construct with interval."""
    return story.named(story.index, "construct", "estimate", "se", *INTERVAL, construct=story.label)
