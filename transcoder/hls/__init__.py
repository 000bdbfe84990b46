"""Playlists: their tags, how they are written, and the live window they show. Pure: no I/O, no clock, no ``av``."""
