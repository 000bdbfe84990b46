"""What a page says of itself in its head. Pure: whatever the page is, this reads it and runs nothing."""

from dataclasses import dataclass
from html.parser import HTMLParser

LONGEST_TITLE = 120
LONGEST_DESCRIPTION = 200
LONGEST_SITE = 60

_NAMES = {
    "og:title": "title",
    "twitter:title": "title",
    "og:description": "description",
    "twitter:description": "description",
    "description": "description",
    "og:site_name": "site",
}


@dataclass(frozen=True, slots=True)
class Head:
    """Plain text; empty where the page does not say it."""

    title: str = ""
    description: str = ""
    site: str = ""


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: dict[str, str] = {}
        self.title: list[str] = []
        self._in_title = False
        self.over = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "title":
            self._in_title = True
        elif tag == "body":
            self.over = True
        elif tag == "meta" and not self.over:
            named = dict(attrs)
            name = _NAMES.get((named.get("property") or named.get("name") or "").lower())
            if name is not None:
                self.found.setdefault(name, named.get("content") or "")

    def handle_endtag(self, tag: str) -> None:
        if tag == "title":
            self._in_title = False
        elif tag == "head":
            self.over = True

    def handle_data(self, data: str) -> None:
        if self._in_title and not self.over:
            self.title.append(data)


def read_head(page: str) -> Head:
    """What a page, or the beginning of one, says of itself."""
    reader = _Reader()
    # Read on to the end: what is cut off in the middle of a tag is no tag.
    reader.feed(page)
    title = reader.found.get("title") or "".join(reader.title)
    return Head(
        _line(title, LONGEST_TITLE),
        _line(reader.found.get("description", ""), LONGEST_DESCRIPTION),
        _line(reader.found.get("site", ""), LONGEST_SITE),
    )


def _line(text: str, longest: int) -> str:
    """One line without what can't be seen or turns text around."""
    words = "".join(one if one.isprintable() else " " for one in text).split()
    line = " ".join(words)
    return line if len(line) <= longest else line[: longest - 1].rstrip() + "…"
