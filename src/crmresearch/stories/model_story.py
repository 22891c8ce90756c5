"""What stories of one estimated model share: names of its constructs, who answered, what is published of it."""

from dataclasses import dataclass
from typing import Any

import pandas as pd

from crmresearch.data.survey.missing import Complete
from crmresearch.data.survey.survey import Survey
from crmresearch.models.specification import Specification
from crmresearch.sem.pls.result import PlsEstimate
from crmresearch.stories.story import Story, in_sentence


@dataclass(frozen=True)
class ModelStory(Story):
    """A story that rests on one bootstrapped estimate of a theory; a subclass says which."""

    survey: Survey
    complete: Complete

    @property
    def estimated(self) -> PlsEstimate:
        """The estimate that the story rests on."""
        raise NotImplementedError

    @property
    def specification(self) -> Specification:
        """The theory as bound to the survey."""
        return self.estimated.specification

    @property
    def facts(self) -> dict[str, Any]:
        """The theory, the survey, the respondents and how the model was estimated."""
        boot, codebook, theory = self.estimated.resampling, self.survey.codebook, self.specification.theory
        assert boot is not None
        return {
            "theory": self.text(theory.title),
            "theory_cited": self.citation("theory"),
            "title": self.text(codebook.title),
            "cited": self.citation("data"),
            "column": codebook.weight,
            "rows": self.complete.rows_used,
            "scheme": self.say(f"scheme.{self.estimated.settings.scheme}"),
            "confidence": boot.confidence,
            "resamples": boot.resamples,
            "seed": boot.seed,
        }

    def label(self, key: str) -> str:
        """Name of a construct, or of a product of constructs such as `cusa:switching_cost`."""
        return " × ".join(self.specification.label(part, self.language) for part in key.split(":"))

    def within(self, *keys: str) -> str:
        """Names of constructs within a sentence, listed."""
        return self.listed([in_sentence(self.label(key)) for key in keys])

    def ranks(self, table: pd.DataFrame) -> list[str]:
        """The ranks that importance may have, rank_lower to rank_upper, in words; a dash for none."""
        ends = zip(table["rank_lower"], table["rank_upper"], strict=True)
        keys = [("none" if a != a else "one" if a == b else "range", a, b) for a, b in ends]
        return [self.say(f"rank.place_{key}", low=low, high=high) for key, low, high in keys]

    def sample(self) -> list[str]:
        """What was asked, what is missing, who answered, and what the survey notes."""
        codebook = self.survey.codebook
        gaps = self.say(f"gaps.{self.complete.dealt_with}", self.complete.counted)
        about = f"{self.text(codebook.title)}: {self.text(codebook.about)}"
        return [about, gaps, *self.who(), *map(self.text, self.survey.notes)]

    def who(self) -> list[str]:
        """What else is to be said of the respondents."""
        return []

    @property
    def published(self) -> dict[str, str]:
        """The theory and the data."""
        return {"theory": self.specification.theory.citation, "data": self.survey.codebook.citation}
