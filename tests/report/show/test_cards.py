"""Cards show every text as text, and say all they hold where there is no page."""

from crmresearch.report.show.cards import Card, show_cards


def test_every_text_of_a_card_is_escaped_and_told() -> None:
    texts = [f"<img src=x> & {i}" for i in range(9)]
    card = Card(texts[0], ((texts[1], texts[2]),), ((texts[3], texts[4]),), (texts[5], texts[6]), (texts[7], texts[8]))
    html = show_cards([card])._repr_html_()
    assert "<img" not in html
    assert all(f"&lt;img src=x&gt; &amp; {i}" in html for i in range(9))
    assert all(text in repr(show_cards([card])) for text in texts)


def test_what_is_empty_is_left_out() -> None:
    html = show_cards([Card("A"), Card("B", faint=True)])._repr_html_()
    assert html.count("<article") == 2
    assert "faint" in html
    assert "<dl>" not in html
    assert "<p" not in html
