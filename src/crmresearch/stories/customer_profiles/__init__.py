"""Who the customers of each segment are: what sets them apart, the rule that tells them, a card and one action each."""

from pathlib import Path

from crmresearch.texts import Texts

TEXTS = Texts(Path(__file__).parent)
