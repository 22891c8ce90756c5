"""What in a survey can be read but is likely not what its codebook says: scales longer than the answers."""

import numpy as np

from crmresearch.caution import SMALL_NUMBER, Caution
from crmresearch.data.survey.survey import Survey

UNUSED_TOP = 0.3  # of a scale; answers to a scale of 7 leave 0.33 of one declared to reach 10
UNUSED_BOTTOM = 0.5  # of a scale; pleased customers leave more of its lower half empty than of its upper


def suspicions(survey: Survey) -> tuple[Caution, ...]:
    """Scales whose end nobody chose, one caution for the items of a scale; none that the codebook calls `settled`.

    Answers of 30 respondents or more leave at least three tenths of the declared scale empty at its top, or half of it
    at its bottom, as they were asked. An index from 0 to 100 is then too low or too high.
    """
    if "scale_too_long" in survey.codebook.settled:
        return ()
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
    return tuple(cautions)
