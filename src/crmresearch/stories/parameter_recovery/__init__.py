"""What estimators find of a known truth."""

from pathlib import Path

from crmresearch.texts import Texts

TEXTS = Texts(Path(__file__).parent)
