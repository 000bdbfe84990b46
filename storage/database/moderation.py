"""What the teams of channels work with, in one place."""

from functools import cached_property

from storage.clock import Clock
from storage.database.chat_actions import ActionRepository
from storage.database.chat_appeals import AppealRepository
from storage.database.chat_deletions import DeletionRepository
from storage.database.chat_notes import NoteRepository
from storage.database.chat_people import PeopleRepository
from storage.database.chat_pins import PinRepository
from storage.database.chat_queue import QueueRepository
from storage.database.chat_restrictions import RestrictionRepository
from storage.database.chat_settings import ChatSettingsRepository
from storage.database.chat_terms import TermRepository
from storage.database.engine import Database


class ModerationRecords:
    """One repository for each noun."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    @cached_property
    def actions(self) -> ActionRepository:
        """The moderation logs."""
        return ActionRepository(self._database, self._clock)

    @cached_property
    def appeals(self) -> AppealRepository:
        """Appeals against bans."""
        return AppealRepository(self._database, self._clock)

    @cached_property
    def deletions(self) -> DeletionRepository:
        """Takes messages away."""
        return DeletionRepository(self._database, self._clock)

    @cached_property
    def notes(self) -> NoteRepository:
        """What is written down about accounts."""
        return NoteRepository(self._database, self._clock)

    @cached_property
    def people(self) -> PeopleRepository:
        """Who writes."""
        return PeopleRepository(self._database, self._clock)

    @cached_property
    def pins(self) -> PinRepository:
        """What is kept above all others."""
        return PinRepository(self._database, self._clock)

    @cached_property
    def queue(self) -> QueueRepository:
        """Messages that wait for a decision."""
        return QueueRepository(self._database, self._clock)

    @cached_property
    def restrictions(self) -> RestrictionRepository:
        """Timeouts, warnings and suspicion."""
        return RestrictionRepository(self._database, self._clock)

    @cached_property
    def settings(self) -> ChatSettingsRepository:
        """How rooms are run."""
        return ChatSettingsRepository(self._database, self._clock)

    @cached_property
    def terms(self) -> TermRepository:
        """What is blocked, held and permitted."""
        return TermRepository(self._database, self._clock)
