"""How the respondents of a survey were drawn, told by every story whose intervals allow for it."""

from crmresearch.data.survey.survey import Survey
from crmresearch.sampling_design import SamplingDesign
from crmresearch.stories.story import Story


def drawn(story: Story, survey: Survey, key: str) -> list[str]:
    """The sentence `key` on strata, clusters, or both, as the survey has them; none where it has neither."""
    if survey.design is None:
        return []
    of = SamplingDesign.of(survey.design.get("stratum"), survey.design.get("cluster"))
    kind = "both" if len(survey.design.columns) > 1 else str(survey.design.columns[0])
    columns = {"cluster": survey.codebook.cluster, "stratum": survey.codebook.stratum}
    return [story.say(f"{key}_{kind}", clusters=of.clusters, strata=of.strata, **columns)]
