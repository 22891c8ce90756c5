"""An invented shop with orders, channels, categories and more products than a table shows, by a known rule."""

from pathlib import Path

import numpy as np
import pandas as pd

CODEBOOK = """\
kind: transactions
key: channel_shop
title: {en: A shop of tea}
about: {en: Invented.}
file: lines.csv
committed: false
how_to_get: invented
source: invented
citation: none
licence: none
columns: {customer: customer, time: time, amount: amount, order: order, product: product, category: category,
  channel: channel}
time_format: "%Y-%m-%d %H:%M"
last_day: "2021-12-31"
currency: EUR
rules: {returns: net, duplicates: keep}
"""
CUTOFF, HOLDOUT_END = "2021-08-31", "2021-12-31"
CATEGORIES, PRODUCTS = 25, 60


def channel_shop(customers: int = 400, seed: int = 4) -> pd.DataFrame:
    """Lines: every fourth customer orders thrice as often, half of it by the web, and half of the lines in kind 00."""
    draw = np.random.default_rng(seed)
    rows = []
    for i in range(customers):
        keen = i % 4 == 0
        for number in range(1 + draw.poisson(9 if keen else 3)):
            time = pd.Timestamp("2021-01-01") + pd.Timedelta(minutes=int(draw.integers(0, 365 * 24 * 60)))
            channel = draw.choice(["web", "store", "phone"], p=[0.5, 0.4, 0.1] if keen else [0.1, 0.8, 0.1])
            for _ in range(1 + draw.poisson(1)):
                product = 0 if keen and draw.random() < 0.5 else int(draw.integers(0, PRODUCTS))
                amount = round(float(draw.gamma(4, 5)), 2) * (-1 if draw.random() < 0.03 else 1)
                category = f"kind {product % CATEGORIES:02d}"
                rows.append((f"c{i:03d}", time, amount, f"o{i}-{number}", f"tea {product:02d}", category, channel))
    return pd.DataFrame(rows, columns=["customer", "time", "amount", "order", "product", "category", "channel"])


def write_channel_shop(folder: Path) -> pd.DataFrame:
    """The shop as a data set in `folder`; its lines."""
    lines = channel_shop()
    (folder / "codebook.yaml").write_text(CODEBOOK, encoding="utf-8")
    lines.assign(time=lines["time"].dt.strftime("%Y-%m-%d %H:%M")).to_csv(folder / "lines.csv", index=False)
    return lines
