"""A long table set side by side keeps every number, the order of its rows, and the kinds that are asked for."""

import pandas as pd

from crmresearch.stories.side_by_side import side_by_side


def test_every_number_stands_in_its_row_and_kind() -> None:
    keys = pd.MultiIndex.from_product([["z", "a"], ["f", "e"], ["sat", "loy"]], names=["segment", "factor", "aim"])
    table = pd.DataFrame({"gain": range(8), "low": range(10, 18), "up": range(20, 28)}, index=keys).reset_index()
    wide = side_by_side(table, ["segment", "factor"], "aim", ("gain", "low", "up"), ["loy", "sat"])
    assert list(wide) == ["segment", "factor", "loy", "loy_lower", "loy_upper", "sat", "sat_lower", "sat_upper"]
    assert (wide["segment"] + wide["factor"]).tolist() == ["zf", "ze", "af", "ae"]
    assert wide.loc[1].tolist()[2:] == [3, 13, 23, 2, 12, 22]
    one = side_by_side(table.query("factor == 'e'"), ["segment"], "aim", ("gain", "low", "up"), ["sat"])
    assert one.to_dict("list") == {"segment": ["z", "a"], "sat": [2, 6], "sat_lower": [12, 16], "sat_upper": [22, 26]}
