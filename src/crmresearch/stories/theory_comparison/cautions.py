"""What to beware of in a comparison of theories: the gravest of every theory and estimator, and all of them."""

from collections.abc import Iterator

import pandas as pd

from crmresearch.report.show.wording import words
from crmresearch.sem.pls.cautions import estimator_of
from crmresearch.sem.theories.theory_verdicts import measured_otherwise
from crmresearch.stories.story import Row, caution_table
from crmresearch.stories.theory_comparison.story import TheoryComparisonStory


def gravest(story: TheoryComparisonStory) -> pd.DataFrame:
    """The gravest caution of every theory and estimator, theories left out, outcomes measured otherwise, as a table."""
    rows = {"theories": list(_of_theories(story)), "pls": [], "cbsem": [], "plsc": []}
    # the page leads with PLS: of the other estimators only what must not be read
    table = story.cautions.assign(estimator=story.cautions["code"].map(estimator_of))
    grave = table.query("severity != 'note' and (severity != 'weak' or estimator == 'pls')")
    groups = grave.groupby(["theory", "estimator"], sort=False)
    for row in groups.first().assign(others=groups.size() - 1).reset_index().itertuples():
        more = " " + story.say("theory_caution.more", count=row.others) if row.others else ""
        rows[str(row.estimator)].append((row.code, row.severity, story.names[row.theory], f"{row.message}{more}"))
    return caution_table(story, rows)


def _of_theories(story: TheoryComparisonStory) -> Iterator[Row]:
    for theory, reason in story.comparison.left_out:
        yield story.caution("theory_caution.left_out", "weak", story.text(theory.title), reason=reason)
    for aim, others in measured_otherwise(story.comparison).items():
        named, word = story.called(others), story.say(f"aim.{aim}")
        yield story.caution("theory_caution.other_items", "weak", named, aim=word, theories=named)
    for one in story.foreseen.cautions:
        yield story.caution(f"caution.{one.code}", one.severity, story.names[one.quantity], **one.facts)


def every(story: TheoryComparisonStory) -> pd.DataFrame:
    """Every caution, once for all theories it holds for: theory, severity, message."""
    found = story.cautions.groupby(["severity", "message"], sort=False)["theory"].agg(story.called).reset_index()
    shown, told = ["theory", "severity", "message"], words(story.language)
    return story.named(found, *shown, severity=lambda one: told[f"trust_{one}"])
