"""The commands of a channel's chat, for completion."""

from chat.command_table import commands_for
from storage.access import Action
from storage.model.account import Actor
from storage.model.errors import ErrorCode
from storage.opening import Storage
from web.api.route import Noun
from web.schema.chat import ChatCommand, ChatCommands

NOUN = Noun("chat_commands", "Commands of channels' chats.")


class ChatCommandRoutes:
    """Whoever sees the channel sees what they may use; a stranger may use nothing."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage

    @NOUN.route("GET", "/channels/{name}/chat/commands", errors=(ErrorCode.CHANNEL_NOT_FOUND,))
    async def commands(self, name: str, actor: Actor) -> ChatCommands:
        """The commands you may use in the channel's chat."""
        granted = await self._storage.access.require(actor, Action.SEE, name)
        found = commands_for(granted.standing)
        return ChatCommands(commands=tuple(ChatCommand(name=one.name, usage=one.usage, summary=one.summary) for one in found))
