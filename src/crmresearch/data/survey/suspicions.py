"""What in a survey can be read but is likely not what its codebook says: long scales, weights of a few."""

import numpy as np

from crmresearch.caution import SMALL_NUMBER, Caution
from crmresearch.data.survey.survey import Survey
from crmresearch.data.survey.weights import effective_size

EVEN = 0.5  # of the respondents left by the weights, a design effect of 2; post-stratification rarely costs more
HEAVY = 0.05  # of all weight with one respondent, and five times the mean: a mean then follows what this one said
UNUSED_TOP = 0.3  # of a scale; answers to a scale of 7 leave 0.33 of one declared to reach 10
UNUSED_BOTTOM = 0.5  # of a scale; pleased customers leave more of its lower half empty than of its upper


def suspicions(survey: Survey) -> tuple[Caution, ...]:
    """Scales whose end nobody chose, and weights that rest on a few; none that the codebook calls `settled`."""
    found = [*_long_scales(survey), *_uneven_weights(survey)]
    return tuple(caution for caution in found if caution.code not in survey.codebook.settled)


def _uneven_weights(survey: Survey) -> list[Caution]:
    """Weights that leave less than half of the respondents, or rest on one of them for a twentieth."""
    if (weights := survey.weights) is None:
        return []
    n, effective, times = len(weights), effective_size(weights), float(weights.max() / weights.mean())
    if effective >= EVEN * n and times < max(HEAVY * n, 5):
        return []
    facts = {"column": survey.codebook.weight, "respondents": n, "effective": effective, "share": times / n}
    facts |= {"row": weights.idxmax(), "times": times}
    return [Caution("uneven_weights", "weak", "weights", facts)]


def _long_scales(survey: Survey) -> list[Caution]:
    """One caution for the items of a scale whose end nobody chose.

    Answers of 30 respondents or more leave at least three tenths of the declared scale empty at its top, or half of it
    at its bottom, as they were asked. An index from 0 to 100 is then too low or too high.
    """
    answers, ends = survey.as_asked, survey.bounds
    low, high = ends["min"], ends["max"]
    least, most = answers.min(), answers.max()
    unused = np.maximum((high - most) / (high - low) / UNUSED_TOP, (least - low) / (high - low) / UNUSED_BOTTOM)
    suspect = (unused >= 1 - 1e-9) & (answers.count() >= SMALL_NUMBER)
    frame = ends.assign(least=least, most=most)[suspect]
    cautions = []
    for (lowest, highest), part in frame.groupby(["min", "max"], sort=False):
        facts = {"items": [str(item) for item in part.index], "min": lowest, "max": highest}
        facts |= {"least": float(part["least"].min()), "most": float(part["most"].max())}
        cautions.append(Caution("scale_too_long", "weak", ", ".join(facts["items"]), facts))
    return cautions
