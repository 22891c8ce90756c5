"""What will be sold in the coming weeks or months, and how far such a forecast was right before."""

from pathlib import Path

from crmresearch.texts import Texts

TEXTS = Texts(Path(__file__).parent)
