"""What must be known before described segments are believed: cautions of the segments, their rules, value, answers."""

from collections.abc import Iterator

from crmresearch.caution import Caution
from crmresearch.mining.profiles.portrait import Portrait


def portrait_cautions(found: Portrait) -> dict[str, list[Caution]]:
    """The cautions of a portrait by subject: segments, rules, forecast, answers.

    Facts: segments and features (keys of those that it is about), reason (a sentence), asked and everybody (customers
    who answered, and all).
    """
    subjects = {"segments": _segments, "rules": _rules, "forecast": _forecast, "answers": _answers}
    return {subject: [*cautions(found)] for subject, cautions in subjects.items()}


def _segments(found: Portrait) -> Iterator[Caution]:
    chosen = found.chosen
    if chosen.failure:
        yield Caution("failure", "unidentified", "", {"reason": chosen.failure})
    if found.few:
        yield Caution("few", "note", "", {"segments": found.few})
    if found.unstable:
        yield Caution("unstable", "weak", "", {"segments": found.unstable})
    if found.named.empty and not chosen.failure:
        yield Caution("nothing", "weak", "")
    if chosen.source == "file":
        yield Caution("unknown_rule", "note", "")


def _rules(found: Portrait) -> Iterator[Caution]:
    rules = found.recognised
    if rules is None:
        yield Caution("no_rule", "weak", "", {"reason": found.reason})
        return
    if rules.verdict != "told":
        yield Caution(f"recognised_{rules.verdict}", "weak", "")
    learned = set(rules.scores["segment"].astype(str))
    if small := [key for key in found.chosen.keys if key not in learned]:
        yield Caution("too_small", "note", "", {"segments": small})
    if rules.filled:
        yield Caution("filled", "note", "", {"features": [*rules.filled]})
    if rules.left_out:
        yield Caution("left_out", "note", "", {"features": [*rules.left_out]})


def _forecast(found: Portrait) -> Iterator[Caution]:
    if found.outlook.value is None:
        yield Caution("no_forecast", "weak", "", {"reason": found.outlook.failure})


def _answers(found: Portrait) -> Iterator[Caution]:
    asked, everybody = found.features.respondents, len(found.outlook.customers)
    if asked < everybody:
        yield Caution("answered", "weak", "", {"asked": asked, "everybody": everybody})
