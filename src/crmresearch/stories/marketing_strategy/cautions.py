"""What must be known before a decision is believed, as one table of sentences, gravest first."""

from collections.abc import Iterator

import pandas as pd

from crmresearch.stories.marketing_strategy.story import MarketingStrategyStory
from crmresearch.stories.satisfaction.cautions import cautions_of_model
from crmresearch.stories.story import Row, caution_table

FEW = 4  # factors up to which a median says little
MATCHED = 0.8  # share of respondents who are joined to their purchases


def strategy_warnings(story: MarketingStrategyStory) -> pd.DataFrame:
    """All warnings, those of the model as its own report tells them: code, severity, quantity, message."""
    return caution_table(story, {"decisions": _of_decisions(story), **cautions_of_model(story)})


def _of_decisions(story: MarketingStrategyStory) -> Iterator[Row]:
    rule, count, drivers = story.strategy.rule, len(story.drivers.factors), story.drivers
    if count <= FEW and None in (rule.importance_cut, rule.performance_cut):
        yield story.caution("strategy_caution.few_factors", "weak", count=count)
    if drivers.small:
        named = story.listed([f"{story.segment(key)} ({n:,})" for key, n in drivers.small.items()])
        yield story.caution("strategy_caution.small", "weak", segments=named, needed=drivers.needed)
    if drivers.failed:
        yield story.caution(
            "strategy_caution.failed", "weak", segments=story.listed([*map(story.segment, drivers.failed)])
        )
    if story.not_here:
        yield story.caution("strategy_caution.no_purchases", "note")
    if (linked := story.linked) and (share := len(linked.ids) / linked.respondents) < MATCHED:
        yield story.caution("strategy_caution.unmatched", "weak", share=share, respondents=linked.respondents)
    if story.classes:
        yield story.caution("strategy_caution.classes", "weak")
    if story.specification.moderations:
        yield story.caution("strategy_caution.moderations", "note")
