"""A small shop of orders with products, written with its codebook."""

from pathlib import Path

import pandas as pd
import yaml


def shop(folder: Path, frame: pd.DataFrame, last_day: str = "2024-12-31", **columns: str) -> str:
    """A shop of this frame; its columns customer, day and amount, and those named."""
    folder.mkdir(exist_ok=True)
    frame.to_csv(folder / "lines.csv", index=False)
    told = {"kind": "transactions", "key": "shop", "title": {"en": "A shop"}, "about": {"en": "A shop."},
            "file": "lines.csv", "committed": False, "how_to_get": "–", "source": "–", "citation": "–", "licence": "–",
            "columns": {"customer": "customer", "time": "day", "amount": "amount", **columns},
            "last_day": last_day, "currency": "EUR", "rules": {"returns": "net", "duplicates": "keep"}}  # fmt: skip
    (folder / "codebook.yaml").write_text(yaml.safe_dump(told), encoding="utf-8")
    return str(folder)


LINES = pd.DataFrame(
    [("a", "2024-01-01", 5.0, "1", "tea"), ("a", "2024-01-01", 3.0, "1", "milk"), ("a", "2024-01-01", 3.0, "1", "milk"),
     ("a", "2024-02-01", 5.0, "2", "tea"), ("a", "2024-02-01", -5.0, "2", "cups"), ("b", "2024-02-01", 5.0, "2", "tea"),
     ("b", "2024-02-03", 5.0, None, "jam"), ("b", "2024-02-03", 5.0, None, "tea"),
     ("b", "2024-02-04", 5.0, None, "tea"),
     ("b", "2024-03-01", 1.0, "3", "post"), ("c", "2024-03-01", 5.0, "4", None)],
    columns=["customer", "day", "amount", "number", "what"],
)  # fmt: skip
