"""WHIP over HTTP (RFC 9725), in the name of an ingest node: statuses, headers, limits. The media is elsewhere.

Errors are raised as :class:`FanlightError`; the application turns them into answers.
"""

import asyncio
from contextlib import suppress
from http import HTTPStatus

from quart import Blueprint, Response, current_app, request

from ingest.gateway import Gateway
from ingest.preconditions import if_match
from ingest.rate_limit import RateLimit
from ingest.sdp import LONGEST
from storage.bus.redis import Bus
from storage.clock import Clock, SystemClock
from storage.model.channel import StreamKey
from storage.model.errors import BadInput, ErrorCode, Refused, Unavailable
from storage.model.ids import ChannelName, SessionId
from storage.opening import Storage
from storage.publishing import Permit, Publishing
from storage.settings import Settings

SDP = "application/sdp"
FRAGMENT = "application/trickle-ice-sdpfrag"
POSTS_PER_MINUTE = 20.0
POST_BURST = 10
_LONGEST_KEY = 2048
_BODY_SECONDS = 10.0
# Read on a little and throw away: an answer to a client that still sends is lost when its connection is reset.
_LONGEST_READ = 8 * LONGEST
_ENDPOINT_METHODS = "OPTIONS, GET, HEAD, POST"
_SESSION_METHODS = "OPTIONS, GET, HEAD, PATCH, DELETE"
_EVERY_METHOD = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
_CORS = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Allow-Methods": "OPTIONS, POST, PATCH, DELETE",
    "Access-Control-Allow-Headers": "authorization, content-type, if-match, etag",
    # @eyevinn/whip-web-client reads the allowed methods from script to find out whether it may trickle.
    "Access-Control-Expose-Headers": "Location, ETag, Link, Accept-Post, Accept-Patch, Access-Control-Allow-Methods, Retry-After",
    "Access-Control-Max-Age": "600",
}


def whip_blueprint(bus: Bus, storage: Storage, settings: Settings, clock: Clock | None = None) -> Blueprint:
    """Routes ``/whip/<channel>`` and ``/whip/<channel>/<session>``."""
    blueprint = Blueprint("whip", __name__)
    clock = clock or SystemClock()
    whip = _Whip(Gateway(bus, clock), storage, settings, clock)
    for rule, view in (("/whip/<channel>", whip.endpoint), ("/whip/<channel>/<session>", whip.session)):
        blueprint.add_url_rule(rule, view_func=view, methods=_EVERY_METHOD, provide_automatic_options=False)
    blueprint.after_request(_describe)
    return blueprint


class _Whip:
    def __init__(self, gateway: Gateway, storage: Storage, settings: Settings, clock: Clock) -> None:
        self._gateway = gateway
        self._storage = storage
        self._publishing = Publishing(storage)
        self._clock = clock
        self._links = [ice_server_link(server) for server in settings.ice_servers]
        self._limit = RateLimit(burst=POST_BURST, per_minute=POSTS_PER_MINUTE)

    async def endpoint(self, channel: str) -> Response:
        if request.method == "POST":
            return await self._publish(channel)
        return self._about(_ENDPOINT_METHODS, {"Accept-Post": SDP})

    async def session(self, channel: str, session: str) -> Response:
        if request.method == "PATCH":
            return await self._patch(channel, SessionId(session))
        if request.method == "DELETE":
            name, _ = await self._authorized(channel)
            await self._gateway.end(name, SessionId(session))
            return Response(status=HTTPStatus.OK)
        if request.method in {"GET", "HEAD"}:
            await self._gateway.find(SessionId(session))
        return self._about(_SESSION_METHODS, {"Accept-Patch": FRAGMENT})

    async def _authorized(self, name: str) -> tuple[ChannelName, Permit]:
        permit = await self._publishing.permit(name, bearer(request.headers.get("Authorization")))
        return permit.channel, permit

    async def _publish(self, channel: str) -> Response:
        name, permit = await self._authorized(channel)
        if wait := self._limit.take(permit.by, self._clock.monotonic()):
            raise Unavailable(ErrorCode.TOO_MANY_REQUESTS, "This stream key opens sessions too fast.", retry_after=wait + 1)
        offer = await body(SDP)
        await self._publishing.announce(permit)
        reply = await self._gateway.publish(name, offer, permit.digest, by=permit.by)
        if permit.key is not None:
            self._remember_use(permit.key)
        response = Response(reply.answer, status=HTTPStatus.CREATED, content_type=SDP)
        # A path without a query: OBS loses the query of a relative address.
        response.headers["Location"] = f"/whip/{name}/{reply.session}"
        response.headers["ETag"] = reply.etag
        response.headers["Accept-Patch"] = FRAGMENT
        self._link(response)
        return response

    def _remember_use(self, key: StreamKey) -> None:
        """Beside the publish, which does not wait for it."""

        async def used() -> None:
            with suppress(Unavailable):
                await self._storage.stream_keys.used(key)

        current_app.add_background_task(used)

    async def _patch(self, channel: str, session: SessionId) -> Response:
        name, _ = await self._authorized(channel)
        reply = await self._gateway.trickle(name, session, await body(FRAGMENT), if_match(request.headers))
        if not reply.fragment:
            return Response(status=HTTPStatus.NO_CONTENT)
        response = Response(reply.fragment, status=HTTPStatus.OK, content_type=FRAGMENT)
        response.headers["ETag"] = reply.etag
        return response

    def _about(self, methods: str, headers: dict[str, str]) -> Response:
        preflight = request.method == "OPTIONS" and "Access-Control-Request-Method" in request.headers
        if request.method in {"GET", "HEAD"} or preflight:
            return Response(status=HTTPStatus.NO_CONTENT)
        if request.method != "OPTIONS":
            raise BadInput(ErrorCode.METHOD_NOT_ALLOWED, f"This address knows {methods}.")
        response = Response(status=HTTPStatus.OK)
        response.headers.update({"Allow": methods, **headers})
        self._link(response)
        return response

    def _link(self, response: Response) -> None:
        for link in self._links:
            response.headers.add("Link", link)


