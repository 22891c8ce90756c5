"""What to beware of in a recovery study: where an estimator is not right, what failed, what the samples cannot tell."""

from collections.abc import Iterator

import pandas as pd

from crmresearch.stories.parameter_recovery.story import ParameterRecoveryStory
from crmresearch.stories.story import Row, caution_table


def cautions(story: ParameterRecoveryStory) -> pd.DataFrame:
    """All cautions: code, severity, quantity, message; gravest first, by estimator."""
    study = [story.caution("recovery_caution.simulated", "note")]
    study += [story.caution("recovery_caution.few_samples", "note", samples=story.recovery.pooled()["samples"].max())]
    return caution_table(
        story, {"simulation": study, **{f"of_{e}": list(_of(story, e)) for e in story.recovery.promise.index}}
    )


def _of(story: ParameterRecoveryStory, estimator: str) -> Iterator[Row]:
    recovery = story.recovery
    share, error, verdict = recovery.promise.loc[estimator]
    if verdict != "inside":
        facts = {"share": share, "error": error, "n": recovery.judged_from}
        yield story.caution(f"recovery_caution.coverage_{verdict}", "weak" if verdict == "outside" else "note", **facts)
    if estimator == "pls":
        last = story.pooled.loc[("factors", recovery.sizes[-1], "pls"), "coverage"]
        yield story.caution("recovery_caution.not_composites", "weak", share=last, n=recovery.sizes[-1])
    elif story.truth.specification.moderations:
        yield story.caution(f"recovery_caution.moderation_{estimator}", "note")
    failed = recovery.failed[recovery.failed["estimator"] == estimator][["failed", "samples"]].sum()
    if failed["failed"]:
        yield story.caution("recovery_caution.failed", "note", count=failed["failed"], samples=failed["samples"])
