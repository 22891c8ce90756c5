"""What contacting the best-ranked customers would leave at a margin and a cost of a contact, in sentences."""

from collections.abc import Callable

import pandas as pd

from crmresearch.stories import TEXTS


def targeting_sentences(
    table: pd.DataFrame,
    margin: float,
    contact_cost: float,
    top: float,
    currency: str,
    name: Callable[[str], str],
    language: str,
) -> list[str]:
    """What the best ranking of a `targeting` table leaves at the share `top` and at any share, and what it is not.

    `name` is what readers call a method. Empty for an empty table.
    """
    if table.empty:
        return []
    first, most = table.iloc[0], table.loc[table["best_profit"].idxmax()]
    facts = {"margin": margin, "cost": contact_cost, "share": top, "method": name(first["method"])}
    money = {"profit": first["profit"], "everybody": first["everybody"], "currency": currency}
    key = {0: "targeting.nobody", 1: "targeting.all"}.get(most["best_share"], "targeting.most")
    best = {"method": name(most["method"]), "share": most["best_share"], "profit": most["best_profit"]}
    return [
        TEXTS.say("targeting.top", language, **facts, **money),
        TEXTS.say(key, language, currency=currency, **best),
        uplift(language),
    ]


def uplift(language: str) -> str:
    """That what the best-ranked customers spend is not what a contact earns."""
    return TEXTS.say("targeting.uplift", language)
