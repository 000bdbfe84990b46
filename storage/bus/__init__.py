"""Names and messages between nodes, and the one adapter that carries them (Redis protocol)."""
