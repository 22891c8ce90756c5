"""Whether the model can be trusted, one line a check: what speaks against it, and what could not be asked."""

import pandas as pd

from crmresearch.stories.model_checks.story import ModelChecksStory
from crmresearch.stories.story import caution_table


def cautions(story: ModelChecksStory) -> pd.DataFrame:
    """The verdict of every check as told; gravest first of those the page leads with."""
    return caution_table(story, {
        name: [story.caution(f"check.{one.code}", one.severity, "", **story.told(one))]
        for name, one in story.checks.verdicts.items()
    })  # fmt: skip
