from dataclasses import replace
from datetime import timedelta

from callrouter.domain.billing.party import Party, Side
from callrouter.domain.billing.talks import find_talk, list_talks
from callrouter.domain.cdr import AttemptOutcome, AttemptRecord, CdrFlag
from tests.domain.billing.builders import ACME, AT, RADIO, cdr_of, charge_of

BOLT = Party(Side.BUYER, "bolt")


def attempt(
    number: int,
    destination_id: str,
    outcome: AttemptOutcome,
    connected_s: int = 0,
    *,
    answered_s: int = 0,
) -> AttemptRecord:
    return AttemptRecord(
        attempt=number,
        destination_id=destination_id,
        buyer_id=destination_id.partition("-")[0],
        outcome=outcome,
        leg_sid=f"CAleg{number}",
        dialed_at=AT + timedelta(seconds=number),
        ring_ms=3000,
        answered_ms=(answered_s or connected_s) * 1000,
        connected_ms=connected_s * 1000,
        table_version=1,
    )


CONNECTED, NO_ANSWER, DECLINED = (
    AttemptOutcome.CONNECTED,
    AttemptOutcome.NO_ANSWER,
    AttemptOutcome.DECLINED,
)


def test_each_buyer_has_all_of_its_attempts_in_one_talk() -> None:
    """The first drops after six seconds, the second talks: two talks, of which one is long."""
    cdr = cdr_of(
        attempt(1, "acme-east", CONNECTED, 6),
        attempt(2, "bolt-main", CONNECTED, 300, answered_s=312),
        attempt(3, "acme-south", CONNECTED, 20),
    )

    acme, bolt, radio = list_talks(cdr)

    assert (acme.party, acme.connected_ms, acme.answered_ms, acme.attempts) == (
        ACME,
        26_000,
        26_000,
        2,
    )
    assert (bolt.party, bolt.connected_ms, bolt.answered_ms, bolt.attempts) == (
        BOLT,
        300_000,
        312_000,
        1,
    )
    assert (radio.party, radio.connected_ms, radio.attempts) == (RADIO, 326_000, 1)
    assert {each.total_ms for each in (acme, bolt, radio)} == {cdr.total_ms}
    assert [each.destination_id for each in (acme, bolt, radio)] == [
        "acme-south",
        "bolt-main",
        "acme-south",
    ]


def test_terms_go_by_the_destination_that_was_connected_last() -> None:
    cdr = cdr_of(
        attempt(1, "acme-east", CONNECTED, 6),
        attempt(2, "acme-south", NO_ANSWER),
    )

    talk = find_talk(cdr, ACME)
    assert talk is not None
    assert talk.destination_id == "acme-east"


def test_what_was_answered_and_declined_counts_for_nobody() -> None:
    cdr = cdr_of(
        attempt(1, "acme-east", DECLINED, answered_s=8),
        attempt(2, "acme-south", CONNECTED, 100, answered_s=110),
    )

    talk = find_talk(cdr, ACME)
    assert talk is not None
    assert (talk.answered_ms, talk.attempts) == (110_000, 2)


def test_who_was_rung_in_vain_has_a_talk_without_a_connection() -> None:
    cdr = cdr_of(attempt(1, "acme-east", NO_ANSWER), attempt(2, "acme-south", AttemptOutcome.BUSY))

    acme, radio = list_talks(cdr)

    assert (acme.is_connected, acme.attempts, acme.destination_id) == (False, 2, "acme-south")
    assert (radio.is_connected, radio.attempts) == (False, 1)


def test_a_ring_group_is_one_attempt_and_a_failed_one_is_none() -> None:
    cdr = cdr_of(
        attempt(1, "acme-east", AttemptOutcome.ELSEWHERE),
        attempt(1, "acme-south", CONNECTED, 60),
        attempt(2, "acme-north", AttemptOutcome.FAILED),
        attempt(3, "bolt-main", AttemptOutcome.FAILED),
    )

    assert [talk.attempts for talk in list_talks(cdr)] == [1, 0, 1]


def test_nobody_has_a_talk_of_an_attempt_or_a_number_that_is_nobodys() -> None:
    cdr = cdr_of(attempt(1, "", CONNECTED, 6))

    assert list_talks(replace(cdr, publisher="")) == ()
    assert find_talk(cdr, ACME) is None


def test_a_publishers_talk_takes_what_the_buyers_were_charged() -> None:
    talk = find_talk(cdr_of(attempt(1, "acme-east", CONNECTED, 6)), RADIO)

    assert talk is not None
    assert talk.with_charges([charge_of(5)]).charged == (charge_of(5),)


def test_a_time_that_is_missing_is_known_to_be() -> None:
    cdr = cdr_of(attempt(1, "acme-east", CONNECTED))

    assert all(talk.is_timed for talk in list_talks(cdr))
    missing = replace(cdr, flags=(CdrFlag.DURATION_MISSING,))
    assert not any(talk.is_timed for talk in list_talks(missing))
