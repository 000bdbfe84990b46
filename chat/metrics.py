"""What sockets count."""

from prometheus_client import Counter, Gauge

SOCKETS = Gauge("fanlight_chat_sockets", "Realtime sockets open now.")
CLOSED = Counter("fanlight_chat_sockets_closed", "Realtime sockets closed, by the code they were closed with.", ["code"])
REFUSED = Counter("fanlight_chat_upgrades_refused", "Upgrades to a realtime socket refused before they were one.", ["code"])
RECEIVED = Counter("fanlight_chat_frames_received", "Requests that came on realtime sockets, by type.", ["type"])
FAILURES = Counter("fanlight_chat_failures", "Requests on realtime sockets that ran into a defect of ours, or took too long.")
COMMITTED = Counter("fanlight_chat_messages", "Messages that were written.")
MESSAGES_REFUSED = Counter("fanlight_chat_messages_refused", "Messages that the rules refused, by code.", ["code"])
HOLES = Counter("fanlight_chat_holes", "Rooms that began anew on this node because events were forgotten before it had read them.")
HINTS_LOST = Counter("fanlight_chat_hints_lost", "Hints that were not told because the bus was away; the log has them.")
NEWCOMERS_PASSED_OVER = Counter(
    "fanlight_chat_newcomers_passed_over", "Newcomers that were not compared with who is banned, because too many came at once."
)
