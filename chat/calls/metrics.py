"""What calls count."""

from prometheus_client import Counter, Gauge

CALLS = Gauge("fanlight_calls", "Calls in which this node has somebody.")
SEATS = Gauge("fanlight_call_seats", "Seats in calls whose socket is on this node.")
ENTERED = Counter("fanlight_call_seats_taken", "Seats taken, anew or again after a loss.", ["how"])
LEFT = Counter("fanlight_call_seats_left", "Seats that were left, by how.", ["how"])
SIGNALS = Counter(
    "fanlight_call_signals", "Signals between seats, by whether the other's socket is on this node, or why they were refused.", ["to"]
)
PUT_BACK = Counter("fanlight_calls_put_back", "Calls that this node put back after the bus lost its data.")
