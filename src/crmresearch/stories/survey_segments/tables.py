"""The reader's tables of survey segments: names instead of keys, one row a thought."""

import numpy as np
import pandas as pd

from crmresearch.segmentation.stability.segment_profiles import shares_by_group
from crmresearch.sem.groups import ALL
from crmresearch.stories.survey_segments.story import SurveySegmentStory, certainty

SOLUTION_DIGITS = {"log_likelihood": 1, "bic": 1, "aic": 1, "entropy_r2": 2, "stability": 2, "lowest_slsw": 2,
                   "medians_stability": 2, "agreement": 2}  # fmt: skip
AGE_GROUPS = 4  # a variable of numbers is cut at its quartiles


def solutions(story: SurveySegmentStory) -> pd.DataFrame:
    """Every number of classes: fit, certainty, starts that reached the best likelihood, stability."""
    view = story.numbers.solutions[["k", "log_likelihood", "parameters", "bic", "aic", "entropy_r2", "stability",
                                    "lowest_slsw", "medians_stability", "agreement"]].copy()  # fmt: skip
    counts = zip(story.numbers.solutions.found, story.numbers.solutions.starts, strict=True)
    view.insert(6, "found", [f"{found}/{starts}" for found, starts in counts])
    return view


def segments(story: SurveySegmentStory) -> pd.DataFrame:
    """Every segment: members, share, certainty, SLSw with its range, SLSa, share of its deviation that is level."""
    found = story.found.reindex(story.keys)
    return pd.DataFrame(
        {
            "segment": [story.label(key) for key in story.keys],
            "respondents": story.sizes.to_numpy(),
            "share": (story.sizes / story.sizes.sum()).to_numpy(),
            "certainty": certainty(story).to_numpy(),
            "slsw": found.slsw.to_numpy(),
            "slsa": found.slsa.to_numpy(dtype=float),
            "level": story.level[1].reindex(story.keys).to_numpy(),
        }
    )


def constructs(story: SurveySegmentStory) -> pd.DataFrame:
    """Deviation of every construct (rows) in every segment (columns)."""
    table = story.by_construct.T.reindex(columns=story.keys)
    return pd.concat([pd.DataFrame({"construct": [story.construct(key) for key in table.index]}),
                      table.reset_index(drop=True)], axis=1)  # fmt: skip


def items(story: SurveySegmentStory) -> pd.DataFrame:
    """Mean answer to every item: everybody's and every segment's."""
    means = story.answers.groupby(story.segments, observed=True).mean().T.reindex(columns=story.keys)
    frame = pd.DataFrame(
        {
            "construct": [story.construct(key) for key, items in story.constructs.items() for _ in items],
            "item": list(story.answers.columns),
            "question": [story.text(story.survey.codebook.items[item].text) for item in story.answers.columns],
            "all": story.answers.mean().to_numpy(),
        }
    )
    return pd.concat([frame, means.reset_index(drop=True)], axis=1)


def shares(story: SurveySegmentStory) -> pd.DataFrame:
    """Share of every segment among respondents of each value of the variables that describe them."""
    described = {name: _described(story, name) for name in story.groups}
    table = shares_by_group(pd.DataFrame(described), story.segments)
    labels = {name: story.text(group.label) for name, group in story.survey.codebook.groups.items()}
    return table.assign(variable=[labels[name] for name in table.variable])


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
    frame = story.models.index
    return pd.DataFrame(
        {
            "construct": [story.construct(key) for key in frame.construct],
            "segment": [story.label(key) for key in frame.segment],
            "respondents": frame.respondents,
            "estimate": frame.estimate,
            "ci_lower": frame.ci_lower,
            "ci_upper": frame.ci_upper,
        }
    )


def models(story: SurveySegmentStory) -> pd.DataFrame:
    """The path from satisfaction to loyalty and R², or why there is none, for everybody and every segment."""
    theory, models = story.specification.theory, story.models
    r2 = models.r_squared.pivot(index="segment", columns="outcome", values="estimate")
    rows = []
    for key in (ALL, *story.keys):
        known = key in story.steps.index
        path = story.steps.loc[key] if known else pd.Series(dtype=float)
        note = "survey.estimated" if known else "survey.not_estimated"
        told = story.say("survey.too_small", count=models.small[key]) if key in models.small else story.say(note)
        rows.append(
            {
                "segment": story.label(key),
                "respondents": int(path["respondents"]) if known else int(models.small.get(key, story.sizes[key])),
                "path": path["estimate"] if known else np.nan,
                "ci_lower": path["ci_lower"] if known else np.nan,
                "ci_upper": path["ci_upper"] if known else np.nan,
                "r2_satisfaction": r2.loc[key, theory.satisfaction] if known else np.nan,
                "r2_loyalty": r2.loc[key, theory.loyalty] if known else np.nan,
                "note": told,
            }
        )
    return pd.DataFrame(rows)
