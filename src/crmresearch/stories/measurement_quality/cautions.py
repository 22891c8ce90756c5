"""What to beware of in the numbers of measurement, as the report of the same theory tells it."""

import pandas as pd

from crmresearch.stories.measurement_quality.story import MeasurementQualityStory
from crmresearch.stories.satisfaction.cautions import cautions as of_model
from crmresearch.stories.satisfaction.covariance import CovarianceStory

JUDGED = {"htmt", "alpha"}  # what the verdicts of this page tell


def cautions(story: MeasurementQualityStory) -> pd.DataFrame:
    """All cautions: subject, code, severity, quantity, message; gravest first."""
    study = story.study
    structure = CovarianceStory(story.model, study.structure, None, study.undefined.get("structure"))
    table = of_model(story.model, structure)
    judged = table["code"].isin(JUDGED)
    subjects = set(table.loc[~judged, "subject"])  # one without any other has nothing to beware of
    alone = table[judged & ~table["subject"].isin(subjects)].drop_duplicates("subject")
    alone = alone.assign(code="", severity="none", quantity="", message="")
    return pd.concat([table[~judged], alone]).sort_index().reset_index(drop=True)
