"""Where a request ends is told once, or it is refused: the next server in a row could read another end."""

from quart import Quart, Response, request

from storage.model.errors import BadInput, ErrorCode


def install(app: Quart) -> None:
    """Refuse requests with two lengths and end their connections (RFC 9112 section 6.3); Hypercorn would take them and go on."""

    @app.before_request
    async def refuse() -> None:
        if _has_two_lengths():
            raise BadInput(ErrorCode.BAD_REQUEST, "A request tells its length once.")

    @app.after_request
    async def hang_up(response: Response) -> Response:
        if _has_two_lengths():
            response.headers["Connection"] = "close"
        return response


def _has_two_lengths() -> bool:
    return "Transfer-Encoding" in request.headers and "Content-Length" in request.headers
