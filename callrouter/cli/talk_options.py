"""The options that imagine a call for rating: who took it, and how long it was by each clock."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import wraps
from typing import Any

import click

from callrouter.cli.options import INSTANT
from callrouter.domain.billing.party import Party, Side
from callrouter.domain.billing.talks import Talk
from callrouter.domain.clocks.time_spans import read_span
from callrouter.workflows.explain_route import EXAMPLE_CALL

_SECONDS = re.compile(r"([0-9]{1,6})(?:\.([0-9]{1,3}))?s")


class Duration(click.ParamType[str | int]):
    """How long something lasted, such as 121s, 119.6s or 5m; in milliseconds."""

    name = "duration"

    def convert(
        self, value: str | int, param: click.Parameter | None, ctx: click.Context | None
    ) -> int:
        """The milliseconds; a usage error for anything else."""
        if isinstance(value, int):
            return value
        match = _SECONDS.fullmatch(value)
        if match:
            return int(match[1]) * 1000 + int((match[2] or "").ljust(3, "0"))
        seconds = read_span(value)
        if seconds is None:
            self.fail(f"{value!r} isn't a time: write it like 121s, 119.6s or 5m", param, ctx)
        return seconds * 1000


DURATION = Duration()

_OPTIONS = (
    click.option("--buyer", metavar="ID", help="Imagine a call that this buyer took."),
    click.option("--publisher", metavar="ID", help="… to a number of this publisher."),
    click.option("--campaign", default="", metavar="ID", help="… of this campaign."),
    click.option("--destination", default="", metavar="ID", help="… taken at this destination."),
    click.option("--caller", default="anonymous", metavar="NUMBER", help="… from this caller."),
    click.option("--at", type=INSTANT, help="… that began then; now if left out."),
    click.option("--connected", type=DURATION, help="… connected for so long: 121s, 119.6s, 5m."),
    click.option(
        "--answered", type=DURATION, help="… answered for so long; connected, if left out."
    ),
    click.option("--total", type=DURATION, help="… of so long in all; answered, if left out."),
    click.option(
        "--attempts",
        type=click.IntRange(1, 100),
        default=1,
        show_default=True,
        metavar="N",
        help="… for which the buyer was rung so often.",
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ImaginedTalk:
    """A call that wasn't made, for the parties that have a part in it; times in milliseconds."""

    parties: tuple[Party, ...]
    campaign: str
    destination: str
    caller: str
    at: datetime | None
    connected_ms: int | None
    answered_ms: int
    total_ms: int
    attempts: int

    def as_talks(self, now: datetime) -> tuple[Talk, ...]:
        """The talk that each party has of it; nobody was connected where no time is given."""
        return tuple(
            Talk(
                party=party,
                call_sid=EXAMPLE_CALL,
                campaign_id=self.campaign,
                destination_id=self.destination,
                ani=self.caller,
                did="",
                started_at=self.at or now,
                is_connected=self.connected_ms is not None,
                attempts=self.attempts if party.side is Side.BUYER else 1,
                total_ms=self.total_ms,
                answered_ms=self.answered_ms,
                connected_ms=self.connected_ms or 0,
            )
            for party in self.parties
        )


def talk_options(command: Callable[..., None]) -> Callable[..., None]:
    """Give `command` the options; it gets them as `imagined`, None when nobody is named.

    A usage error for times that can't be: connected is within answered, and this within total.
    """

    @wraps(command)
    def run(
        *args: Any,
        buyer: str | None,
        publisher: str | None,
        connected: int | None,
        answered: int | None,
        total: int | None,
        campaign: str,
        destination: str,
        caller: str,
        at: datetime | None,
        attempts: int,
        **others: Any,
    ) -> None:
        answered_ms, total_ms = _fill_in(connected or 0, answered, total)
        imagined = ImaginedTalk(
            parties=_list_parties(buyer, publisher),
            campaign=campaign,
            destination=destination,
            caller=caller,
            at=at,
            connected_ms=connected,
            answered_ms=answered_ms,
            total_ms=total_ms,
            attempts=attempts,
        )
        command(*args, imagined=imagined if imagined.parties else None, **others)

    decorated = run
    for option in reversed(_OPTIONS):
        decorated = option(decorated)
    return decorated


def _list_parties(buyer: str | None, publisher: str | None) -> tuple[Party, ...]:
    named = ((Side.BUYER, buyer), (Side.PUBLISHER, publisher))
    return tuple(Party(side, party_id) for side, party_id in named if party_id)


def _fill_in(connected_ms: int, answered_ms: int | None, total_ms: int | None) -> tuple[int, int]:
    """Answered and total, each no shorter than what lies within it."""
    if answered_ms is None:
        answered_ms = connected_ms
    if total_ms is None:
        total_ms = answered_ms
    if not connected_ms <= answered_ms <= total_ms:
        raise click.UsageError(
            "no call is connected for longer than answered, or answered for longer than it is"
        )
    return answered_ms, total_ms
