"""A page of HTML as tests read it."""

from html.parser import HTMLParser


class Page(HTMLParser):
    """Elements in document order, with their attributes and text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.text: list[str] = []
        self.skipping = 0
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {name: value or "" for name, value in attrs}))
        self.skipping += tag in ("style", "script", "pre")

    def handle_endtag(self, tag: str) -> None:
        self.skipping -= tag in ("style", "script", "pre")

    def handle_data(self, data: str) -> None:
        if not self.skipping:
            self.text.append(data)

    def all(self, tag: str, **attributes: str) -> list[dict[str, str]]:
        return [
            found
            for name, found in self.elements
            if name == tag and all(found.get(key) == value for key, value in attributes.items())
        ]

    @property
    def ids(self) -> list[str]:
        return [attributes["id"] for _, attributes in self.elements if "id" in attributes]
