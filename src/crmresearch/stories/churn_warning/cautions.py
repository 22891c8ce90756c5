"""What must be known before a churn warning is believed, gravest first."""

from collections.abc import Iterator

import pandas as pd

from crmresearch.mining.warners import NAIVE
from crmresearch.stories.campaign import rhythm_caution
from crmresearch.stories.churn_warning.story import ChurnStory
from crmresearch.stories.data_cautions import data_cautions, table_cautions
from crmresearch.stories.story import Row, caution_table


def cautions(story: ChurnStory) -> pd.DataFrame:
    """All warnings: of the warners, of the purchase model, of the data."""
    model, warning = story.study.model, story.study.warning
    of_model = [] if model is None else [*story.value_cautions(model.cautions)]
    of_data = [*data_cautions(story, story.transactions), *table_cautions(story, warning.today.table)]
    rows = {"warners": [*_warners(story)], "offer": [*_offer(story)]}
    return caution_table(
        story, {**rows, "forecast": [*of_model, *rhythm_caution(story, warning.rhythm)], "purchases": of_data}
    )


def _warners(story: ChurnStory) -> Iterator[Row]:
    warning = story.study.warning
    if warning.check is None:
        why = warning.unchecked
        assert why is not None
        yield story.caution(f"churn_caution.{why.code}", why.severity, horizon=warning.horizon, **why.facts)
    elif story.study.leader == NAIVE:
        yield story.caution("churn_caution.no_better", "weak", story.label(story.study.leader))
    if not len(warning.today.customers):
        yield story.caution("churn_caution.nobody", "weak", who=story.facts["who"])
    calibrated = story.study.calibrated
    if calibrated is not None and not calibrated["ci_lower"] <= 0 <= calibrated["ci_upper"]:
        key = "too_low" if calibrated["estimate"] > 0 else "too_high"
        yield story.caution(f"churn_caution.{key}", "weak", story.label(story.study.leader), **_sums(story))
    now = warning.today.warners.left_out
    gone = {one.quantity for one in now}
    then = warning.check.warners.left_out if warning.check else ()
    for one in now:
        yield story.caution(f"churn_caution.{one.code}", one.severity, story.label(one.quantity), **one.facts)
    for one in then:
        if one.quantity not in gone:
            yield story.caution("churn_caution.unchecked", one.severity, story.label(one.quantity))


def _sums(story: ChurnStory) -> dict[str, float]:
    check = story.check
    assert check is not None
    assert check.churned is not None
    foretold = float(check.probabilities[story.study.leader].mean())
    return {"foretold": foretold, "came": float(check.churned.mean())}


def _offer(story: ChurnStory) -> Iterator[Row]:
    if story.study.money is None:
        why = "no_check" if story.check is None else "no_money" if story.study.value is None else "no_risk"
        yield story.caution(f"churn_caution.{why}", "weak", leader=story.leader)
    else:
        yield story.caution("churn_caution.assumed", "weak", success=story.study.offer.success)
