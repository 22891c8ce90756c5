"""Typed exceptions, one per kind of mistake; every message is written for the person at the keyboard."""

from collections.abc import Sequence


class CrmResearchError(Exception):
    """A mistake the user can mend: the message says what is wrong, where, and what to do."""


class CodebookError(CrmResearchError):
    """A codebook that cannot be read or contradicts itself."""


class DataError(CrmResearchError):
    """Data that do not allow what is asked, under a `heading`; `problems` holds one sentence per problem."""

    def __init__(self, heading: str, problems: Sequence[str]) -> None:
        self.heading, self.problems = heading, list(problems)
        super().__init__("\n".join([heading, *(f"  - {problem}" for problem in self.problems)]))


class UnusableFileError(DataError):
    """A data file that does not fit its codebook, or cannot be read at all."""


class DatasetMissingError(CrmResearchError):
    """A data file that is not on this machine; the message says how to get it, `told` in every language."""

    def __init__(self, told: dict[str, str]) -> None:
        super().__init__(told["en"])
        self.told = told


class TheoryError(CrmResearchError):
    """A theory file that is not a path model."""


class SpecificationError(CrmResearchError):
    """A theory that cannot be bound to a codebook."""


class TruthError(CrmResearchError):
    """A truth file from which nobody can be simulated."""


class EstimationError(CrmResearchError):
    """Data from which the model cannot be estimated."""


class ParameterError(CrmResearchError):
    """An unknown, mistyped or impossible report parameter."""


class RenderError(CrmResearchError):
    """A report that could not be made."""


class TemplateError(CrmResearchError):
    """A new survey, shop, theory or report that cannot be written under this name, or not there."""
