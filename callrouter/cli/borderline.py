"""`callrouter rate borderline`: calls that ended close to a threshold."""

import sys
from collections.abc import Sequence
from datetime import datetime, timedelta

import click
from sqlalchemy import Connection

from callrouter.adapters.storage.agreements import read_agreement
from callrouter.cli.context import CliContext
from callrouter.cli.days_option import DAYS, Days
from callrouter.cli.options import INSTANT, SPAN, example, form_options, pass_cli, seller_option
from callrouter.cli.party_options import party_options
from callrouter.cli.printing import JsonValue, print_json, print_table, show_instant
from callrouter.domain.billing.borderline import Borderline
from callrouter.domain.billing.party import Party
from callrouter.domain.billing.rating import say_seconds
from callrouter.domain.errors import NotFoundError
from callrouter.domain.money import say_amount, say_micros
from callrouter.workflows.find_borderline import (
    BorderlinePeriod,
    BorderlineTotal,
    export_borderline_csv,
    make_borderline_record,
    stream_borderline,
    sum_borderline,
)

_COLUMNS = ("call", "started", "party", "destination", "counted", "line", "off", "comes to", "else")
_DEFAULT = timedelta(days=30)


@click.command(
    epilog=example(
        "callrouter rate borderline --buyer acme --period 2026-11",
        "callrouter rate borderline --since 2026-11-01 --within 5s --csv",
    )
)
@party_options(required=False)
@click.option("--period", type=DAYS, help="2026-11, 2026-W48 or 2026-11-26, in the party's zone.")
@click.option("--since", type=INSTANT, help="Of calls that began then or later, instead.")
@click.option("--until", type=INSTANT, help="Of calls that began before then; now if left out.")
@click.option("--within", type=SPAN, default="3s", show_default=True, help="How close to the line.")
@seller_option
@form_options
@pass_cli
def borderline(
    context: CliContext,
    party: Party | None,
    period: Days | None,
    since: datetime | None,
    until: datetime | None,
    within: timedelta,
    as_csv: bool,
    seller: str | None,
    as_json_text: bool,
) -> None:
    """List the calls that ended close to a threshold, with the money on each side of it.

    Of a party, or of all of them. Those that reached the line would be lost if they had been that
    much shorter, the others gained if they had been longer. What a second changes nothing about,
    such as a duplicate, is left out. Of the last 30 days, if no period is named.
    """
    if period and (since or until):
        raise click.UsageError("--period stands alone: it has a beginning and an end")
    seller_id = context.find_seller(seller)
    with context.database.read() as connection:
        zone = _find_zone(connection, seller_id, party)
        ends_at = period.end_at(zone) if period else until or context.clock.now()
        begins_at = period.begin_at(zone) if period else since or ends_at - _DEFAULT
        if begins_at >= ends_at:
            raise click.UsageError("the period ends before it begins: see --since and --until")
        wanted = BorderlinePeriod(party, begins_at, ends_at, int(within.total_seconds()))
        found = stream_borderline(connection, seller_id, wanted)
        if as_csv:
            export_borderline_csv(found, sys.stdout)
            return
        calls = tuple(found)
    if as_json_text:
        print_json(_tell(wanted, calls, sum_borderline(calls)))
        return
    print_table(_COLUMNS, [_cells(each) for each in calls], empty=_say_none(wanted))
    for total in sum_borderline(calls):
        click.echo(_say_total(total))


def _find_zone(connection: Connection, seller_id: str, party: Party | None) -> str:
    """On whose clocks a period is meant. Raises NotFoundError for a party without terms."""
    if party is None:
        return "UTC"
    agreement = read_agreement(connection, seller_id, party)
    if agreement is None:
        raise NotFoundError(f"{party} has agreed to no terms, and so has no thresholds")
    return agreement.zone


def _cells(found: Borderline) -> tuple[str, ...]:
    talk, terms = found.talk, found.terms
    other = found.below_micros if found.is_reached else found.above_micros
    return (
        talk.call_sid,
        show_instant(talk.started_at),
        str(talk.party),
        talk.destination_id,
        f"{terms.clock} {say_seconds(found.counted_ms)}",
        f"{terms.operator} {found.threshold_s} s",
        f"{found.off_ms / 1000:+.3f} s",
        say_amount(found.amount_micros, terms.currency),
        say_amount(other, terms.currency),
    )


def _say_total(total: BorderlineTotal) -> str:
    at_risk = say_amount(total.at_risk_micros, total.currency)
    missed = say_amount(total.missed_micros, total.currency)
    return (
        f"{total.party}: {total.reached} just reached the line ({at_risk} depends on it), "
        f"{total.short} just missed it ({missed} more otherwise)"
    )


def _say_none(wanted: BorderlinePeriod) -> str:
    return (
        f"no call from {show_instant(wanted.since)} to {show_instant(wanted.until)} ended within "
        f"{wanted.within_s} s of a threshold"
    )


def _tell(
    wanted: BorderlinePeriod, calls: Sequence[Borderline], totals: Sequence[BorderlineTotal]
) -> JsonValue:
    return {
        "since": show_instant(wanted.since),
        "until": show_instant(wanted.until),
        "within_s": wanted.within_s,
        "calls": [make_borderline_record(each) for each in calls],
        "totals": [
            {
                "side": str(each.party.side),
                "party": each.party.party_id,
                "currency": each.currency,
                "reached": each.reached,
                "at_risk": say_micros(each.at_risk_micros),
                "short": each.short,
                "missed": say_micros(each.missed_micros),
            }
            for each in totals
        ],
    }
