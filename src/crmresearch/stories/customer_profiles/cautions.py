"""What must be known before segments so described are believed, gravest first."""

from collections.abc import Iterable, Iterator

import pandas as pd

from crmresearch.data.customers import CustomerTable
from crmresearch.stories.customer_profiles.story import ProfilesStory
from crmresearch.stories.data_cautions import data_cautions, table_cautions
from crmresearch.stories.story import Row, caution_table


def cautions(story: ProfilesStory, table: CustomerTable) -> pd.DataFrame:
    """All cautions: of the segments, of the rules, of expected value, of the data."""
    values = story.portrait.outlook.value.cautions if story.portrait.outlook.value else ()
    data = [*data_cautions(story, story.transactions), *table_cautions(story, table)]
    survey = [*data_cautions(story, story.survey), *_answers(story)] if story.survey else []
    rows: dict[str, Iterable[Row]] = {"segments": _segments(story), "rules": _rules(story)}
    rows |= {"forecast": [*_forecast(story), *story.value_cautions(values)], "purchases": data}
    return caution_table(story, rows | ({"answers": survey} if story.survey else {}))


def _segments(story: ProfilesStory) -> Iterator[Row]:
    chosen, facts = story.portrait.chosen, story.portrait.facts
    if chosen.failure:
        yield story.caution("profiles_caution.failure", "unidentified", reason=chosen.failure)
    if few := [story.segment(key) for key in facts.loc[facts["few"], "segment"]]:
        yield story.caution("profiles_caution.few", "note", names=story.some(few))
    if unstable := [story.segment(key) for key in story.portrait.unstable]:
        yield story.caution("profiles_caution.unstable", "weak", names=story.some(unstable))
    if not story.portrait.named.shape[0] and not chosen.failure:
        yield story.caution("profiles_caution.nothing", "weak")
    if chosen.source == "file":
        yield story.caution("profiles_caution.unknown_rule", "note")


def _rules(story: ProfilesStory) -> Iterator[Row]:
    rules = story.portrait.recognised
    if rules is None:
        yield story.caution("profiles_caution.no_rule", "weak", reason=story.portrait.reason)
        return
    if not rules.told or rules.weak:
        yield story.caution(f"profiles_caution.{'recognised_weak' if rules.told else 'not_recognised'}", "weak")
    learned = set(rules.scores["segment"].astype(str))
    if small := [story.segment(key) for key in story.portrait.chosen.keys if key not in learned]:
        yield story.caution("profiles_caution.too_small", "note", names=story.some(small))
    if rules.filled:
        yield story.caution("profiles_caution.filled", "note", names=story.some([*map(story.feature, rules.filled)]))
    if rules.left_out:
        yield story.caution(
            "profiles_caution.left_out", "note", names=story.some([*map(story.feature, rules.left_out)])
        )


def _forecast(story: ProfilesStory) -> Iterator[Row]:
    if story.portrait.outlook.value is None:
        yield story.caution("profiles_caution.no_forecast", "weak", reason=story.portrait.outlook.failure)


def _answers(story: ProfilesStory) -> Iterator[Row]:
    asked, everybody = story.portrait.features.respondents, story.facts["customers"]
    if asked < everybody:
        yield story.caution("profiles_caution.answered", "weak", asked=asked, everybody=everybody)
    if story.survey is not None and story.survey.weights is not None:
        yield story.caution("profiles_caution.unweighted", "note")
