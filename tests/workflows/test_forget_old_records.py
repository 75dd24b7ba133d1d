from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from structlog.testing import capture_logs

from callrouter.adapters.storage.alert_channels import add_channel
from callrouter.adapters.storage.alert_outbox import list_messages
from callrouter.adapters.storage.attempt_outcomes import read_recent_outcomes, record_outcome
from callrouter.adapters.storage.caller_lists import add_entries, list_entries
from callrouter.adapters.storage.engine import Database
from callrouter.adapters.storage.retention import KEEPS_MESSAGES, KEEPS_OUTCOMES
from callrouter.adapters.storage.secret_box import SecretBox
from callrouter.domain.alerts.alert import ChannelKind
from callrouter.domain.alerts.alert_channels import AlertChannel
from callrouter.domain.callers.caller_lists import ListEffect, ListEntry
from callrouter.domain.calls.destination_outcomes import CountedOutcome, DestinationOutcome
from callrouter.workflows.forget_old_records import (
    KEEPS_EXPIRED_ENTRIES,
    Forgotten,
    forget_old_records,
)
from callrouter.workflows.raise_alert import raise_alert, recover_alert
from callrouter.workflows.send_alerts import send_alerts
from tests.post import FakePost
from tests.switchboards import SECRET_KEY, SELLER, T0, FakeClock, open_seller

ID = SELLER.seller_id
BOX = SecretBox(SECRET_KEY)
MOMENT = timedelta(microseconds=1)


@pytest.fixture
def seller(database: Database) -> Database:
    open_seller(database)
    return database


def note_calls(database: Database, destination_id: str, ended_at: datetime, calls: int) -> None:
    outcome = DestinationOutcome(
        call_sid="",
        attempt=1,
        destination_id=destination_id,
        buyer_id="acme",
        campaign_id="flood-repair",
        dialed_at=ended_at,
        ended_at=ended_at,
        outcome=CountedOutcome.BUSY,
    )
    with database.write() as connection:
        for number in range(calls):
            sid = f"CA-{destination_id}-{ended_at.isoformat()}-{number}"
            record_outcome(connection, ID, replace(outcome, call_sid=sid))


def count_calls(database: Database, destination_id: str) -> int:
    with database.read() as connection:
        return len(
            read_recent_outcomes(connection, ID, destination_id, T0 - timedelta(days=999), 9999)
        )


def test_how_attempts_ended_is_forgotten_once_nothing_goes_by_it_however_many_there_were(
    seller: Database, clock: FakeClock
) -> None:
    old, new = T0 - KEEPS_OUTCOMES - MOMENT, T0 - KEEPS_OUTCOMES
    note_calls(seller, "acme-east", old, 1001)
    note_calls(seller, "acme-east", new, 2)
    note_calls(seller, "bolt-main", new, 1)
    note_calls(seller, "of-nobody-any-more", old, 1)

    with capture_logs() as lines:
        assert forget_old_records(seller, clock) == Forgotten(1002, 0, 0)
        assert forget_old_records(seller, clock) == Forgotten(0, 0, 0)

    assert [(line["event"], line["outcomes"]) for line in lines] == [("records_forgotten", 1002)]
    kept = [count_calls(seller, each) for each in ("acme-east", "bolt-main", "of-nobody-any-more")]
    assert kept == [2, 1, 0]


def test_messages_are_forgotten_once_they_are_settled_but_for_those_of_an_alert_that_stands(
    seller: Database, clock: FakeClock
) -> None:
    channel = AlertChannel(
        seller_id=ID, name="ops", kind=ChannelKind.EMAIL, address="ops@example.com"
    )
    with seller.write() as connection:
        add_channel(connection, BOX, channel, T0)
        for key in ("over", "stands"):
            raise_alert(connection, ID, key, "down", "5 of 6", T0)
        recover_alert(connection, ID, "over", "", T0)
    while send_alerts(seller, BOX, FakePost().means, clock):
        pass
    with seller.write() as connection:
        raise_alert(connection, ID, "waits", "down", "5 of 6", T0)
        recover_alert(connection, ID, "waits", "", T0)

    clock.set(KEEPS_MESSAGES.total_seconds())
    assert forget_old_records(seller, clock) == Forgotten(0, 0, 0)
    clock.set(KEEPS_MESSAGES.total_seconds() + 1)
    assert forget_old_records(seller, clock) == Forgotten(0, 2, 0)

    with seller.read() as connection:
        kept = {message.alert_key for message in list_messages(connection, ID)}
    assert kept == {"stands", "waits"}


def test_expired_entries_of_caller_lists_are_forgotten_after_a_while(
    seller: Database, clock: FakeClock
) -> None:
    ends = {
        "+14155550121": None,
        "+14155550122": T0 - KEEPS_EXPIRED_ENTRIES + MOMENT,
        "+14155550123": T0 - KEEPS_EXPIRED_ENTRIES,
    }
    with seller.write() as connection:
        entries = [
            ListEntry(
                effect=ListEffect.BLOCK, pattern=number, expires_at=end, author="ada", added_at=T0
            )
            for number, end in ends.items()
        ]
        add_entries(connection, ID, tuple(entries))

    assert forget_old_records(seller, clock) == Forgotten(0, 0, 1)

    with seller.read() as connection:
        kept = [entry.pattern for entry in list_entries(connection, ID, None, 10)]
    assert kept == ["+14155550121", "+14155550122"]
