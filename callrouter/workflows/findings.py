"""What an examination of the set-up found: one value a check."""

from dataclasses import dataclass
from enum import StrEnum


class Verdict(StrEnum):
    """How a check came out."""

    OK = "ok"
    WARNING = "warning"
    FAILED = "failed"
    NOT_CHECKED = "not_checked"


@dataclass(frozen=True, slots=True)
class Finding:
    """One check: what was looked at, how it came out, what was seen, and what to do about it."""

    check: str
    verdict: Verdict
    saw: str
    advice: str = ""
