"""What the web role counts."""

from prometheus_client import Counter, Gauge

REQUESTS = Counter("fanlight_web_requests", "Requests answered, by endpoint and HTTP status.", ["endpoint", "status"])
STREAMS = Gauge("fanlight_web_event_streams", "Event streams open now.")
REPORTS = Counter("fanlight_web_latency_reports", "Latency reports taken from players.")
FORGOTTEN = Counter("fanlight_web_latency_reports_forgotten", "Players and channels forgotten because there were too many.")
SIGN_INS = Counter("fanlight_web_sign_ins", "Tries to sign in, by how they ended.", ["outcome"])
FAILURES = Counter("fanlight_web_reader_failures", "Times a background reader failed and was started again.", ["reader"])
EVENTS_LOST = Counter("fanlight_web_events_lost", "Events no webhook was told of because the database did not answer.")
WEBHOOK_ATTEMPTS = Counter("fanlight_web_webhook_attempts", "Attempts to deliver an event to a webhook.", ["outcome"])
MAILS = Counter("fanlight_mails", "Mails by what became of them: sent, failed (given up), unwritten (the database was away).", ["outcome"])
