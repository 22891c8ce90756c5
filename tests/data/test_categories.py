"""Sales of categories: a shop by hand, its edges, and the mistakes a caller can make."""

import pandas as pd
import pytest
from shop_codebook import shop_codebook

from crmresearch.data.categories import category_sales
from crmresearch.data.transactions.transactions import load_transactions
from crmresearch.errors import ParameterError
from crmresearch.segmentation.methods.portfolio import portfolio_matrix

CODEBOOK = shop_codebook(also=", category: kind")
# cut-off 2021-01-20 and windows of 10 days: 1–10 January, then 11–20 January
LINES = """\
who,when,paid,kind
ann,2021-01-01,10,tea
ann,2021-01-10 23:59:59,5,tea
ann,2021-01-11,40,tea
bob,2021-01-20 23:59:59,20,cake
bob,2021-01-20,-0.1,cake
bob,2021-01-21,1000,cake
cid,2021-01-05,60,wine
cid,2021-01-15,7,
dan,2021-01-30,9,milk
"""


@pytest.fixture
def shop(tmp_path):
    """The transactions of the shop, with the columns given."""

    def load(columns: str = ", category: kind"):
        (tmp_path / "codebook.yaml").write_text(CODEBOOK.replace(", category: kind", columns), encoding="utf-8")
        (tmp_path / "shop.csv").write_text(LINES, encoding="utf-8")
        return load_transactions(str(tmp_path))

    return load


def test_sales_of_two_windows_by_hand(shop):
    expected = pd.DataFrame(
        {"category": ["tea", "cake", "wine"], "current": [40.0, 19.9, 0.0], "previous": [15.0, 0.0, 60.0]}
    )
    sales = category_sales(shop(), "2021-01-20", 10)
    pd.testing.assert_frame_equal(sales, expected.astype({"category": "str"}))
    parts = category_sales(shop(), "2021-01-20", 10, by_customer=True)
    assert parts.columns.tolist() == ["customer", "category", "current", "previous"]
    assert parts.groupby("category")["current"].sum().to_dict() == {"tea": 40, "cake": pytest.approx(19.9), "wine": 0}
    matrix = portfolio_matrix(*(sales.set_index("category")[window] for window in ("current", "previous")))
    # the mean category sells 19.97 now; the whole shrank from 75 to 59.9, so tea and cake grow against it
    assert matrix["quadrant"].to_dict() == {"tea": "star", "cake": "question_mark", "wine": "dog"}


@pytest.mark.parametrize(
    ("cutoff", "days", "sentence"),
    [
        (
            "2021-01-20",
            11,
            r"11 days before 2021-01-20 reach from 2020-12-30 .*; choose a `cutoff` from 2021-01-22 to",
        ),
        ("2022-01-01", 10, r"choose a `cutoff` from 2021-01-20 to 2021-12-31, or fewer `days`"),
        ("2021-07-01", 200, r"choose fewer `days`, 182 at most"),
        ("2021-01-20", 0, r"`days` must be a whole number of days, 1 or more; it is 0"),
        ("soon", 10, r"`cutoff` must be a date"),
    ],
)
def test_windows_the_data_do_not_cover_are_refused(shop, cutoff, days, sentence):
    with pytest.raises(ParameterError, match=sentence):
        category_sales(shop(), cutoff, days)


def test_without_a_column_of_categories_there_are_no_sales_of_them(shop):
    with pytest.raises(ParameterError, match="shop has no column of categories"):
        category_sales(shop(""), "2021-01-20", 10)
