"""Counters of what dependencies did to us, in the registry every role serves at ``/metrics``."""

from prometheus_client import Counter

BUS_FAILURES = Counter("fanlight_bus_failures", "Commands to the bus that failed for good.", ["reason"])
DATABASE_FAILURES = Counter("fanlight_database_failures", "Transactions that failed because the database did not answer.", ["reason"])
OBJECT_RETRIES = Counter("fanlight_object_retries", "Calls to the object store that were tried again.", ["reason"])
OBJECT_FAILURES = Counter("fanlight_object_failures", "Calls to the object store that failed for good.")
AUDIT_LOST = Counter("fanlight_audit_entries_lost", "Audit entries the database did not take; they are in the log.")
