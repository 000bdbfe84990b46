"""The web role: pages, the REST interface, and WHIP in the name of an ingest node."""

import contextlib
from collections.abc import AsyncGenerator, Awaitable, Callable

import structlog
from quart import Quart, Response, render_template, request
from werkzeug.exceptions import HTTPException, MethodNotAllowed

from chat.moderation import Moderation
from chat.room_rules import RoomRules
from chat.shows import Shows
from chat.team import Team
from ingest.gateway import Gateway
from ingest.whip import whip_blueprint
from storage.clock import Clock
from storage.model.errors import BadInput, ErrorCode, FanlightError, NotFound, Unavailable
from storage.model.ids import new_node_id
from storage.node import Tasks, every
from storage.opening import Storage
from storage.rate_limits import RateLimits
from storage.sealing import Sealer
from storage.settings import Settings
from web import framing
from web.addresses import Addresses
from web.api.channel_views import ChannelViews
from web.api.cors import Cors
from web.api.description import description_blueprint
from web.api.frame import Frame
from web.api.idempotency import PRUNE_SECONDS, Idempotency
from web.api.parts import Parts
from web.api.table import NOUNS, TABLE
from web.audience import Audience
from web.auth import Authentication, actor
from web.directory import Directory
from web.errors import answer
from web.headers import protect
from web.letters import Letters
from web.mail import Outbox
from web.metrics import FAILURES, REQUESTS
from web.oidc.blueprint import oidc_blueprint
from web.oidc.provider import parse_providers
from web.oidc.sign_in import ExternalSignIns
from web.pages import pages_blueprint, wants_page
from web.pictures import Pictures, pictures_blueprint
from web.recorder import Recorder
from web.titles import Titles
from web.webhooks.post import Poster
from web.webhooks.webhooks import SEALED_FOR, Webhooks

LARGEST_BODY = 8 * 1024 * 1024
"""Bytes: a picture. Each route of the interface has a limit of its own, see ``web.api.route``, and so has WHIP."""

_log = structlog.get_logger("web")


