"""Who answered the questions of a model, and what was done about gaps: told by every story of one estimate."""

from crmresearch.data.survey.missing import Complete
from crmresearch.data.survey.survey import Survey
from crmresearch.stories.story import Story


def respondents(story: Story, survey: Survey, complete: Complete) -> list[str]:
    """What the survey is about, and a sentence on its missing answers."""
    cells = int(complete.counts["missing_cells"].sum())
    facts = {"items": len(complete.counts), "used": complete.rows_used, "of": complete.rows_in, "cells": cells}
    about = f"{story.text(survey.codebook.title)}: {story.text(survey.codebook.about)}"
    return [about, story.say(f"gaps.{complete.policy if cells else 'none_missing'}", **facts)]
