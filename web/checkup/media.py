"""Do datagrams reach the media port at the addresses that are told to publishers?

The server answers no stranger, so the doctor becomes a publisher of a channel that can't exist: it asks a running ingest
node for a session, checks every candidate of its answer with a signed STUN binding request, and ends the session.
Without a running instance, it binds the port and sends itself a datagram by way of each address.
"""

import asyncio
import ipaddress
import re
import secrets
import socket

from ingest import stun
from ingest.addresses import WILDCARDS, Addresses
from storage.bus.messages import EndCall, NodeInfo, PublishCall, PublishReply
from storage.bus.redis import Bus
from storage.model.errors import FanlightError
from storage.model.ids import ChannelName
from storage.settings import Settings
from web.checkup.finding import Finding, fail, ok, warn

CHANNEL = ChannelName("_doctor")
"""Not a name a channel can have, so it disturbs none."""
CALL_DEADLINE = 5.0
TRIES = 3
WAIT = 1.0
"""Seconds for the answer to one datagram."""

_FINGERPRINT = ":".join(["00"] * 32)
_CANDIDATE = re.compile(r"^a=candidate:\S+ 1 udp \d+ (?P<host>\S+) (?P<port>\d+) typ host", re.IGNORECASE | re.MULTILINE)


async def check_running_media(bus: Bus, settings: Settings) -> list[Finding]:
    """One finding per announced address of every ingest node."""
    nodes = [node for node in await bus.read_all("fl:node:", NodeInfo) if "ingest" in node.roles]
    if not nodes:
        return [fail("media", "No ingest node is registered.", "Start one: fanlight up, or fanlight node --roles ingest.")]
    findings: list[Finding] = []
    for node in nodes:
        ufrag = secrets.token_urlsafe(6)
        try:
            reply = await bus.call(node.node, PublishCall(channel=CHANNEL, offer=_offer(ufrag), key_digest=b""), deadline=CALL_DEADLINE)
        except FanlightError as error:
            findings.append(fail(f"media of {node.node}", f"It takes no session: {error.detail}", "Look at its log."))
            continue
        if not isinstance(reply, PublishReply):
            continue
        try:
            findings += await _check_candidates(reply.answer, ufrag, settings)
        finally:
            await bus.call(node.node, EndCall(channel=CHANNEL, session=reply.session), deadline=CALL_DEADLINE)
    return findings


async def check_idle_media(settings: Settings) -> list[Finding]:
    """One finding per announced address, sent through the bound port itself."""
    addresses = Addresses(settings.announced_ips, settings.host)
    return [await _loop(addresses.bind, settings.media_port, address) for address in addresses.announce()]


async def _loop(host: str, number: int, address: str) -> Finding:
    subject = f"{address} UDP {number}"
    loop = asyncio.get_running_loop()
    token = secrets.token_bytes(16)
    family, everywhere = (socket.AF_INET6, "::") if ":" in address else (socket.AF_INET, "0.0.0.0")
    with socket.socket(family, socket.SOCK_DGRAM) as port:
        try:
            port.bind((everywhere if host in WILDCARDS else host, number))
        except OSError as error:
            return fail(subject, f"Can't be bound on {host}: {error.strerror}.", "Free it, or set FANLIGHT_MEDIA_PORT.")
        port.setblocking(False)
        try:
            async with asyncio.timeout(WAIT):
                await loop.sock_sendto(port, token, (address, port.getsockname()[1]))
                while await loop.sock_recv(port, 64) != token:
                    pass
        except (TimeoutError, OSError):
            return _unreached(subject)
    return ok(subject, "A datagram to this address comes back to the media port.")


async def _check_candidates(answer: str, ufrag: str, settings: Settings) -> list[Finding]:
    server_ufrag, password = _attribute(answer, "ice-ufrag"), _attribute(answer, "ice-pwd")
    candidates = dict.fromkeys((match["host"], int(match["port"])) for match in _CANDIDATE.finditer(answer))
    if not candidates:
        return [fail("media", "The answer names no address.", "Set FANLIGHT_ANNOUNCED_IPS to the addresses publishers reach.")]
    findings = [await _bind(host, port, f"{server_ufrag}:{ufrag}", password) for host, port in candidates]
    if settings.host not in {"127.0.0.1", "::1"} and all(ipaddress.ip_address(host).is_private for host, _ in candidates):
        meaning = "Only private addresses are announced: publishers outside this network can't reach them."
        findings.append(warn("announced addresses", meaning, "Set FANLIGHT_ANNOUNCED_IPS to the public address as well."))
    return findings


async def _bind(host: str, port: int, username: str, password: str) -> Finding:
    """A STUN binding request as a controlling agent sends it (RFC 8445 section 7.2.2), without nomination."""
    loop = asyncio.get_running_loop()
    subject = f"{host} UDP {port}"
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_DGRAM) as udp:
        udp.setblocking(False)
        for _ in range(TRIES):
            transaction = secrets.token_bytes(12)
            attributes = {
                stun.USERNAME: username.encode(),
                stun.PRIORITY: (1 << 24).to_bytes(4, "big"),
                stun.ICE_CONTROLLING: secrets.token_bytes(8),
            }
            try:
                async with asyncio.timeout(WAIT):
                    await loop.sock_connect(udp, (host, port))
                    await loop.sock_sendall(udp, stun.request(transaction, attributes, password))
                    message = stun.parse(await loop.sock_recv(udp, 2048))
            except (TimeoutError, OSError):
                continue
            if message and message.kind == stun.BINDING_SUCCESS and message.transaction == transaction:
                return ok(subject, "The media port answers a STUN binding request sent to this address.")
    return _unreached(subject)


def _unreached(subject: str) -> Finding:
    meaning = "Datagrams to this address don't reach the media port: nobody could publish by it."
    advice = "Check FANLIGHT_ANNOUNCED_IPS and that the firewall lets UDP through; a router may not carry packets back inside."
    return fail(subject, meaning, advice)


def _attribute(sdp: str, name: str) -> str:
    match = re.search(rf"^a={name}:(\S+)", sdp, re.MULTILINE)
    return match[1] if match else ""


def _offer(ufrag: str) -> str:
    """An offer that is only good for ICE: its fingerprint belongs to nobody, so DTLS would fail."""
    lines = [
        "v=0",
        "o=- 1 1 IN IP4 127.0.0.1",
        "s=-",
        "t=0 0",
        "a=group:BUNDLE 0",
        "m=audio 9 UDP/TLS/RTP/SAVPF 111",
        "c=IN IP4 0.0.0.0",
        "a=mid:0",
        "a=sendonly",
        "a=rtcp-mux",
        f"a=ice-ufrag:{ufrag}",
        f"a=ice-pwd:{secrets.token_urlsafe(24)}",
        f"a=fingerprint:sha-256 {_FINGERPRINT}",
        "a=setup:actpass",
        "a=rtpmap:111 opus/48000/2",
    ]
    return "".join(f"{line}\r\n" for line in lines)
