"""Which columns are ids, states, directions and prices."""

from collections.abc import Sequence

from callrouter.adapters.buyer_files.guesses.sampled import SampledColumn
from callrouter.adapters.buyer_files.values.forms import share_of
from callrouter.domain.tie_out.mapping import Field, FieldColumn

_CALL_SID = r"^CA[0-9a-f]{32}$"
_ID = r"^[A-Za-z0-9][A-Za-z0-9._:@-]{4,}$"
_FIGURE = r"^[\d:.,]{1,8}$|^\d{0,6}[.,]\d+$|^\d\d?:\d\d:\d\d"
_DIRECTIONS = frozenset(
    {
        *("inbound", "outbound", "in", "out", "incoming", "outgoing"),
        *("internal", "external", "manual", "preview"),
    }
)
_STATES = frozenset(
    {
        *("answered", "no answer", "no-answer", "noanswer", "busy", "failed", "completed"),
        *("missed", "abandoned", "voicemail", "connected", "canceled", "cancelled", "rejected"),
        *("normal_clearing", "no_answer", "user_busy", "originator_cancel", "accepted", "failure"),
        *("no_user_response", "call connected", "hang up", "received", "placed", "congestion"),
    }
)


def guess_words(columns: Sequence[SampledColumn]) -> tuple[FieldColumn, ...]:
    """Ids, state, direction and price among columns that are nothing else."""
    found: dict[Field, FieldColumn] = {}
    for column in columns:
        each = _name_shared_id(column) or _name_list(column) or _name_price(column)
        if each is not None:
            found.setdefault(each.field, each)
    taken = {each.column for each in found.values()}
    ids = [column for column in columns if column.index not in taken and _is_id(column)]
    return (*found.values(), *_name_ids(ids))


def _name_shared_id(column: SampledColumn) -> FieldColumn | None:
    share = column.share(_CALL_SID)
    if share < 0.5:
        return None
    return column.means(Field.SHARED_ID, share, f"{column.count(share)} are the carrier's CallSids")


def _name_list(column: SampledColumn) -> FieldColumn | None:
    """A column whose words are those of a list."""
    if column.distinct > 20:
        return None
    words = column.said.str.to_lowercase()
    for field, known in ((Field.DIRECTION, _DIRECTIONS), (Field.STATUS, _STATES)):
        share = share_of(words.is_in(list(known)))
        if share >= 0.8:
            evidence = f"{column.count(share)} are words for a {field.value}"
            return column.means(field, 0.8 * share, evidence)
    return None


def _name_price(column: SampledColumn) -> FieldColumn | None:
    marked = column.share("^-?[(]?[$\u20ac\u00a3]|[$\u20ac\u00a3]$")
    if marked >= 0.5:
        evidence = f"{column.count(marked)} have a currency's sign"
        return column.means(Field.PRICE, 0.8 * marked, evidence)
    return None


def _is_id(column: SampledColumn) -> bool:
    return (
        column.filled >= 0.9
        and column.share(_ID) >= 0.95
        and column.share(r"\d") >= 0.9
        and column.share(_FIGURE) < 0.1
        and column.distinct >= 0.3 * len(column.said)
        and column.distinct > 1
    )


def _name_ids(columns: list[SampledColumn]) -> list[FieldColumn]:
    """What never repeats; where another column repeats values of it, that one is the call's."""
    unique = [column for column in columns if column.distinct == len(column.said)]
    if not unique:
        repeating = max(columns, key=lambda column: column.distinct, default=None)
        if repeating is None:
            return []
        evidence = f"{repeating.distinct:,} different ids in {len(repeating.said):,} rows"
        return [repeating.means(Field.CALL_ID, 0.5, evidence)]
    first = unique[0]
    for column in columns:
        if column is not first and column.distinct < len(column.said):
            shared = share_of(column.said.is_in(first.said.implode()))
            if shared >= 0.3:
                evidence = f"{column.distinct:,} different ids, values of column {first.index + 1}"
                return [
                    column.means(Field.CALL_ID, 0.7, evidence),
                    first.means(Field.LEG_ID, 0.7, "every value is different"),
                ]
    return [first.means(Field.CALL_ID, 0.7, "every value is different")]
