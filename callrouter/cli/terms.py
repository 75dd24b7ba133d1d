"""`callrouter terms`: what each party has agreed to."""

from datetime import datetime
from pathlib import Path

import click

from callrouter.adapters.policy_files.document import load_policy
from callrouter.cli.context import CliContext
from callrouter.cli.options import (
    INSTANT,
    author_options,
    example,
    form_options,
    pass_cli,
    seller_option,
)
from callrouter.cli.printing import (
    JsonValue,
    as_json,
    make_visible,
    print_rows,
    show_instant,
)
from callrouter.cli.terms_views import diff, history, show
from callrouter.domain.billing.terms_of_tables import TermsFinding
from callrouter.workflows.apply_terms import apply_terms
from callrouter.workflows.check_terms import check_terms
from callrouter.workflows.compare_agreements import compare_agreements, find_first_change


@click.group()
def terms() -> None:
    """What buyers have agreed to pay for calls, and what publishers are paid."""


@terms.command(epilog=example('callrouter terms apply config/terms/acme.toml --note "signed"'))
@click.argument("file", type=click.Path(path_type=Path))
@seller_option
@author_options
@pass_cli
def apply(context: CliContext, file: Path, seller: str | None, author: str, note: str) -> None:
    """Make FILE the next version of the terms of the one party that it names.

    Refused as a whole when anything in FILE is wrong, or when it names a buyer, campaign or
    destination that there isn't. Calls are rated by the newest version, each by the terms that were
    in force when it began; those that were rated already stay as they are.
    """
    text, at = load_policy(file), context.clock.now()
    applied = apply_terms(
        context.database,
        context.find_seller(seller),
        text,
        str(file),
        author=author,
        note=note,
        at=at,
    )
    before, now = applied.before, applied.agreement
    if before == now:
        click.echo(f"nothing changes: the terms of {now.party} stay at version {now.version}")
    else:
        old = before.version if before else "none"
        click.echo(f"terms of {now.party}: version {old} -> {now.version}")
        for difference in compare_agreements(before, now):
            click.echo(make_visible(f"  {difference}"))
        changed_at = find_first_change(before, now, at)
        if changed_at is not None:
            click.echo(
                f"note: calls since {show_instant(changed_at)} may be rated already; see what would"
                f" change: callrouter rate again --since {changed_at:%Y-%m-%dT%H:%M:%SZ}"
                f" --{now.party.side} {now.party.party_id}",
                err=True,
            )
    for warning in applied.warnings:
        click.echo(make_visible(f"warning: {warning}"), err=True)


@terms.command(epilog=example("callrouter terms check", "callrouter terms check --at 2026-12-01"))
@click.option("--at", type=INSTANT, help="By the terms in force then; now if left out.")
@seller_option
@form_options
@pass_cli
def check(
    context: CliContext,
    at: datetime | None,
    seller: str | None,
    as_json_text: bool,
    as_csv: bool,
) -> None:
    """Hold the live routing tables against the terms in force.

    Tells of destinations whose calls nobody could charge for, of routes whose price or
    payable_after_s is another than the terms', of terms that end within 14 days and of publishers
    that are paid nothing. Exit code 1 for either of the first two.
    """
    seller_id = context.find_seller(seller)
    with context.database.read() as connection:
        found = check_terms(connection, seller_id, at or context.clock.now())
    rows = [
        (
            each.gap.replace("_", " "),
            str(each.party),
            each.campaign_id,
            each.destination_id or "-",
            each.saw,
        )
        for each in found
    ]
    print_rows(
        ("what", "party", "campaign", "destination", "seen"),
        rows,
        [_tell(each) for each in found],
        empty="tables and terms agree",
        as_csv=as_csv,
        as_json_text=as_json_text,
    )
    problems = sum(each.gap.is_problem for each in found)
    if problems:
        raise click.ClickException(f"{problems} problem{'s' if problems > 1 else ''}")


def _tell(finding: TermsFinding) -> JsonValue:
    told = as_json(finding)
    assert isinstance(told, dict)  # noqa: S101 - it is a dataclass
    return {**told, "is_problem": finding.gap.is_problem}


for command in (show, history, diff):
    terms.add_command(command)
