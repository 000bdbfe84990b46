"""What the repositories share: the database, the clock, new ids."""

from datetime import datetime

from storage.clock import Clock, utc_now
from storage.database.engine import Database
from storage.model.ids import RecordId, new_record_id


class Repository:
    """Every method raises ``Unavailable(DATABASE_UNAVAILABLE)`` when the database does not answer within its deadline."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def _new_id(self) -> RecordId:
        return new_record_id(self._clock.unix_ns() // 1_000_000)

    def _now(self) -> datetime:
        return utc_now(self._clock)
