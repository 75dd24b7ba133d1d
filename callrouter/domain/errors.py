"""The one tree of exceptions; expected outcomes (a skip, a refusal by a rule) are values instead.

CallrouterError
├── SettingsError             the environment is incomplete or misspelt; the process doesn't start
├── RefusedError              what was asked breaks a rule; nothing was changed
│   ├── PolicyFileError       … because of lines in a TOML file, each named
│   └── UnreadableFileError   … because a file that was handed in can't be read at all
├── NotFoundError             no such thing, or not this seller's
├── ChangedUnderneathError    somebody else changed it first; look again, then repeat
│   └── NoRoomError           … and took the last of a cap: the call is decided again
├── StorageUnavailableError   the database can't be reached; calls go on degraded
├── CarrierUnavailableError   the carrier's REST API can't be reached or refused; try again later
└── DeliveryFailedError       a message could not be handed over; try again later
"""

from dataclasses import dataclass


class CallrouterError(Exception):
    """Anything callrouter itself raises; `status` is what HTTP says at the edge."""

    status = 500


class SettingsError(CallrouterError):
    """A setting is missing, unknown or unreadable; the message names it."""


class RefusedError(CallrouterError):
    """What was asked breaks a rule; the message says which, and what would be right."""

    status = 422


@dataclass(frozen=True, slots=True)
class FileProblem:
    """One thing wrong in a file that a person edits: where, what, and what was expected."""

    file: str
    line: int
    key: str
    message: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.key}: {self.message}"


class PolicyFileError(RefusedError):
    """A TOML file was refused; `problems` has every reason, with file and line."""

    def __init__(self, problems: tuple[FileProblem, ...]) -> None:
        super().__init__("\n".join(str(problem) for problem in problems))
        self.problems = problems


class UnreadableFileError(RefusedError):
    """A file that was handed in can't be read; `problem` has where and why.

    `key` of the problem is the sheet or the member of a zip, "" where there is but one.
    """

    def __init__(self, file: str, message: str, *, part: str = "", line: int = 1) -> None:
        self.problem = FileProblem(file, line, part, message)
        super().__init__(": ".join(each for each in (f"{file}:{line}", part, message) if each))


class NoCallsError(UnreadableFileError):
    """A file that is no list of anything, as a readme is: beside others it may be left aside."""


class NotFoundError(CallrouterError):
    """No such thing exists, or it belongs to another seller (which looks the same)."""

    status = 404


class ChangedUnderneathError(CallrouterError):
    """Somebody else changed it since it was read; nothing was overwritten."""

    status = 409


class NoRoomError(ChangedUnderneathError):
    """Other calls took the last of what a decision needs; `counters` has the keys of it."""

    def __init__(self, counters: frozenset[str]) -> None:
        super().__init__(f"no room any more on {', '.join(sorted(counters))}; decide again")
        self.counters = counters


class StorageUnavailableError(CallrouterError):
    """The database can't be reached or gave up; the call path goes on by last known good."""

    status = 503


class CarrierUnavailableError(CallrouterError):
    """The carrier's REST API didn't answer, or refused for now; worth another try later."""

    status = 502


class DeliveryFailedError(CallrouterError):
    """A message could not be handed over to who carries it on; worth another try later.

    What is said names no password and no URL that may be one.
    """

    status = 502
