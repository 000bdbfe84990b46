"""The project's own files, as the architecture tests look at them."""

import ast
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGES = ("storage", "ingest", "transcoder", "chat", "web")
GENERATED = ("web/static/", "web/frontend/node_modules/")


@cache
def tracked() -> tuple[str, ...]:
    """Paths of the files git knows or would add; outside a git clone, of every file that is not generated."""
    try:
        listed = subprocess.run(
            ["git", "ls-files", "--cached", "--others", "--exclude-standard"], cwd=ROOT, capture_output=True, text=True, check=True
        )
        names = listed.stdout.splitlines()
    except (OSError, subprocess.CalledProcessError):
        names = [str(path.relative_to(ROOT)) for path in ROOT.rglob("*") if path.is_file() and ".venv" not in path.parts]
    return tuple(sorted(name for name in names if not name.startswith(GENERATED) and (ROOT / name).is_file()))


def python_files(*packages: str) -> Iterator[str]:
    """Python files below the given top-level folders."""
    return (name for name in tracked() if name.endswith(".py") and name.split("/")[0] in packages)


def text(name: str) -> str:
    """A file's text."""
    return (ROOT / name).read_text(encoding="utf-8")


@cache
def imported(name: str) -> frozenset[str]:
    """Full names of the modules a Python file imports, wherever in it."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(text(name))):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.add(node.module)
    return frozenset(found)
