"""What judging a message costs, in microseconds, with a thousand terms and every filter on; beside it the same terms in ``re``.

Run: taskset -c 0 python -m tests.bench.rules
"""

import random
import re
import statistics
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial

from chat.normalise import normal
from chat.recent import NOTHING
from chat.rules import Draft, Filters, Writer, filters, judge
from chat.terms import Term, check_together, checked
from storage.chat.settings import Automod, Category, ChatSettings, LinkPolicy, Modes
from storage.model.channel import Standing
from storage.model.chat import Member, TermEffect, TermForm

NOW = datetime(2030, 1, 1, tzinfo=UTC)
WRITER = Writer("ada", Standing(signed_in=True), NOW - timedelta(days=99), Member(first_at=NOW - timedelta(days=9), messages=99))
ALL_ON = ChatSettings(
    modes=Modes(slow_seconds=3, unique=True, links=LinkPolicy.REGULARS),
    automod=Automod(levels=dict.fromkeys(Category, 2), capitals_percent=80, symbols_percent=80, repeats=20),
)
TEXTS = {
    "a short line": "good evening everybody",
    "a usual line": "Hello there, that last jump was great! How did you do it? 10/10 :wave:",
    "Cyrillic": "Привет всем, как дела? Сегодня отличная игра, давно не видел такого.",
    "500 ASCII characters": ("The quick brown fox jumps over the lazy dog, again and again; 42 times! " * 7)[:500],
    "500 emoji": "\U0001f389" * 500,
    "500 look-alikes": "fr\u043e\u0261 \u0455\u0440\u0430m " * 50,
    "letters apart": "h e l l o " * 50,
}
ROUNDS, TIMES = 7, 200


def words(count: int) -> list[str]:
    chosen = random.Random(1)
    return ["".join(chosen.choices("abcdefghijklmnopqrstuvwxyz", k=chosen.randint(4, 10))) for _ in range(count)]


def cost(work: Callable[[], object]) -> float:
    work()
    rounds = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        for _ in range(TIMES):
            work()
        rounds.append((time.perf_counter() - began) / TIMES * 1e6)
    return statistics.median(rounds)


def main() -> None:
    for count in (0, 1000, 5000):
        terms = [Term(TermForm.LITERAL, word, TermEffect.BLOCK) for word in words(count)]
        began = time.perf_counter()
        ready = filters(ALL_ON, terms)
        again = time.perf_counter()
        filters(ALL_ON, terms)
        print(f"{count} terms made ready: {(again - began) * 1e3:.1f} ms, once more {(time.perf_counter() - again) * 1e3:.1f} ms")
        for name, text in TEXTS.items():
            print(f"judged with {count} terms, {name}: {cost(partial(_judged, text, ready)):.1f} us")
    usual = normal(TEXTS["a usual line"])
    ready = filters(ALL_ON, [Term(TermForm.LITERAL, word, TermEffect.BLOCK) for word in words(1000)])
    ours = cost(lambda: ready.terms.find(usual))
    alternation = re.compile(r"\b(?:" + "|".join(words(1000)) + r")\b")
    peer = cost(lambda: alternation.search(usual.lines))
    print(f"1000 terms looked for in a usual line: {ours:.1f} us; Python's re {peer:.1f} us ({peer / ours:.1f} times that)")
    _enemy()


def _judged(text: str, ready: Filters) -> object:
    return judge(Draft(text), WRITER, ALL_ON, ready, recent=NOTHING, now=NOW)


def _enemy() -> None:
    """Wildcards that keep many ways open, as many as a channel may have, and the text they like least."""
    terms = [checked(Term(TermForm.WILDCARD, f"*{letter}{'?' * 16}{letter}*", TermEffect.BLOCK)) for letter in "abcdefgh"]
    check_together(terms)
    ready = filters(ALL_ON, terms)
    text = "".join(random.Random(1).choices("abcdefghijk", k=500))
    print(f"judged with the dearest expressions: {cost(lambda: _judged(text, ready)):.0f} us")


if __name__ == "__main__":
    main()
