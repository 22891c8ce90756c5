"""What each report says: one folder a notebook, each with its story, tables, charts, cautions and texts."""

from pathlib import Path

from crmresearch.texts import Texts

TEXTS = Texts(Path(__file__).parent)
