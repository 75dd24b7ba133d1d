"""A tie-out's report as one HTML file that needs nothing else: no script, no font, no network."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape
from markupsafe import Markup

from callrouter.adapters.documents.tie_out_pictures import (
    picture_clock,
    picture_gaps,
    picture_money,
    picture_thresholds,
)
from callrouter.adapters.documents.tie_out_wording import (
    say_ms,
    say_share,
    say_tie_out,
)
from callrouter.adapters.documents.wording import say_local, say_money
from callrouter.domain.billing.statement_document import say_hours
from callrouter.domain.tie_out.report import CLASS_WORDS, ReportedLine, TieOutReport
from callrouter.domain.tie_out.totals import Sums

_TEMPLATES = Path(__file__).parent / "templates"


def write_tie_out_html(
    report: TieOutReport, lines: Sequence[ReportedLine], left_out: int, file: Path
) -> None:
    """Write the report to `file`; `lines` are the differences to list, `left_out` counts the rest.

    Whatever stands in a buyer's file is text on the page, never markup.
    """
    environment = _make_environment(report.zone)
    totals = report.totals
    page = environment.get_template("tie_out.html").stream(
        title=say_tie_out(report),
        report=report,
        totals=totals,
        whole=totals.whole,
        share=say_share(totals.whole),
        classes=[(CLASS_WORDS[each], sums) for each, sums in totals.classes.items()],
        names=CLASS_WORDS,
        cells=_make_cells,
        waterfall=picture_money(report),
        gaps=picture_gaps(report),
        near=list(picture_thresholds(report)),
        clock=picture_clock(report),
        lines=lines,
        left_out=left_out,
    )
    with file.open("wb") as out:
        page.dump(out, encoding="utf-8")


def _make_environment(zone: str) -> Environment:
    def tell_local(at: datetime) -> str:
        return say_local(at, zone)

    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=select_autoescape(),
        undefined=StrictUndefined,
        trim_blocks=True,
    )
    environment.filters |= {
        "money": say_money,
        "hours": say_hours,
        "seconds": say_ms,
        "local": tell_local,
    }
    return environment


def _make_cells(sums: Sums) -> Markup:
    """Calls, records, times and money of some lines as cells."""
    texts = (
        f"{sums.our_calls:,}",
        f"{sums.rows:,}",
        say_hours(sums.our_ms),
        say_hours(sums.their_ms),
        say_money(sums.our_micros),
        say_money(sums.their_micros),
    )
    return Markup("").join(Markup('<td class="n">{}</td>').format(text) for text in texts)
