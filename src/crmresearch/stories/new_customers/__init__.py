"""Which new customers are worth an investment, when they buy again, and how long they stay."""

from pathlib import Path

from crmresearch.texts import Texts

TEXTS = Texts(Path(__file__).parent)
