"""What the stories of customers and their segments share: the data, names of methods and segments, one advice each."""

from collections.abc import Iterator, Sequence

import pandas as pd

from crmresearch.data.transactions.transactions import Transactions
from crmresearch.segmentation.contract import Segmenter
from crmresearch.stories.method_names import method_name
from crmresearch.stories.story import Row, Story
from crmresearch.value.rhythm import Rhythm


class PurchasesStory(Story):
    """A story of `transactions`, whose `method_notes` tell how its results were made."""

    transactions: Transactions

    def method_notes(self) -> list[str]:
        """How the results were made, a sentence a step, with the numbers in use."""
        raise NotImplementedError

    @property
    def published(self) -> dict[str, str]:
        """The data."""
        return {"data": self.transactions.codebook.citation}

    def methods_paragraph(self) -> list[str]:
        """The data, and how the results were made, as a paper tells them."""
        title = self.text(self.transactions.codebook.title)
        return [self.say("methods.data", title=title, cited=self.citation("data")), *self.method_notes()]


class SegmentsStory(PurchasesStory):
    """A story of customers in the segments of several fitted `methods`, of whom a contact costs `contact_cost`."""

    methods: Sequence[Segmenter]
    contact_cost: float

    @property
    def customers(self) -> pd.DataFrame:
        """The customer table with what is expected of each."""
        raise NotImplementedError

    def method_name(self, key: str) -> str:
        """Name of a method, or of a single number it is compared with, for readers."""
        return method_name(key, self.language, self.methods)

    def fitted(self, name: str) -> Segmenter | None:
        """The fitted method of this name, None where it was left out."""
        return next((method for method in self.methods if method.name == name), None)

    def labels(self, name: str) -> dict[str, str]:
        """Names of the segments of one method by their key, none where it was left out."""
        method = self.fitted(name)
        return {segment.key: self.text(segment.label) for segment in method.segments} if method else {}

    def advised(self, table: pd.DataFrame, name: str) -> pd.DataFrame:
        """A `campaign_list` with the column `advice`, what to do by the segments of one method, if it was fitted."""
        if (lead := self.fitted(name)) is None:
            return table
        advice = {segment.key: self.text(lead.advice.get(segment.key, {"en": "–"})) for segment in lead.segments}
        told = pd.Categorical.from_codes(table[name].cat.codes, list(advice.values()))
        return table.assign(advice=told)

    def costed(self, table: pd.DataFrame) -> pd.DataFrame:
        """A `campaign_list` with the column `below_cost`: 1 where less is expected of a customer than a contact costs.

        No column where contacts cost nothing or no value is expected; of several horizons the shortest counts.
        """
        if "expected_value" not in self.customers or not self.contact_cost > 0:
            return table
        return table.assign(below_cost=(self.customers["expected_value"] < self.contact_cost).astype(int).to_numpy())


def rhythm_caution(story: Story, rhythm: Rhythm | None) -> Iterator[Row]:
    """That the customers pay in a regular rhythm, and what takes the place of the model of purchases at random."""
    if rhythm is not None:
        facts = {"kept": rhythm.kept, "variation": rhythm.variation, "customers": rhythm.customers}
        every = story.say(f"rhythm.{rhythm.period}")
        yield story.caution("contract_caution.rhythm", "note", every, every=every, **facts)
