"""The reader's tables of survey segments: names instead of keys, one row a thought."""

from functools import partial

import pandas as pd

from crmresearch.segmentation.stability.segment_profiles import shares_by_group
from crmresearch.sem.groups import ALL
from crmresearch.stories.survey_segments.story import SurveySegmentStory

SOLUTION_DIGITS = {"log_likelihood": 1, "bic": 1, "aic": 1, "entropy_r2": 2, "stability": 2, "lowest_slsw": 2,
                   "medians_stability": 2, "agreement": 2}  # fmt: skip
AGE_GROUPS = 4  # a variable of numbers is cut at its quartiles


def solutions(story: SurveySegmentStory) -> pd.DataFrame:
    """Every number of classes: fit, certainty, starts that reached the best likelihood, stability."""
    table = story.numbers.solutions
    table = table.assign(found=[f"{row.found}/{row.starts}" for row in table.itertuples()])
    shown = ["k", "log_likelihood", "parameters", "bic", "aic", "entropy_r2", "found", "stability", "lowest_slsw"]
    return story.named(table, *shown, "medians_stability", "agreement")


def segments(story: SurveySegmentStory) -> pd.DataFrame:
    """Every segment: members, share, certainty (mean posterior), SLSw, SLSa, share of its deviation that is level."""
    return story.named(story.found.table, segment=story.label)


def constructs(story: SurveySegmentStory) -> pd.DataFrame:
    """Deviation of every construct (rows) in every segment (columns)."""
    table = story.found.by_construct.T.reindex(columns=story.found.keys).rename_axis(index="construct", columns=None)
    return story.named(table.reset_index(), construct=story.construct)


def items(story: SurveySegmentStory) -> pd.DataFrame:
    """Mean answer to every item: everybody's and every segment's."""
    answers, texts = story.answers, story.survey.codebook.items
    means = answers.groupby(story.found.segments, observed=True).mean().T.reindex(columns=story.found.keys)
    told = {
        "construct": [story.construct(key) for key, items in story.constructs.items() for _ in items],
        "item": list(answers.columns),
        "question": [story.text(texts[item].text) for item in answers.columns],
        "all": answers.mean().to_numpy(),
    }
    return pd.concat([pd.DataFrame(told), means.reset_index(drop=True)], axis=1)


def shares(story: SurveySegmentStory) -> pd.DataFrame:
    """Share of every segment among respondents of each value of the variables that describe them."""
    described, groups = {name: _described(story, name) for name in story.groups}, story.survey.codebook.groups
    table = shares_by_group(pd.DataFrame(described), story.found.segments)
    return story.named(table, variable=lambda name: story.text(groups[name].label))


def _described(story: SurveySegmentStory, name: str) -> pd.Series:
    values, group = story.groups[name], story.survey.codebook.groups[name]
    if group.values is None and pd.api.types.is_numeric_dtype(values) and values.nunique() > 2 * AGE_GROUPS:
        parts = pd.qcut(values, AGE_GROUPS, duplicates="drop")
        bounds = values.groupby(parts, observed=True).agg(["min", "max"])
        names = [story.say("survey.range", low=low, high=high) for low, high in bounds.itertuples(index=False)]
        return parts.cat.rename_categories(names)
    named = values.map(lambda value: group.value_label(value, story.language), na_action="ignore")
    written = [story.text(texts) for texts in (group.values or {}).values()]  # in the order of the codebook
    others = dict.fromkeys(named[values.sort_values().index].dropna())
    order = [name for name in dict.fromkeys([*written, *others]) if name in others]
    return pd.Series(pd.Categorical(named, categories=order), index=values.index)


def index(story: SurveySegmentStory) -> pd.DataFrame:
    """Index of satisfaction and loyalty for everybody and every segment."""
    shown = ["construct", "segment", "respondents", "estimate", "ci_lower", "ci_upper"]
    assert story.models is not None
    return story.named(story.models.index, *shown, construct=story.construct, segment=story.label)


def models(story: SurveySegmentStory) -> pd.DataFrame:
    """The path from satisfaction to loyalty and R², or why there is none, for everybody and every segment."""
    assert story.models is not None
    small = pd.Series(story.models.small, dtype=float)
    table = story.steps.reindex([ALL, *story.found.keys]).rename(columns={"estimate": "path"})
    used = story.models.paths.groupby("segment")["respondents"].first()
    table["respondents"] = table["respondents"].fillna(used).fillna(small).fillna(story.found.sizes).astype(int)
    r2 = story.models.r_squared.pivot(index="segment", columns="outcome", values="estimate")
    explained = {f"r2_{aim}": r2[key] for aim, key in story.aims.items() if key in r2}
    table = table.assign(**explained)
    shown = ["segment", "respondents", "path", "ci_lower", "ci_upper", *explained]
    view = table.rename_axis("segment").reset_index()
    return story.named(view[shown].assign(note=view["segment"]), segment=story.label, note=partial(_note, story))


def _note(story: SurveySegmentStory, segment: str) -> str:
    assert story.models is not None
    if segment in story.models.small:
        return story.say("survey.too_small", count=story.models.small[segment])
    return story.say("survey.not_estimated" if segment in story.models.failed else "survey.estimated")
