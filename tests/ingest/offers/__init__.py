"""Real offers, captured from the programs they are named after."""

from pathlib import Path

OFFERS = {path.stem: path.read_bytes().decode() for path in sorted(Path(__file__).parent.glob("*.sdp"))}
