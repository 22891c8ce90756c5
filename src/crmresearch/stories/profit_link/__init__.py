"""What stated loyalty tells of later purchases and profit."""

from pathlib import Path

from crmresearch.texts import Texts

TEXTS = Texts(Path(__file__).parent)
