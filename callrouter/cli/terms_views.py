"""`callrouter terms show|history|diff`: looking at what parties have agreed to."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from difflib import unified_diff
from pathlib import Path

import click
from sqlalchemy import Connection

from callrouter.adapters.policy_files.document import load_policy
from callrouter.adapters.policy_files.terms_file import read_agreement_file
from callrouter.adapters.storage.agreements import (
    AgreementVersion,
    current_agreement_version,
    list_agreement_versions,
    list_agreements,
    read_agreement_text,
    read_agreement_version,
)
from callrouter.cli.context import CliContext
from callrouter.cli.options import (
    example,
    form_options,
    json_option,
    pass_cli,
    seller_option,
)
from callrouter.cli.party_options import party_options
from callrouter.cli.printing import (
    JsonValue,
    as_json,
    make_visible,
    print_json,
    print_rows,
    show_instant,
)
from callrouter.domain.billing.party import Party
from callrouter.domain.billing.terms import Agreement
from callrouter.domain.billing.terms_words import describe_agreement
from callrouter.workflows.compare_agreements import compare_agreements
from callrouter.workflows.compare_tables import Difference


@click.command(
    epilog=example(
        "callrouter terms show",
        "callrouter terms show --buyer acme",
        "callrouter terms show --buyer acme --version 2 --toml",
    )
)
@party_options(required=False)
@click.option("--version", type=int, metavar="N", help="The newest if left out.")
@click.option("--toml", "as_toml", is_flag=True, help="The file that it came from instead.")
@seller_option
@form_options
@pass_cli
def show(
    context: CliContext,
    party: Party | None,
    version: int | None,
    as_toml: bool,
    seller: str | None,
    as_json_text: bool,
    as_csv: bool,
) -> None:
    """Show what a party has agreed to, or list all parties that have agreed to anything."""
    seller_id = context.find_seller(seller)
    if party is None:
        if version is not None or as_toml:
            raise click.UsageError("whose? Name a party with --buyer or --publisher")
        _list_all(context, seller_id, as_csv=as_csv, as_json_text=as_json_text)
        return
    if as_csv:
        raise click.UsageError("--csv is for the list of all parties: terms are no table")
    with context.database.read() as connection:
        number = version or current_agreement_version(connection, seller_id, party)
        agreement = read_agreement_version(connection, seller_id, party, number)
        text = read_agreement_text(connection, seller_id, party, number)
    if as_json_text:
        print_json(as_json(agreement))
    elif as_toml:
        click.echo(text, nl=False)
    else:
        for line in describe_agreement(agreement):
            click.echo(make_visible(line))


@click.command(epilog=example("callrouter terms history --buyer acme --diff"))
@party_options(required=True)
@click.option("--diff", "with_diff", is_flag=True, help="With what each version changed.")
@seller_option
@form_options
@pass_cli
def history(
    context: CliContext,
    party: Party,
    with_diff: bool,
    seller: str | None,
    as_json_text: bool,
    as_csv: bool,
) -> None:
    """List the versions of a party's terms: when, by whom and why."""
    seller_id = context.find_seller(seller)
    with context.database.read() as connection:
        versions = list_agreement_versions(connection, seller_id, party)
        changed = _compare_all(connection, seller_id, versions) if with_diff else None
    rows = [(str(v.version), show_instant(v.created_at), v.author, v.note) for v in versions]
    if changed is not None and not as_csv and not as_json_text:
        for row, each in zip(rows, versions, strict=True):
            click.echo(make_visible("  ".join(filter(None, row))))
            for difference in changed[each.version]:
                click.echo(make_visible(f"  {difference}"))
        return
    print_rows(
        ("version", "at", "author", "note"),
        rows,
        [_tell(each, changed) for each in versions],
        empty=f"{party} has agreed to nothing yet",
        as_csv=as_csv,
        as_json_text=as_json_text,
    )


@click.command(
    epilog=example(
        "callrouter terms diff --buyer acme 2 3",
        "callrouter terms diff --buyer acme newest config/terms/acme.toml",
    )
)
@party_options(required=True)
@click.argument("before")
@click.argument("after")
@seller_option
@json_option
@pass_cli
def diff(
    context: CliContext,
    party: Party,
    before: str,
    after: str,
    seller: str | None,
    as_json_text: bool,
) -> None:
    """Show what differs between two versions of a party's terms: BEFORE and AFTER.

    Each is a version's number, `newest`, or a file, such as the one that was signed. Lines of the
    files, or with --json each key with its two values.
    """
    seller_id = context.find_seller(seller)
    with context.database.read() as connection:
        old_text, old_name = _read_side(connection, seller_id, party, before)
        new_text, new_name = _read_side(connection, seller_id, party, after)
    if as_json_text:
        old = read_agreement_file(old_text, old_name)
        print_json(as_json(compare_agreements(old, read_agreement_file(new_text, new_name))))
        return
    old_lines, new_lines = old_text.splitlines(), new_text.splitlines()
    for line in unified_diff(old_lines, new_lines, old_name, new_name, lineterm=""):
        click.echo(line)


def _list_all(context: CliContext, seller_id: str, *, as_csv: bool, as_json_text: bool) -> None:
    with context.database.read() as connection:
        found = list_agreements(connection, seller_id)
    now = context.clock.now()
    rows = [
        (
            str(each.party.side),
            each.party.party_id,
            str(each.version),
            str(_count_in_force(each, now)),
            each.zone,
            each.cycle,
            str(each.net_days),
        )
        for each in found
    ]
    print_rows(
        ("side", "party", "version", "in force", "zone", "statements", "net days"),
        rows,
        as_json(found),
        empty="nobody has agreed to anything yet",
        as_csv=as_csv,
        as_json_text=as_json_text,
    )


def _count_in_force(agreement: Agreement, now: datetime) -> int:
    return sum(
        each.starts_at <= now and (each.ends_at is None or now < each.ends_at)
        for each in agreement.terms
    )


def _compare_all(
    connection: Connection, seller_id: str, versions: Sequence[AgreementVersion]
) -> Mapping[int, tuple[Difference, ...]]:
    """What each version changed."""
    stored = {
        each.version: read_agreement_version(connection, seller_id, each.party, each.version)
        for each in versions
    }
    return {
        number: compare_agreements(stored.get(number - 1), agreement)
        for number, agreement in stored.items()
    }


def _tell(
    version: AgreementVersion, changed: Mapping[int, tuple[Difference, ...]] | None
) -> JsonValue:
    told: dict[str, JsonValue] = {
        "version": version.version,
        "created_at": as_json(version.created_at),
        "author": version.author,
        "note": version.note,
    }
    return told if changed is None else {**told, "diff": as_json(changed[version.version])}


def _read_side(connection: Connection, seller_id: str, party: Party, side: str) -> tuple[str, str]:
    """The text of one side of a comparison, and its name."""
    if side != "newest" and not side.isdecimal():
        return load_policy(Path(side)), side
    newest = current_agreement_version(connection, seller_id, party)
    version = newest if side == "newest" else int(side)
    return read_agreement_text(connection, seller_id, party, version), f"version {version}"
