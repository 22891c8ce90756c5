"""What must be known before anything is offered, as one table of sentences, gravest first."""

from collections.abc import Iterator

import pandas as pd

from crmresearch.stories.cross_selling.story import CrossStory
from crmresearch.stories.data_cautions import data_cautions
from crmresearch.stories.story import Row, caution_table

FEW = 100  # customers of the hit rates below which these say little


def cautions(story: CrossStory) -> pd.DataFrame:
    """All cautions: of the rules, of what is bought next, of the offers and of the data."""
    rows = {"rules": _rules(story), "next": _next(story), "offers": _offers(story), "purchases": _data(story)}
    return caution_table(story, rows)


def _rules(story: CrossStory) -> Iterator[Row]:
    rules, found = story.found.rules, story.found
    if rules is None:
        yield story.caution("cross_caution.no_rules", "weak", reason=story.why_not("rules"))
        return
    if sum(claims > 0 for claims in found.swaps) > max(1, 2 * rules.level * len(found.swaps)):
        wrong = sum(claims > 0 for claims in found.swaps)
        yield story.caution("cross_caution.swaps", "weak", wrong=wrong, worlds=len(found.swaps))
    if rules.too_many:
        yield story.caution("cross_caution.too_many", "note")
    if "names" in found.undefined:
        yield story.caution("cross_caution.no_names", "note", reason=story.why_not("names"))


def _next(story: CrossStory) -> Iterator[Row]:
    hits = story.found.hits
    if hits is None:
        yield story.caution("cross_caution.no_next", "weak", reason=story.why_not("hits"))
    elif hits.customers < FEW:
        yield story.caution("cross_caution.few_customers", "weak", customers=hits.customers)


def _offers(story: CrossStory) -> Iterator[Row]:
    yield story.caution("cross_caution.no_effect", "weak", response=story.response)


def _data(story: CrossStory) -> Iterator[Row]:
    yield from data_cautions(story, story.transactions)
    if story.found.method is None:
        yield story.caution("cross_caution.no_segments", "note", reason=story.why_not("segments"))
