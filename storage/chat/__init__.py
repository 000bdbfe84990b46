"""What nodes tell each other and clients of a channel's chat, and the settings a room obeys."""
