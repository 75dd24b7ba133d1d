"""`callrouter doctor`: what is wrong with this set-up, and what to do about it."""

from collections.abc import Iterator

import click

from callrouter.adapters.storage.seller_summaries import summarize_sellers
from callrouter.adapters.twilio.links import Links
from callrouter.cli.context import CliContext
from callrouter.cli.options import example, json_option, pass_cli
from callrouter.cli.printing import as_json, make_visible, print_json
from callrouter.domain.errors import CallrouterError, SettingsError
from callrouter.workflows.examine_alerts import examine_alerts
from callrouter.workflows.examine_numbers import examine_numbers
from callrouter.workflows.examine_setup import examine_setup
from callrouter.workflows.findings import Finding, Verdict

_COLOURS = {Verdict.OK: "green", Verdict.WARNING: "yellow", Verdict.FAILED: "red"}


@click.command(epilog=example("callrouter doctor"))
@click.option("--offline", is_flag=True, help="Don't ask the carrier how the numbers are set up.")
@json_option
@pass_cli
def doctor(context: CliContext, offline: bool, as_json_text: bool) -> None:
    """Check settings, database, schema, disk, clock, alerts, each DID's URLs at the carrier.

    Each line says what was seen and what to do. Exit code 1 when anything failed; warnings don't
    count. Nothing is changed.
    """
    findings: list[Finding] = []
    for finding in _examine(context, offline=offline):
        findings.append(finding)
        if not as_json_text:
            _print(finding)
    if as_json_text:
        print_json(as_json(findings))
    failed = sum(finding.verdict is Verdict.FAILED for finding in findings)
    if failed:
        raise click.ClickException(f"{failed} of {len(findings)} checks failed")


def _examine(context: CliContext, *, offline: bool) -> Iterator[Finding]:
    try:
        settings = context.settings
        database = context.any_database
    except SettingsError as error:
        yield Finding("settings", Verdict.FAILED, str(error), "config/example.env has them all")
        return
    yield Finding("settings", Verdict.OK, "all are known and readable")
    schema_is_ready = True
    for finding in examine_setup(settings, database, context.clock):
        yield finding
        if finding.check in ("database", "schema") and finding.verdict is Verdict.FAILED:
            schema_is_ready = False
    if offline or not schema_is_ready or not settings.public_url or not settings.secret_key:
        why = "left out" if offline else "needs the database, PUBLIC_URL and SECRET_KEY first"
        yield Finding("numbers", Verdict.NOT_CHECKED, why)
        return
    yield from _examine_sellers(context, Links(settings.public_url))


def _examine_sellers(context: CliContext, links: Links) -> Iterator[Finding]:
    with context.database.read() as connection:
        sellers = summarize_sellers(connection)
    if not sellers:
        advice = "add one with `callrouter seller add`"
        yield Finding("sellers", Verdict.WARNING, "there is no seller yet", advice)
    for seller in sellers:
        seller_id = seller.seller_id
        try:
            yield from examine_alerts(
                context.database,
                context.secret_box,
                seller_id,
                has_mail_server=context.settings.mail_server is not None,
            )
        except CallrouterError as error:
            yield Finding(f"alerts of {seller_id}", Verdict.FAILED, str(error), "mend this first")
        try:
            yield from examine_numbers(context.database, context.carrier_of, seller_id, links)
        except CallrouterError as error:
            yield Finding(f"numbers of {seller_id}", Verdict.FAILED, str(error), "mend this first")


def _print(finding: Finding) -> None:
    verdict = str(finding.verdict).replace("_", " ")
    mark = click.style(f"{verdict:<12}", fg=_COLOURS.get(finding.verdict))
    click.echo(f"{mark}{make_visible(f'{finding.check}: {finding.saw}')}")
    if finding.advice:
        click.echo(f"{'':12}{make_visible(finding.advice)}")
