"""SDP fragments of a PATCH (RFC 8840, RFC 9725 section 4.3): what they ask for. Pure.

Clients write them in many shapes: bare, with every mid as ``m=audio``, with component 0 or addresses in brackets. The
candidates in them don't matter to an ICE-lite agent, so only the credentials are read.
"""

from ingest.ice import IceCredentials
from ingest.sdp import ice_credentials, refused, split_lines

_KNOWN = (
    "a=ice-ufrag:",
    "a=ice-pwd:",
    "a=candidate:",
    "a=end-of-candidates",
    "a=mid:",
    "a=ice-options:",
    "a=ice-pacing:",
    "a=group:",
    "m=",
)


def parse_fragment(text: str) -> IceCredentials | None:
    """The credentials the fragment names, None where it only brings candidates.

    Raises:
        BadInput: ``BAD_SDP``: no fragment, or half a pair of credentials.
    """
    lines = split_lines(text)
    if not any(line.startswith(_KNOWN) for line in lines):
        raise refused("The fragment has neither credentials nor candidates.")
    ufrags = [line.partition(":")[2].strip() for line in lines if line.startswith("a=ice-ufrag:")]
    passwords = [line.partition(":")[2].strip() for line in lines if line.startswith("a=ice-pwd:")]
    if not ufrags and not passwords:
        return None
    if len(set(ufrags)) != 1 or len(set(passwords)) != 1:
        raise refused("A fragment names one ice-ufrag and one ice-pwd.")
    return ice_credentials(ufrags[0], passwords[0])