async def _describe(response: Response) -> Response:
    response.headers.update(_CORS)
    response.headers.setdefault("Cache-Control", "no-store")
    if response.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        response.headers["Allow"] = _SESSION_METHODS if request.view_args and "session" in request.view_args else _ENDPOINT_METHODS
    if response.status_code == HTTPStatus.UNSUPPORTED_MEDIA_TYPE:
        # RFC 9110 section 15.5.16, RFC 5789 section 2.2.
        name, kind = ("Accept-Patch", FRAGMENT) if request.method == "PATCH" else ("Accept-Post", SDP)
        response.headers[name] = kind
    return response


def bearer(header: str | None) -> str:
    """The token of an ``Authorization: Bearer`` header (RFC 6750 section 2.1).

    Raises:
        Refused: ``KEY_MISSING``, ``KEY_REFUSED``.
    """
    scheme, _, token = (header or "").partition(" ")
    token = token.strip()
    if scheme.lower() != "bearer" or not token:
        raise Refused(ErrorCode.KEY_MISSING, "Publishing needs the channel's stream key, as 'Authorization: Bearer KEY'.")
    if len(token) > _LONGEST_KEY:
        raise Refused(ErrorCode.KEY_REFUSED, "The stream key is not one of this channel.")
    return token


async def body(kind: str) -> str:
    """The request's body, which must be of a content type.

    Raises:
        BadInput: ``UNSUPPORTED_MEDIA_TYPE``, ``BODY_TOO_LARGE``, ``BAD_SDP``, ``BAD_REQUEST``.
    """
    if request.mimetype != kind:
        raise BadInput(ErrorCode.UNSUPPORTED_MEDIA_TYPE, f"The body must be {kind}.")
    data = bytearray()
    size = 0
    try:
        async with asyncio.timeout(_BODY_SECONDS):
            async for chunk in request.body:
                size += len(chunk)
                if size <= LONGEST:
                    data += chunk
                elif size > _LONGEST_READ:
                    break
    except TimeoutError:
        raise BadInput(ErrorCode.BAD_REQUEST, "The body took too long to arrive.") from None
    if size > LONGEST:
        raise BadInput(ErrorCode.BODY_TOO_LARGE, f"The body has at most {LONGEST} bytes.")
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        raise BadInput(ErrorCode.BAD_SDP, "A session description is UTF-8 text.") from error


def ice_server_link(server: str) -> str:
    """A ``Link`` value (RFC 9725 section 4.6) for one of ``FANLIGHT_ICE_SERVERS``, written ``turn:host:port|user|credential``."""
    url, user, credential = (*server.split("|"), "", "")[:3]
    link = f'<{url}>; rel="ice-server"'
    if user:
        link += f'; username="{_quoted(user)}"; credential="{_quoted(credential)}"; credential-type="password"'
    return link


def _quoted(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')
