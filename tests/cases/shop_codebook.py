"""The codebook of one invented shop, with what a test changes of it."""


def shop_codebook(*, also: str = "", more: str = "", last_day: str | None = "2021-12-31") -> str:
    """`also`: further columns by role; `more`: further lines."""
    return f"""\
kind: transactions
key: shop
title: {{en: Shop}}
about: {{en: One shop}}
file: shop.csv
committed: false
how_to_get: Ask the owner.
source: made up
citation: none
licence: none
columns: {{customer: who, time: when, amount: paid{also}}}
{f'last_day: "{last_day}"' if last_day else ""}
currency: EUR
rules: {{returns: net, duplicates: keep}}
{more}"""
