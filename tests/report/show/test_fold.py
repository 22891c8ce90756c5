"""What is behind a fold stays text, and nothing makes no fold."""

import pandas as pd

from crmresearch.report.show.fold import show_fold
from crmresearch.report.show.tables import show_table


def test_a_fold_has_its_points_and_tables_and_takes_text_for_text() -> None:
    table = show_table(pd.DataFrame({"a": [1]}), "one", "A table")
    fold = show_fold("More & more", table, sentences=["<b>First</b>.", "Second."])
    assert fold is not None
    html = fold._repr_html_()
    assert html.startswith('<details class="crm-fold"><summary>More &amp; more</summary>')
    assert "<li>&lt;b&gt;First&lt;/b&gt;.</li><li>Second.</li>" in html
    assert 'id="table-one"' in html
    assert repr(fold).splitlines()[0] == "More & more"
    assert repr(table) in repr(fold)


def test_nothing_makes_no_fold() -> None:
    assert show_fold("Nothing") is None