def create_app(settings: Settings, storage: Storage, clock: Clock) -> Quart:
    """The application; its background readers live as long as it serves."""
    app = Quart("web", static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = LARGEST_BODY
    addresses = Addresses(settings)
    directory = Directory(storage.bus, clock)
    audience = Audience(storage.bus, clock, new_node_id("web"))
    pictures = Pictures(storage.objects)
    views = ChannelViews(storage, directory, addresses, clock)
    providers = parse_providers(settings.oidc_providers)
    authentication = Authentication(settings, storage, clock)
    authentication.install(app)

    app.register_blueprint(whip_blueprint(storage.bus, storage, settings, clock))
    idempotency = Idempotency(lambda: storage.idempotency, clock)
    sealer, poster = Sealer(settings.secret, SEALED_FOR), Poster(private=settings.webhook_private)
    webhooks = Webhooks(storage, sealer, poster, clock, node=new_node_id("web"))
    recorder = Recorder(storage, directory, webhooks, clock, new_node_id("web"))
    outbox = Outbox(settings, clock)
    limits = RateLimits(storage.bus, clock, factor=settings.rate_limits)
    frame = Frame(actor, Cors(settings.cors_origins), limits, idempotency)
    team = Team(storage, webhooks.emit)
    parts = Parts(
        settings=settings,
        storage=storage,
        clock=clock,
        addresses=addresses,
        audience=audience,
        authentication=authentication,
        directory=directory,
        gateway=Gateway(storage.bus, clock),
        letters=Letters(storage, outbox, settings.public_url, clock),
        limits=limits,
        moderation=Moderation(team, clock),
        pictures=pictures,
        providers=providers,
        rules=RoomRules(team, clock),
        shows=Shows(team),
        sealer=sealer,
        team=team,
        titles=Titles(storage.channels, clock),
        views=views,
        webhooks=webhooks,
    )
    for noun, make in TABLE:
        app.register_blueprint(frame.blueprint(noun, make(parts)))
    if providers:
        external = ExternalSignIns(storage, authentication, registration=settings.registration)
        attempts = Sealer(settings.secret, "sign-in-attempts")
        app.register_blueprint(oidc_blueprint(providers, settings.public_url, attempts, external, clock))
    app.register_blueprint(pictures_blueprint(pictures))
    app.register_blueprint(description_blueprint(NOUNS))
    app.register_blueprint(pages_blueprint())
    tell_errors(app)
    framing.install(app)
    _armour(app, addresses)

    @app.while_serving
    async def readers() -> AsyncGenerator[None, None]:
        for refresh in (directory.refresh, storage.signing.refresh):
            with contextlib.suppress(Unavailable):
                await refresh()
        async with Tasks("web") as tasks:
            tasks.start("directory", _kept("directory", directory.run, clock))
            tasks.start("audience", _kept("audience", audience.run, clock))
            tasks.start("signing keys", _kept("signing keys", lambda: storage.signing.run(storage.bus), clock))
            tasks.start("idempotency", _kept("idempotency", idempotency.run, clock))
            tasks.start("audit", every(clock, PRUNE_SECONDS, storage.audit.prune, name="audit"))
            tasks.start("webhooks", _kept("webhooks", webhooks.run, clock))
            tasks.start("mail", _kept("mail", outbox.run, clock))
            tasks.start("recorder", _kept("recorder", recorder.run, clock))
            tasks.start("authentication", _kept("authentication", authentication.run, clock))
            tasks.start("sessions", _kept("sessions", authentication.sweep, clock))
            yield

    return app


def _armour(app: Quart, addresses: Addresses) -> None:
    @app.after_request
    async def headers(response: Response) -> Response:
        REQUESTS.labels(request.endpoint or "none", str(response.status_code)).inc()
        host = request.host
        embeddable = request.path.startswith("/embed/")
        return protect(response, addresses.edge_origin(host), addresses.socket_origin(host), embeddable=embeddable)


async def _kept(name: str, run: Callable[[], Awaitable[None]], clock: Clock) -> None:
    """Run for ever. A defect in a reader must not leave a server behind that answers from an old picture."""
    while True:
        try:
            await run()
        except Exception:
            FAILURES.labels(name).inc()
            _log.exception("reader_failed", reader=name)
            await clock.sleep(1.0)


def tell_errors(app: Quart) -> None:
    """Answer every error of ``app`` as a problem, or a browser that asked for a page with one."""

    async def tell(error: FanlightError) -> Response:
        body, status, headers = answer(error)
        if wants_page(request.path, request.headers.get("Accept", "")):
            page = await render_template(
                "problem.html", title=_TITLES.get(status, "Something went wrong"), detail=error.detail, code=error.code
            )
            headers["Content-Type"] = "text/html; charset=utf-8"
            return Response(page, status=status, headers=headers)
        return Response(body, status=status, headers=headers)

    @app.errorhandler(FanlightError)
    async def refused(error: FanlightError) -> Response:
        return await tell(error)

    @app.errorhandler(HTTPException)
    async def http(error: HTTPException) -> Response:
        response = await tell(_BY_STATUS.get(error.code or 500, _internal)())
        if isinstance(error, MethodNotAllowed) and error.valid_methods:
            response.headers["Allow"] = ", ".join(sorted(error.valid_methods))
        return response

    @app.errorhandler(Exception)
    async def fault(error: Exception) -> Response:
        _log.exception("request failed", path=request.path, error=type(error).__name__)
        return await tell(_internal())


def _internal() -> FanlightError:
    return FanlightError(ErrorCode.INTERNAL, "The server made a mistake; its log says more. Try again.")


_TITLES = {404: "There is nothing here", 503: "Not available just now"}

_BY_STATUS: dict[int, Callable[[], FanlightError]] = {
    400: lambda: BadInput(ErrorCode.BAD_REQUEST, "The request can't be read."),
    404: lambda: NotFound(ErrorCode.NOT_FOUND, "There is no page at this address."),
    405: lambda: BadInput(ErrorCode.METHOD_NOT_ALLOWED, "This address knows other methods only; see the Allow header."),
    408: lambda: BadInput(ErrorCode.BAD_REQUEST, "The request took too long to arrive."),
    413: lambda: BadInput(ErrorCode.BODY_TOO_LARGE, "The request's body is larger than anything here takes."),
    415: lambda: BadInput(ErrorCode.UNSUPPORTED_MEDIA_TYPE, "This address takes another content type."),
}
