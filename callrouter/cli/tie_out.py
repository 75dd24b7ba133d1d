"""`callrouter tie-out`: our calls against a buyer's own records, call by call."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

import click

from callrouter.adapters.clock import SystemClock
from callrouter.adapters.frames_aside import open_memory
from callrouter.adapters.policy_files.document import load_policy
from callrouter.adapters.policy_files.terms_file import read_agreement_file
from callrouter.adapters.storage.buyer_mappings import save_mapping
from callrouter.cli.context import CliContext
from callrouter.cli.days_option import DAYS, Days
from callrouter.cli.options import author_option, example, json_option, pass_cli, seller_option
from callrouter.cli.tie_out_again import again
from callrouter.cli.tie_out_disputes import dispute
from callrouter.cli.tie_out_evidence import evidence
from callrouter.cli.tie_out_mapping import mapping
from callrouter.cli.tie_out_options import read_told, show_steps, told_options
from callrouter.cli.tie_out_report import Report, hand_out, report_kept
from callrouter.cli.tie_out_settling import settle
from callrouter.cli.tie_out_views import file, lines, list_, show
from callrouter.domain.tie_out.counts import say_count
from callrouter.domain.tie_out.memory import Memory
from callrouter.workflows.export_tie_out import Source
from callrouter.workflows.find_clues import find_clues
from callrouter.workflows.read_buyer_file import BuyerFile, Clues, Told
from callrouter.workflows.tie_out_files import tie_out_files
from callrouter.workflows.tie_out_period import STEPS, Wanted, tie_out_period

_HELP = ("-h", "--help")
_PROBLEMS_SHOWN = 10


class FileFirst(click.Group):
    """A group of which `run` may be left out: what isn't a command is a file to be tied out."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Put `run` in front of a file or of its options."""
        if args and args[0] not in self.commands and args[0] not in _HELP:
            args = ["run", *args]
        return super().parse_args(ctx, args)


@click.group(
    cls=FileFirst,
    epilog=example(
        "callrouter tie-out buyer.csv --buyer acme --period 2026-10",
        "callrouter tie-out buyer.xlsx --buyer acme",
        "callrouter tie-out buyer.csv --ours ours.csv --terms acme.toml",
    ),
)
def tie_out() -> None:
    """Our calls against a buyer's own records, whatever file they send.

    A FILE in the place of a command is tied out: see `callrouter tie-out run --help`.
    """


for command in (again, mapping, file, lines, list_, show, settle, evidence, dispute):
    tie_out.add_command(command)


@tie_out.command(
    epilog=example(
        "callrouter tie-out run buyer.csv --buyer acme --period 2026-10",
        "callrouter tie-out run buyer.csv --ours ours.csv --terms acme.toml --out report",
    )
)
@click.argument("path", metavar="FILE", type=click.Path(path_type=Path))
@click.option("--buyer", metavar="ID", help="Whose file it is.")
@click.option(
    "--period", "days", type=DAYS, metavar="PERIOD",
    help="A month, week or day, as in 2026-10; the one that the file is of if left out.",
)  # fmt: skip
@told_options
@click.option("--currency", metavar="XXX", help="Of which account, if the buyer has several.")
@click.option("--alone", is_flag=True, help="Without the buyer's other files of the period.")
@click.option("--again", is_flag=True, help="Also a file that was tied out before.")
@click.option("--anyway", is_flag=True, help="Also a file that looks like another buyer's.")
@click.option("--remember", is_flag=True, help="Read such files like this from now on.")
@click.option(
    "--ours", type=click.Path(path_type=Path), metavar="FILE",
    help="Our calls, as `calls export` writes them. No database is asked then: nothing is kept, and"
    " no remembered columns, duplicate window or daily most is known.",
)  # fmt: skip
@click.option(
    "--terms", type=click.Path(path_type=Path), metavar="FILE",
    help="With --ours: what was agreed, as a terms file.",
)  # fmt: skip
@click.option(
    "--out", type=click.Path(file_okay=False, path_type=Path), metavar="FOLDER",
    help="Where the report goes; tie-out-BUYER-DAY if left out.",
)  # fmt: skip
@click.option("--every-line", is_flag=True, help="Write also the lines that agree.")
@seller_option
@author_option
@json_option
@pass_cli
def run(
    context: CliContext,
    /,
    path: Path,
    buyer: str | None,
    days: Days | None,
    told: Told,
    ours: Path | None,
    terms: Path | None,
    out: Path | None,
    every_line: bool,
    as_json_text: bool,
    **kept: Any,
) -> None:
    """Tie out a buyer's FILE: which record is which call, what differs, what that is in money.

    The columns, the period and the buyer's clock are found from the file and shown. The result is
    kept, and written to a folder. The same file twice changes nothing.
    """
    if ours is None and terms is not None:
        raise click.UsageError("--terms goes with --ours: the database has the terms")
    if ours is None and buyer is None:
        raise click.UsageError("whose file is it? Name the buyer with --buyer")
    period = (days.first, days.last) if days else None
    with open_memory(context.settings.tie_out_rows) as memory:
        if ours is not None:
            sides = Files(path, ours, terms, buyer, period)
            report = _tie_out_files(sides, told, SystemClock().now(), memory)
        else:
            asked = Asked(buyer or "", period, **kept)
            report = _tie_out_kept(context, path, told, asked, memory)
        name = f"tie-out-{report.tied.buyer_id or path.stem}-{report.first_day}"
        hand_out(report, out or Path(name), every_line=every_line, as_json_text=as_json_text)


