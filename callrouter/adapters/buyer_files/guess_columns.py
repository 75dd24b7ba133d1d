"""Which column of a buyer's file is what, by its values alone: headings are looked at elsewhere."""

from datetime import date

from callrouter.adapters.buyer_files.guesses.durations import guess_durations
from callrouter.adapters.buyer_files.guesses.instants import find_instants, guess_instants
from callrouter.adapters.buyer_files.guesses.numbers import guess_numbers
from callrouter.adapters.buyer_files.guesses.sampled import sample_columns
from callrouter.adapters.buyer_files.guesses.words import guess_words
from callrouter.adapters.buyer_files.raw_table import RawTable
from callrouter.domain.tie_out.mapping import FieldColumn


def guess_columns(
    raw: RawTable,
    known_numbers: frozenset[str] = frozenset(),
    period: tuple[date, date] | None = None,
) -> tuple[FieldColumn, ...]:
    """What each column seems to be, by a sample of rows: no field and no column twice.

    `known_numbers` are E.164 of our DIDs and of the buyer's destinations; `period` is the first and
    the last day asked for, where it is known. A column of instants whose day and month nothing
    tells apart has no `form`, and asks in its `evidence`: see `decide_day_order`.
    """
    columns = sample_columns(raw)
    instants = guess_instants(find_instants(columns, period), columns)
    fields = list(instants.columns)
    taken = set(instants.taken)
    for guess in (
        lambda left: guess_numbers(left, known_numbers),
        guess_words,
        lambda left: guess_durations(left, instants.stamps),
    ):
        found = guess([column for column in columns if column.index not in taken])
        fields.extend(found)
        taken.update(each.column for each in found)
    return tuple(sorted(fields, key=lambda each: each.column))
