"""What to improve first in one survey: importance, performance and necessary conditions."""

from pathlib import Path

from crmresearch.texts import Texts

TEXTS = Texts(Path(__file__).parent)
