"""What is wrong between the keys of a terms file, each found where it stands."""

from collections.abc import Iterator
from decimal import Decimal

from callrouter.adapters.policy_files.document import PolicyDocument
from callrouter.adapters.policy_files.rules import fits_price
from callrouter.domain.errors import FileProblem
from callrouter.domain.money import DECIMALS, read_amount
from callrouter.domain.tables.table_check import KeyPath

_PRICES = ("price", "bands", "per_minute", "per_attempt", "share")
_TIMED = ("price", "bands", "per_minute")
"""Those for which it counts how long a call was."""
_OF_TIME = ("clock", "operator", "rounding", "threshold_s")


def read_percent(text: str) -> int:
    """The parts per million of a percentage that is well written, with four decimals at most."""
    return int(Decimal(text.removesuffix("%").strip()) * 10_000)


def find_conflicts(document: PolicyDocument) -> Iterator[FileProblem]:
    """What is wrong between keys, found even where a key by itself is wrong too."""
    yield from _check_party(document)
    yield from _check_prices(document)
    for index in range(_length(document.value_at(("terms",)))):
        path: KeyPath = ("terms", index)
        if isinstance(document.value_at(path), dict):
            yield from _check_kind_of_price(document, path)
            yield from _check_bands(document, path)


def _check_party(document: PolicyDocument) -> Iterator[FileProblem]:
    content = document.content
    if "buyer" in content and "publisher" in content:
        message = "can't stand beside buyer; write a file for each"
        yield document.problem(("publisher",), message)
    elif "buyer" not in content and "publisher" not in content:
        message = 'says of nobody whose terms these are; write buyer = "acme" or publisher = "…"'
        yield document.problem((), message)
    if content.get("prepaid") is True and "credit_limit" in content:
        message = "says nothing with prepaid = true, which spends what was paid; keep one of them"
        yield document.problem(("credit_limit",), message)
    for key in ("credit_limit", "prepaid"):
        if key in content and "publisher" in content:
            yield document.problem((key,), "is for buyers; a publisher owes nothing")
    if "tie_out" in content and "publisher" in content:
        yield document.problem(("tie_out",), "is for buyers; a publisher's records aren't tied out")


def _check_prices(document: PolicyDocument) -> Iterator[FileProblem]:
    currency = str(document.value_at(("currency",)) or "USD")
    for path in _list_price_paths(document):
        price = document.value_at(path)
        if isinstance(price, str) and fits_price(price) and currency in DECIMALS:
            amount = read_amount(price, currency)
            if isinstance(amount, str):
                yield document.problem(path, amount)
            elif amount == 0 and path == ("credit_limit",):
                yield document.problem(path, "is no credit at all; write prepaid = true instead")


def _list_price_paths(document: PolicyDocument) -> Iterator[KeyPath]:
    yield ("credit_limit",)
    for index in range(_length(document.value_at(("terms",)))):
        path: KeyPath = ("terms", index)
        yield from ((*path, "price"), (*path, "per_attempt"), (*path, "per_minute", "price"))
        for band in range(_length(document.value_at((*path, "bands")))):
            yield (*path, "bands", band, "price")


def _check_kind_of_price(document: PolicyDocument, path: KeyPath) -> Iterator[FileProblem]:
    kinds = [key for key in _PRICES if document.value_at((*path, key)) is not None]
    if kinds == ["bands"] and document.value_at((*path, "bands")) == []:
        message = "has no band; write one or more sections headed [[terms.bands]]"
        yield document.problem((*path, "bands"), message)
    if not kinds:
        message = f'has no price; write one of {", ".join(_PRICES)}, as in price = "35.00"'
        yield document.problem(path, message)
    for extra in kinds[1:]:
        message = f"can't stand beside {kinds[0]}; terms have one kind of price"
        yield document.problem((*path, extra), message)
    if "share" in kinds and "buyer" in document.content:
        message = "is for publishers, who have a share of what buyers pay; write a price"
        yield document.problem((*path, "share"), message)
    if not any(kind in _TIMED for kind in kinds):
        for key in _OF_TIME:
            if kinds and document.value_at((*path, key)) is not None:
                message = f"says nothing with {kinds[0]}, which asks for no time; leave it out"
                yield document.problem((*path, key), message)
    if document.value_at((*path, "threshold_s")) is not None and not set(kinds).isdisjoint(
        ("bands", "per_minute")
    ):
        message = "is for price; bands and per_minute have an after_s of their own"
        yield document.problem((*path, "threshold_s"), message)


def _check_bands(document: PolicyDocument, path: KeyPath) -> Iterator[FileProblem]:
    for index in range(1, _length(document.value_at((*path, "bands")))):
        here, before = ((*path, "bands", place) for place in (index, index - 1))
        after_s, after_s_before = (document.value_at((*each, "after_s")) for each in (here, before))
        if (
            isinstance(after_s, int)
            and isinstance(after_s_before, int)
            and after_s <= after_s_before
        ):
            message = f"must be above {after_s_before}, that of the band before; found {after_s}"
            yield document.problem((*here, "after_s"), message)
        price, price_before = (document.value_at((*each, "price")) for each in (here, before))
        if _is_below(price, price_before):
            message = f"is below {price_before}, the band before's: no call costs less for lasting"
            yield document.problem((*here, "price"), message)


def _is_below(price: object, other: object) -> bool:
    if not isinstance(price, str) or not isinstance(other, str):
        return False
    return fits_price(price) and fits_price(other) and Decimal(price) < Decimal(other)


def _length(entries: object) -> int:
    return len(entries) if isinstance(entries, list) else 0
