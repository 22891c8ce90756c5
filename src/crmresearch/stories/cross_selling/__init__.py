"""What is bought together, what next, and what to offer with what."""

from pathlib import Path

from crmresearch.texts import Texts

TEXTS = Texts(Path(__file__).parent)
