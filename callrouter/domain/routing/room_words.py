"""How the room board's findings are told to people."""

from datetime import datetime

from callrouter.domain.clocks.timetable import say_wall_time
from callrouter.domain.routing.room import CampaignRoom, HoursNow, Role


def say_taken_by(room: CampaignRoom) -> str:
    """Whether the campaign takes calls, and if only in part, which."""
    match room.taken_by:
        case None:
            return "takes no calls"
        case Role.POINTED:
            return "takes calls to pointed numbers only"
        case Role.OVERFLOW:
            return "takes calls by its overflow only"
        case _:
            return "takes calls"


def say_hours(hours: HoursNow | None, at: datetime) -> str:
    """The hours in words, as in "open until 18:00 America/Chicago"."""
    if hours is None:
        return "round the clock"
    word = "open" if hours.is_open else "closed"
    if hours.changes_at is None:
        return word
    return f"{word} until {say_wall_time(hours.changes_at, at, hours.zone)}"
