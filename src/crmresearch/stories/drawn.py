"""How the respondents of a survey were drawn, told by every story of one: none where they were drawn one by one."""

from typing import Any

from crmresearch.data.survey.survey import Survey
from crmresearch.sampling_design import SamplingDesign
from crmresearch.stories.story import Story


def resampled(story: Story, survey: Survey) -> list[str]:
    """That intervals allow for strata and clusters."""
    return [story.say(f"drawn.resampled_{kind}") for kind in _kind(survey)]


def taken_for_alone(story: Story, survey: Survey) -> list[str]:
    """That tests do not."""
    return [story.say(f"drawn.alone_{kind}", **_facts(survey)) for kind in _kind(survey)]


def drawn_methods(story: Story, survey: Survey) -> list[str]:
    """The sentence of the methods on the bootstrap of such a sample."""
    return [story.say(f"methods.drawn_{kind}", **_facts(survey)) for kind in _kind(survey)]


def _kind(survey: Survey) -> list[str]:
    """stratum, cluster or both."""
    roles = [] if survey.design is None else [str(role) for role in survey.design]
    return ["both"] if len(roles) > 1 else roles


def _facts(survey: Survey) -> dict[str, Any]:
    design, codebook = survey.design, survey.codebook
    if design is None:
        return {}
    drawn = SamplingDesign.of(design.get("stratum"), design.get("cluster"))
    columns = {"cluster": codebook.cluster, "stratum": codebook.stratum}
    return {"clusters": drawn.clusters, "strata": drawn.strata, **columns}
