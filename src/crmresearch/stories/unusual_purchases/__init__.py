"""Orders, customers and days of a shop that are unlike the others."""

from pathlib import Path

from crmresearch.texts import Texts

TEXTS = Texts(Path(__file__).parent)
