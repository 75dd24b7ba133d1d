"""`callrouter tie-out again`: a tie-out made once more, from the files that were kept."""

from pathlib import Path

import click

from callrouter.adapters.frames_aside import open_memory
from callrouter.cli.context import CliContext
from callrouter.cli.options import author_option, example, json_option, pass_cli, seller_option
from callrouter.cli.tie_out_options import show_steps
from callrouter.cli.tie_out_report import hand_out, report_kept
from callrouter.workflows.tie_out_again import tie_out_again
from callrouter.workflows.tie_out_period import STEPS


@click.command(epilog=example("callrouter tie-out again 3"))
@click.argument("number", type=click.IntRange(min=1))
@click.option(
    "--out", type=click.Path(file_okay=False, path_type=Path), metavar="FOLDER",
    help="Where the report goes; tie-out-BUYER-DAY if left out.",
)  # fmt: skip
@click.option("--every-line", is_flag=True, help="Write also the lines that agree.")
@seller_option
@author_option
@json_option
@pass_cli
def again(
    context: CliContext,
    /,
    number: int,
    out: Path | None,
    every_line: bool,
    seller: str | None,
    author: str,
    as_json_text: bool,
) -> None:
    """Tie out the period of tie-out NUMBER again, from the buyer's files that were kept.

    For when something came in since: late records in another month's file, calls that the carrier
    knew of, new terms. The earlier one stays to be looked at; the new one stands.
    """
    seller_id, database = context.find_seller(seller), context.database
    with open_memory(context.settings.tie_out_rows) as memory:
        with show_steps(STEPS) as tell:
            at = context.clock.now()
            tied = tie_out_again(database, seller_id, number, author, at, tell, memory)
        report = report_kept(database, seller_id, tied)
        folder = out or Path(f"tie-out-{tied.kept.buyer_id}-{report.first_day}")
        hand_out(report, folder, every_line=every_line, as_json_text=as_json_text)
