"""Which other sites' pages may use the interface: all of them may read what is public, none sends our cookies."""

from collections.abc import Iterable, Sequence

from quart import Response

from web.api.route import Route

ALLOWED_HEADERS = "authorization, content-type, idempotency-key, if-match, if-none-match"
EXPOSED_HEADERS = "ETag, Idempotent-Replayed, Location, RateLimit, RateLimit-Policy, Retry-After"
PREFLIGHT_SECONDS = 600


class Cors:
    """What is public is for every origin; the rest for the exact ``origins`` of the operator, whose pages send a bearer token.

    ``Access-Control-Allow-Credentials`` is never said, so a browser never sends a cookie of ours along.
    """

    def __init__(self, origins: Iterable[str]) -> None:
        self._origins = frozenset(origins)

    def mark(self, response: Response, route: Route, origin: str | None) -> None:
        """Say on an answer who may read it."""
        if route.public:
            response.headers["Access-Control-Allow-Origin"] = "*"
            response.headers["Access-Control-Expose-Headers"] = EXPOSED_HEADERS
        elif self._origins:
            response.headers.add("Vary", "Origin")
            if origin in self._origins:
                response.headers["Access-Control-Allow-Origin"] = origin or ""
                response.headers["Access-Control-Expose-Headers"] = EXPOSED_HEADERS

    def preflight(self, routes: Sequence[Route], origin: str | None, method: str | None) -> Response:
        """The answer to ``OPTIONS`` at an address with these routes."""
        known = {"OPTIONS", *(route.method for route in routes)}
        methods = ", ".join(sorted(known | ({"HEAD"} if "GET" in known else set())))
        response = Response(b"", status=204, headers={"Allow": methods, "Cache-Control": "no-store"})
        route = next((route for route in routes if route.method == method), None)
        if route is not None:
            self.mark(response, route, origin)
            if "Access-Control-Allow-Origin" in response.headers:
                response.headers["Access-Control-Allow-Methods"] = route.method
                response.headers["Access-Control-Allow-Headers"] = ALLOWED_HEADERS
                response.headers["Access-Control-Max-Age"] = str(PREFLIGHT_SECONDS)
        return response
