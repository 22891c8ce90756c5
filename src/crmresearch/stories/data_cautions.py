"""What a data file likely does not mean, told: on the command line all of it, in a report what changes its numbers."""

from collections.abc import Iterable, Iterator
from typing import Any

from crmresearch.caution import Caution
from crmresearch.data.customers import CustomerTable
from crmresearch.data.survey.survey import Survey
from crmresearch.data.survey.suspicions import suspicions as survey_suspicions
from crmresearch.data.transactions.suspicions import suspicions
from crmresearch.data.transactions.transactions import Transactions
from crmresearch.stories import TEXTS
from crmresearch.stories.story import Row, Story


def sentence(caution: Caution, language: str = "en") -> str:
    """The caution in one sentence, which names the line of the codebook that settles it."""

    def told(value: Any) -> Any:
        return TEXTS.listed([str(one) for one in value], language) if isinstance(value, list) else value

    return TEXTS.say(
        f"caution.{caution.code}", language, **{name: told(value) for name, value in caution.facts.items()}
    )


def data_cautions(story: Story, data: Transactions | Survey) -> Iterator[Row]:
    """The suspicions about a file that change the numbers of a report, as rows of its cautions."""
    found = survey_suspicions(data) if isinstance(data, Survey) else suspicions(data)
    return told_cautions(story, (caution for caution in found if caution.severity != "note"))


def table_cautions(story: Story, table: CustomerTable) -> Iterator[Row]:
    """What a customer table says of its own money, as rows of the cautions of a report."""
    return told_cautions(story, table.cautions)


def told_cautions(story: Story, cautions: Iterable[Caution]) -> Iterator[Row]:
    """Cautions of the engines, told by a story."""
    for caution in cautions:
        yield caution.code, caution.severity, story.quantity(caution.quantity), sentence(caution, story.language)
