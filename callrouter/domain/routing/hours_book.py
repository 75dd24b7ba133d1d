"""What a plan's hours come to in one minute, in which none of them changes."""

from datetime import datetime

from callrouter.domain.routing.decision import Skip


class HoursBook:
    """Why the routes of a timetable are passed by, by the timetable's identity; for one minute.

    Calls come together, and every one of them asks about the same hours.
    """

    def __init__(self) -> None:
        self._known: tuple[datetime | None, dict[int, Skip | None]] = (None, {})

    def open_at(self, minute: datetime) -> dict[int, Skip | None]:
        """What is known of that minute so far; to be written on."""
        known, page = self._known
        if known != minute:
            page = {}
            self._known = (minute, page)
        return page