@dataclass(frozen=True, slots=True)
class Files:
    """What is asked of a tie-out of two files: theirs, ours, and what is known of them."""

    theirs: Path
    ours: Path
    terms: Path | None
    buyer: str | None
    days: tuple[date, date] | None


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked of a tie-out that is kept."""

    buyer: str
    days: tuple[date, date] | None
    seller: str | None
    author: str
    remember: bool
    currency: str | None
    alone: bool
    again: bool
    anyway: bool

    @property
    def wanted(self) -> Wanted:
        """The same for the workflow."""
        return Wanted(
            buyer_id=self.buyer,
            days=self.days,
            currency=self.currency,
            alone=self.alone,
            again=self.again,
            anyway=self.anyway,
        )


def _tie_out_kept(
    context: CliContext, path: Path, told: Told, asked: Asked, memory: Memory
) -> Report:
    seller_id, database, at = (
        context.find_seller(asked.seller),
        context.database,
        context.clock.now(),
    )

    clues = find_clues(database, seller_id, asked.buyer, asked.days)
    with show_steps(STEPS) as tell:
        file, told_at_last = read_told(path, told, clues, memory)
        tied = tie_out_period(
            database, seller_id, file, asked.wanted, asked.author, at, tell, memory
        )
    if asked.remember or told_at_last.is_anything:
        with database.write() as connection:
            for each in file.mappings:
                save_mapping(connection, seller_id, asked.buyer, each, asked.author, at)

    return report_kept(database, seller_id, tied, tuple(_say_file(file)))


def _tie_out_files(sides: Files, told: Told, at: datetime, memory: Memory) -> Report:
    terms = sides.terms
    agreement = read_agreement_file(load_policy(terms), str(terms)) if terms else None
    file, _ = read_told(sides.theirs, told, Clues(period=sides.days), memory)
    found = tie_out_files(sides.ours, file, agreement, sides.days, sides.buyer, memory)
    guessed = (f"the period is guessed: {found.guessed}",) if found.guessed else ()
    source = Source(seller="", files={0: file.name})
    named = sides.buyer or (agreement.party.party_id if agreement else "")
    told_first = (*_say_file(file), *guessed)
    return Report(found.describe(named, at), source, found.pages, told_first)


def _say_file(file: BuyerFile) -> Iterator[str]:
    """How the file was read, and what of it could not be."""
    columns = ", ".join(
        f"{each.field} = {each.header or each.column + 1}" for each in file.mappings[0].columns
    )
    system = f" as {file.mappings[0].format}" if file.mappings[0].format else ""
    yield f"{file.name}: {say_count(file.records, 'record')}, read{system}: {columns}"
    yield from file.words
    for left in file.left_out:
        rows = say_count(left.rows, "row is no call", "rows are no calls")
        yield f"{rows} to the buyer ({left.why}), line {left.line} first"
    shown = file.problems[:_PROBLEMS_SHOWN]
    yield from (f"{file.name}: {problem}" for problem in shown)
    if len(file.problems) > len(shown):
        yield f"… and {len(file.problems) - len(shown):,} more that can't be read"
