"""Calls: who is in one, and what their browsers tell each other through us to talk directly. Media never comes here."""
