"""The built front end: its pages by their public addresses, its assets by their hashed names."""

from pathlib import Path

from quart import Blueprint, Response, render_template, request
from werkzeug.security import safe_join

from storage.model.errors import ErrorCode, NotFound

STATIC = Path(__file__).parent / "static"
PAGES = {
    "/": "index",
    "/watch/<channel>": "watch",
    "/embed/<channel>": "embed",
    "/chat/<channel>": "chat",
    "/studio": "studio",
    "/signin": "sign",
    "/signup": "sign",
    "/reset": "sign",
    "/verify": "sign",
    "/account": "account",
    "/dashboard": "dashboard",
    "/dashboard/<channel>": "dashboard",
    "/moderate/<channel>": "moderate",
    "/calls": "calls",
    "/calls/<call>": "call",
    "/admin": "admin",
}
"""Which page stands at which address."""

_FOREVER = "public, max-age=31536000, immutable"
_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".ico": "image/x-icon",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".map": "application/json",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
    ".webmanifest": "application/manifest+json",
    ".woff2": "font/woff2",
}


def pages_blueprint(static: Path = STATIC) -> Blueprint:
    """Every page, from the folder the front end was built into."""
    blueprint = Blueprint("pages", __name__)

    for address, name in PAGES.items():
        # A page reads its channel from its own address.
        async def page(name: str = name, **_: str) -> Response:
            return await _page(static, f"{name}.html")

        blueprint.add_url_rule(address, f"{name}:{address}", page)

    @blueprint.get("/favicon.ico")
    async def favicon() -> Response:
        return _file(static, "favicon.svg", "public, max-age=3600")

    @blueprint.get("/static/<path:name>")
    async def asset(name: str) -> Response:
        return _file(static, name, _FOREVER if name.startswith("assets/") else "public, max-age=3600")

    return blueprint


async def _page(static: Path, name: str) -> Response:
    page = static / name
    if not page.is_file():
        return Response(
            await render_template("unbuilt.html"), status=503, content_type=_TYPES[".html"], headers={"Cache-Control": "no-store"}
        )
    return Response(page.read_bytes(), content_type=_TYPES[".html"], headers={"Cache-Control": "no-cache"})


def _file(static: Path, name: str, cache: str) -> Response:
    joined = safe_join(str(static), name)
    path = Path(joined) if joined is not None else None
    if path is None or not path.is_file() or path.suffix not in _TYPES:
        raise NotFound(ErrorCode.NOT_FOUND, "There is no such file.")
    response = Response(path.read_bytes(), content_type=_TYPES[path.suffix], headers={"Cache-Control": cache})
    response.set_etag(f"{path.stat().st_mtime_ns:x}-{path.stat().st_size:x}")
    if request.if_none_match.contains(response.get_etag()[0] or ""):
        return Response(b"", status=304, headers={"Cache-Control": cache, "ETag": response.headers["ETag"]})
    return response


def wants_page(path: str, accept: str) -> bool:
    """Whether an error at ``path`` is better told by a page: a browser asks for HTML, and not of the interface."""
    return "text/html" in accept and not path.startswith(("/api/", "/whip/", "/whep/", "/static/"))
