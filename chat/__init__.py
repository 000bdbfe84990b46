"""Rooms, moderation and call signalling."""
