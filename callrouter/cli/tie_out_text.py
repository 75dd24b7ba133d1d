"""Tie-outs as tables for people and as JSON for programs."""

from collections.abc import Mapping

from callrouter.cli.printing import JsonValue, as_json, show_instant
from callrouter.domain.billing.statement_periods import find_last_day
from callrouter.domain.clocks.periods import find_wall_time
from callrouter.domain.money import say_amount
from callrouter.domain.tie_out.classes import DifferenceClass
from callrouter.domain.tie_out.clock_words import say_clock
from callrouter.domain.tie_out.mapping import Mapping as FileMapping
from callrouter.domain.tie_out.measures import say_measure
from callrouter.domain.tie_out.report import CLASS_WORDS
from callrouter.domain.tie_out.totals import Sums, Totals
from callrouter.workflows.view_tie_out import KeptTieOut

CLASS_COLUMNS = (
    "class",
    "our calls",
    "their rows",
    "our s",
    "their s",
    "ours",
    "theirs",
    "theirs - ours",
)
LIST_COLUMNS = ("number", "buyer", "period", "ours", "theirs", "differing", "made", "by", "stands")
FIELD_COLUMNS = ("field", "column", "heading", "written as", "sure", "because")


def list_class_cells(totals: Totals, currency: str) -> list[tuple[str, ...]]:
    """A row for each class that has lines, and the whole."""
    shown = [(CLASS_WORDS[each], sums) for each, sums in totals.classes.items() if sums.lines]
    return [_class_cells(words, sums, currency) for words, sums in (*shown, ("All", totals.whole))]


def _class_cells(words: str, sums: Sums, currency: str) -> tuple[str, ...]:
    return (
        words,
        str(sums.our_calls),
        str(sums.rows),
        f"{sums.our_ms / 1000:.0f}",
        f"{sums.their_ms / 1000:.0f}",
        say_amount(sums.our_micros, currency),
        say_amount(sums.their_micros, currency),
        say_amount(sums.micros, currency),
    )


def describe(tied: KeptTieOut) -> list[str]:
    """What stands above the table of classes."""
    first = find_wall_time(tied.zone, tied.since).date()
    last = find_last_day(tied.until, tied.zone)
    title = f"tie-out {tied.number} with {tied.buyer_id}" if tied.number else "tie-out"
    lines = [f"{title}, {first} to {last} ({tied.zone})"]
    lines += [tied.clock.words or say_clock(tied.clock)]
    if tied.measure is not None:
        lines.append(f"compared: {say_measure(tied.measure)}")
    return [*lines, *tied.notices]


def list_cells(tied: KeptTieOut, *, stands: bool) -> tuple[str, ...]:
    """One row of the list of tie-outs."""
    whole = tied.totals.whole
    agreeing = tied.totals.classes[DifferenceClass.AGREE].lines
    first = find_wall_time(tied.zone, tied.since).date()
    return (
        str(tied.number),
        tied.buyer_id,
        f"{first} to {find_last_day(tied.until, tied.zone)}",
        say_amount(whole.our_micros, tied.currency),
        say_amount(whole.their_micros, tied.currency),
        str(whole.lines - agreeing),
        show_instant(tied.made_at),
        tied.author,
        "yes" if stands else "",
    )


def list_field_cells(mapping: FileMapping) -> list[tuple[str, ...]]:
    """Which column each field is, as a table."""
    return [
        (
            each.field.value,
            str(each.column + 1),
            each.header,
            each.form.replace("_", " "),
            f"{each.confidence:.0%}",
            each.evidence,
        )
        for each in mapping.columns
    ]


def describe_mapping(mapping: FileMapping) -> list[str]:
    """What a mapping says besides its columns."""
    said: Mapping[str, str] = {
        "format": mapping.format,
        "zone": mapping.zone,
        "several rows of a call": mapping.legs.replace("_", " "),
        "their total": mapping.total_means,
        "their talk": mapping.talk_means,
        "layout": mapping.layout,
    }
    return [f"{name}: {words}" for name, words in said.items() if words]


def tie_out_as_json(tied: KeptTieOut) -> JsonValue:
    """A tie-out for programs: all of it but its lines."""
    return as_json(tied)
