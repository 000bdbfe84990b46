"""Webhooks: events that happen here, told to other people's servers. See ``docs/webhooks.md``."""
