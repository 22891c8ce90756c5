"""Who is about to churn, how far that was right, what an offer to them earns, and how to test it."""

from pathlib import Path

from crmresearch.texts import Texts

TEXTS = Texts(Path(__file__).parent)
