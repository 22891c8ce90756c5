"""Which factors to strengthen, keep or reduce, for whom."""

from pathlib import Path

from crmresearch.texts import Texts

TEXTS = Texts(Path(__file__).parent)
