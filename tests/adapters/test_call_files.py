"""A call in other systems' columns: what its cells say of time and money."""

from dataclasses import replace
from datetime import timedelta

from callrouter.adapters.call_files import CallForm, ToldCall, list_columns, write_rows
from callrouter.domain.billing.margin import Booked
from callrouter.domain.billing.party import Party, Side
from callrouter.domain.cdr import AttemptOutcome, Disposition
from tests.books import attempt, cdr

ACME, BOLT = Party(Side.BUYER, "acme"), Party(Side.BUYER, "bolt")
RADIO = Party(Side.PUBLISHER, "radio-kx")
USD = 1_000_000
DIALS = {"acme-east": "+12125550171"}


def tell(*booked: Booked, **changes: object) -> ToldCall:
    made = replace(cdr(attempt()), **changes)  # type: ignore[arg-type]
    return ToldCall(made, booked, DIALS)


def row(call: ToldCall, form: CallForm = CallForm.RINGBA) -> dict[str, str]:
    [*_, cells] = write_rows(call, form)
    return dict(zip(list_columns(form), cells, strict=True))


def test_a_call_that_was_paid_for_says_what_each_side_gets() -> None:
    told = row(tell(Booked(ACME, "USD", 75 * USD), Booked(RADIO, "USD", 30 * USD)))
    assert (told["hasConverted"], told["conversionAmount"]) == ("true", "75.00")
    assert (told["hasPayout"], told["payoutAmount"]) == ("true", "30.00")


def test_a_call_without_charges_is_worth_nothing() -> None:
    told = row(tell(), CallForm.PLAIN)
    assert (told["amount"], told["currency"]) == ("0.00", "")


def test_amounts_of_two_currencies_are_named_and_never_added() -> None:
    told = tell(
        Booked(ACME, "USD", 75 * USD), Booked(BOLT, "USD", 5 * USD), Booked(RADIO, "EUR", 30 * USD)
    )
    assert (told.revenue(), told.payout(), told.currency()) == ("80.00 USD", "30.00 EUR", "")


def test_a_buyer_sees_what_it_pays_itself_and_nothing_else() -> None:
    told = tell(
        Booked(ACME, "USD", 75 * USD), Booked(BOLT, "USD", 5 * USD), Booked(RADIO, "USD", 30 * USD)
    ).only_of("acme")
    assert (told.revenue(), told.payout(), told.cdr.publisher) == ("75.00", "", "")


def test_whoever_was_screened_is_joined_when_the_whisper_is_over() -> None:
    whispered = replace(attempt(answered_ms=60_000), connected_ms=52_000)
    call = tell(attempts=(whispered,))
    joined_at = call.connected_at()
    assert joined_at is not None
    assert joined_at - whispered.dialed_at == timedelta(seconds=5 + 8)
    assert row(call)["timeToConnectInSeconds"] == "13"


def test_a_call_that_nobody_took_was_never_joined() -> None:
    busy = replace(attempt(answered_ms=0), outcome=AttemptOutcome.BUSY)
    call = tell(attempts=(busy,), disposition=Disposition.BUSY, connected_ms=0)
    told = row(call)
    assert (told["hasConnected"], told["callConnectionDt"]) == ("false", "")
    assert told["timeToConnectInSeconds"] == "0"
    assert row(call, CallForm.TWILIO)["Status"] == "busy"
