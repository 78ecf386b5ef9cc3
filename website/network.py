"""What a page of the site would load from somewhere else. Pure.

A reader needs no network, and nobody else learns what they read.
"""

from html.parser import HTMLParser

LOADED = {"script": "src", "link": "href", "img": "src", "iframe": "src", "source": "src", "video": "src"}
"""Elements that load something, by the attribute that says what. A link that is clicked is none of them."""


class _Loads(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.urls: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        url = dict(attrs).get(LOADED.get(tag, "")) or ""
        if "//" in url.partition("?")[0]:
            self.urls.append(url)


def outside(html: str) -> list[str]:
    """The addresses on other hosts that a page loads from."""
    parser = _Loads()
    parser.feed(html)
    return parser.urls
