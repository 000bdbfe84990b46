"""What chat nodes tell each other of calls: on the bus, in msgpack. Pure."""

import msgspec


class Look(msgspec.Struct, frozen=True, array_like=True, tag="look"):
    """The call changed: read how it is."""

    call: str


class Pass(msgspec.Struct, frozen=True, array_like=True, tag="pass"):
    """Tell the socket of a seat, or of every seat without one, this frame (JSON)."""

    call: str
    seat: str
    frame: bytes


class Decided(msgspec.Struct, frozen=True, array_like=True, tag="decided"):
    """Somebody who waits at the node is let in, or not."""

    call: str
    knock: str
    admit: bool


Message = Look | Pass | Decided

encode = msgspec.msgpack.Encoder().encode
_decoder: msgspec.msgpack.Decoder[Message] = msgspec.msgpack.Decoder(Message)


def decode(data: bytes) -> Message | None:
    """A message, None if it is of a release we don't understand."""
    try:
        return _decoder.decode(data)
    except msgspec.MsgspecError:
        return None
