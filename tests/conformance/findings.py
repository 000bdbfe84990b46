"""What a check found: a rule of the checklist (docs: ``conformance.md`` section 1), where, and what was seen."""

from collections.abc import Iterable
from dataclasses import dataclass, field

ADVICE = frozenset({"PL10S", "MV5", "MV7", "SC7", "HT2"})
"""Recommendations, or rules about what a service offers rather than how: shown, but nothing is broken by them."""


@dataclass(frozen=True, slots=True)
class Finding:
    rule: str
    where: str
    detail: str

    def __str__(self) -> str:
        return f"{self.rule}  {self.where}: {self.detail}"


@dataclass
class Findings:
    """Collects findings; each rule is kept at most ``most`` times per place, all are counted."""

    most: int = 3
    kept: list[Finding] = field(default_factory=list)
    counts: dict[tuple[str, str], int] = field(default_factory=dict)

    def add(self, rule: str, where: str, detail: str) -> None:
        count = self.counts[rule, where] = self.counts.get((rule, where), 0) + 1
        if count <= self.most:
            self.kept.append(Finding(rule, where, detail))

    def extend(self, where: str, problems: Iterable[tuple[str, str]]) -> None:
        for rule, detail in problems:
            self.add(rule, where, detail)

    @property
    def broken(self) -> list[Finding]:
        return [finding for finding in self.kept if finding.rule not in ADVICE]

    @property
    def advice(self) -> list[Finding]:
        return [finding for finding in self.kept if finding.rule in ADVICE]

    @property
    def rules(self) -> set[str]:
        """The rules broken."""
        return {finding.rule for finding in self.broken}
