"""A checker of live HLS written from the specification alone: it shares no code with what it checks."""
