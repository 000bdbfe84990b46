"""The command ``fanlight``. Each subcommand is a module of ``web.command`` offering ``configure(parser)`` and ``run(arguments)``."""

import argparse
import importlib
import sys
from collections.abc import Sequence
from importlib.metadata import version

from storage.model.errors import BadInput, FanlightError

COMMANDS = {
    "up": "Run everything on this machine until Ctrl-C.",
    "node": "Run chosen roles against a shared Redis, database and bucket.",
    "account": "Create accounts, list them, reset a password, ban.",
    "channel": "Create channels and stream keys, list and revoke them.",
    "keys": "List and rotate the keys that sessions' tokens are signed with.",
    "publish": "Publish a file or a test pattern by WHIP.",
    "doctor": "Check this machine and say what to do.",
    "migrate": "Bring the database to the current schema.",
}
"""Name to help line; the module of a command is only imported when it is the one asked for, so an edge node never loads codecs."""

FAILED = 1
REFUSED = 2


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command.

    Returns:
        The exit status: 0 done, 1 failed, 2 the request or the settings are wrong.
    """
    words = sys.argv[1:] if argv is None else list(argv)
    parser = argparse.ArgumentParser(prog="fanlight", description="Go live from a browser tab, watch in any HLS player.")
    parser.add_argument("--version", action="version", version=f"fanlight {version('fanlight')}")
    choices = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    chosen = next((word for word in words if not word.startswith("-")), None)
    for name, line in COMMANDS.items():
        child = choices.add_parser(name, help=line, description=line)
        if name == chosen:
            module = importlib.import_module(f"web.command.{name}")
            module.configure(child)
            child.set_defaults(run=module.run)
    arguments = parser.parse_args(words)
    try:
        return int(arguments.run(arguments))
    except FanlightError as error:
        print(f"fanlight: {error.detail}", file=sys.stderr)
        return REFUSED if isinstance(error, BadInput) else FAILED
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
