"""What must be known before a priority is believed, as one table of sentences, gravest first."""

from itertools import groupby

import pandas as pd

from crmresearch.stories.priorities.story import PrioritiesStory
from crmresearch.stories.satisfaction.cautions import cautions_of_model
from crmresearch.stories.story import Row, caution_table


def priority_warnings(story: PrioritiesStory) -> pd.DataFrame:
    """All warnings, those of the model as its own report tells them: code, severity, quantity, message."""
    return caution_table(story, {"priorities": own_warnings(story), **cautions_of_model(story)})


def own_warnings(story: PrioritiesStory) -> list[Row]:
    """Those of importance and necessity; several of one kind in one sentence."""
    rows = []
    for code, part in groupby(sorted(story.found.cautions, key=lambda one: one.code), key=lambda one: one.code):
        alike = list(part)
        keys = [one.facts.get("construct", one.facts.get("condition")) for one in alike]
        facts = {**alike[0].facts, "names": story.within(*filter(None, keys)), "count": len(keys)}
        rows.append(story.caution(f"priority_caution.{code}", alike[0].severity, told=story.undone(), **facts))
    return rows
