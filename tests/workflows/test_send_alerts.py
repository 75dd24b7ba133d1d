"""What waits to be told is told: in order, at least once, each channel for itself."""

import itertools
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from structlog.testing import capture_logs

from callrouter.adapters.storage.alert_channels import add_channel
from callrouter.adapters.storage.alert_outbox import (
    ChannelKey,
    QueuedMessage,
    claim_message,
    list_messages,
    settle_message,
)
from callrouter.adapters.storage.engine import Database
from callrouter.adapters.storage.secret_box import SecretBox
from callrouter.domain.alerts.alert import MOST_ATTEMPTS, REMIND_AFTER, ChannelKind, Notice
from callrouter.domain.alerts.alert_channels import AlertChannel
from callrouter.domain.errors import NotFoundError, StorageUnavailableError
from callrouter.workflows.change_channels import remove_channel
from callrouter.workflows.raise_alert import raise_alert, recover_alert
from callrouter.workflows.send_alerts import CLAIM_LASTS, send_alerts
from tests.post import FakePost
from tests.switchboards import SECRET_KEY, T0, FakeClock

BOX = SecretBox(SECRET_KEY)
OPS = AlertChannel(
    seller_id="seller-a", name="ops", kind=ChannelKind.EMAIL, address="ops@example.com"
)
OWNER = replace(
    OPS, name="owner", kind=ChannelKind.SMS, address="+14155550123", sender="+18005550100"
)
CHAT = replace(
    OPS, name="chat", kind=ChannelKind.WEBHOOK, address="https://hooks.example.com/x", secret="shh"
)


@pytest.fixture(autouse=True)
def logs() -> Iterator[list[dict[str, object]]]:
    with capture_logs() as captured:
        yield captured  # type: ignore[misc]


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def post() -> FakePost:
    return FakePost()


def subscribe(database: Database, *channels: AlertChannel) -> None:
    with database.write() as connection:
        for channel in channels:
            assert add_channel(connection, BOX, channel, T0)


def raise_(
    database: Database, clock: FakeClock, key: str = "k", seller_id: str = "seller-a"
) -> bool:
    with database.write() as connection:
        return raise_alert(connection, seller_id, key, f"{key} is down", "5 of 6", clock.now())


def recover_(
    database: Database, clock: FakeClock, key: str = "k", seller_id: str = "seller-a"
) -> bool:
    with database.write() as connection:
        return recover_alert(connection, seller_id, key, "", clock.now())


def messages(database: Database) -> tuple[QueuedMessage, ...]:
    with database.read() as connection:
        return list_messages(connection, "seller-a")


def test_each_channel_hears_of_it_by_its_own_means(
    database: Database, clock: FakeClock, post: FakePost
) -> None:
    subscribe(database, OPS, OWNER, CHAT)
    raise_(database, clock)

    assert send_alerts(database, BOX, post.means, clock) == 3
    assert send_alerts(database, BOX, post.means, clock) == 0

    by_address = {taken.address: taken for taken in post.taken}
    mail, hook = by_address[OPS.address], by_address[CHAT.address]
    sms = by_address[OWNER.address]
    assert (mail.change, mail.subject, mail.text) == ("raised", "k is down", "5 of 6")
    assert (hook.secret, hook.posted_at, hook.notice_id) == ("shh", T0, mail.notice_id)
    assert (sms.text, sms.sender) == ("k is down: 5 of 6", OWNER.sender)
    assert {(m.sent_at, m.due_at, m.attempts) for m in messages(database)} == {(T0, None, 1)}


def test_a_channel_that_fails_is_tried_again_after_longer_and_longer(
    database: Database, clock: FakeClock, post: FakePost, logs: list[dict[str, object]]
) -> None:
    subscribe(database, OPS)
    raise_(database, clock)
    post.refuses = lambda _: "no"

    tries = []
    for second in range(200):
        clock.set(second)
        send_alerts(database, BOX, post.means, clock)
        tries.append(len(post.tried))
    assert [tries.index(n) for n in (1, 2, 3, 4)] == [0, 15, 45, 105]
    assert [line["event"] for line in logs if line["event"] != "alert_raised"] == [
        "alert_delayed"
    ] * 4
    assert messages(database)[0].failure == "no"

    post.refuses = lambda _: ""
    clock.set(225)
    assert send_alerts(database, BOX, post.means, clock) == 1
    [message] = messages(database)
    assert (message.attempts, message.failure) == (5, "")


def test_a_channel_that_fails_holds_up_no_other(
    database: Database, clock: FakeClock, post: FakePost
) -> None:
    subscribe(database, OPS, OWNER, CHAT)
    post.refuses = lambda address: "no" if address == OPS.address else ""
    for key in ("a", "b", "c"):
        raise_(database, clock, key)

    assert send_alerts(database, BOX, post.means, clock) == 6
    assert post.tried.count(OPS.address) == 1  # the rest of its own waits for the next round


def test_a_channel_that_is_slow_holds_up_no_other(
    database_url: str, database: Database, clock: FakeClock
) -> None:
    other_was_served = threading.Event()

    class SlowPost(FakePost):
        def mail(self, to: str, notice: Notice) -> None:
            assert other_was_served.wait(30)
            super().mail(to, notice)

        def post(self, url: str, secret: str, notice: Notice, at: datetime) -> None:
            super().post(url, secret, notice, at)
            other_was_served.set()

    subscribe(database, OPS, replace(CHAT, name="z-comes-last"))
    raise_(database, clock)

    assert send_alerts(database, BOX, SlowPost().means, clock) == 2


def test_what_is_over_is_told_after_what_began_even_if_that_had_to_wait(
    database: Database, clock: FakeClock, post: FakePost
) -> None:
    subscribe(database, OPS)
    raise_(database, clock)
    post.refuses = lambda _: "no"
    send_alerts(database, BOX, post.means, clock)
    recover_(database, clock)
    post.refuses = lambda _: ""

    assert send_alerts(database, BOX, post.means, clock) == 0
    clock.set(15)
    assert send_alerts(database, BOX, post.means, clock) == 2
    assert [taken.change for taken in post.taken] == ["raised", "recovered"]


def test_another_key_needs_not_wait(database: Database, clock: FakeClock, post: FakePost) -> None:
    subscribe(database, OPS)
    raise_(database, clock, "a")
    post.refuses = lambda _: "no"
    send_alerts(database, BOX, post.means, clock)
    post.refuses = lambda _: ""
    raise_(database, clock, "b")

    send_alerts(database, BOX, post.means, clock)
    assert [taken.key for taken in post.taken] == ["b"]


def test_after_a_day_of_failures_it_is_given_up_and_nobody_hears_of_its_end(
    database: Database, clock: FakeClock, post: FakePost, logs: list[dict[str, object]]
) -> None:
    subscribe(database, OPS)
    raise_(database, clock)
    recover_(database, clock)
    post.refuses = lambda _: "no"
    for hour in range(2 * MOST_ATTEMPTS):
        clock.set(3600 * hour)
        send_alerts(database, BOX, post.means, clock)

    post.refuses = lambda _: ""
    assert len(post.tried) == MOST_ATTEMPTS
    assert [line["event"] for line in logs][-1] == "alert_given_up"
    assert [(m.change, m.due_at, m.sent_at, m.failure) for m in messages(database)] == [
        ("raised", None, None, "no"),
        ("recovered", None, None, "nothing was heard of the alert itself"),
    ]
    assert send_alerts(database, BOX, post.means, clock) == 0


def test_what_still_stands_after_a_day_is_told_again_to_those_who_came_later_too(
    database: Database, clock: FakeClock, post: FakePost
) -> None:
    subscribe(database, OPS)
    raise_(database, clock)
    send_alerts(database, BOX, post.means, clock)
    subscribe(database, CHAT)

    clock.at = T0 + REMIND_AFTER
    for _ in range(3):
        send_alerts(database, BOX, post.means, clock)
    recover_(database, clock)
    send_alerts(database, BOX, post.means, clock)

    assert [t.change for t in post.taken if t.address == OPS.address] == [
        "raised",
        "reminder",
        "recovered",
    ]
    assert [t.change for t in post.taken if t.address == CHAT.address] == ["reminder", "recovered"]
    assert len({t.notice_id for t in post.taken}) == 3


def test_a_sender_that_vanishes_leaves_its_message_to_another(
    database: Database, clock: FakeClock, post: FakePost
) -> None:
    subscribe(database, OPS)
    raise_(database, clock)
    with database.write() as connection:
        claimed = claim_message(connection, ChannelKey("seller-a", "ops"), T0, T0 + CLAIM_LASTS)
    assert claimed is not None

    assert send_alerts(database, BOX, post.means, clock) == 0
    clock.at = T0 + CLAIM_LASTS
    assert send_alerts(database, BOX, post.means, clock) == 1
    assert post.taken[0].notice_id == claimed.notice.notice_id


def test_a_try_that_outlasts_its_claim_and_fails_leaves_the_message_to_the_next(
    database: Database, clock: FakeClock, post: FakePost
) -> None:
    subscribe(database, OPS)
    raise_(database, clock)
    key = ChannelKey("seller-a", "ops")
    with database.write() as connection:
        first = claim_message(connection, key, T0, T0 + CLAIM_LASTS)
        later = T0 + CLAIM_LASTS
        second = claim_message(connection, key, later, later + CLAIM_LASTS)
        assert first is not None
        assert second is not None
        late = settle_message(connection, first, sent_at=None, retry_at=T0, failure="slow")
        sent = settle_message(connection, second, sent_at=later, retry_at=None, failure="")
        again = settle_message(connection, first, sent_at=later, retry_at=None, failure="")

    assert (late, sent, again) == (False, True, False)
    assert [(m.sent_at, m.attempts, m.failure) for m in messages(database)] == [(later, 2, "")]


def test_a_slow_round_ends_so_that_the_next_may_begin(database: Database, clock: FakeClock) -> None:
    class SlowPost(FakePost):
        def mail(self, to: str, notice: Notice) -> None:
            clock.at += timedelta(seconds=9)
            super().mail(to, notice)

    subscribe(database, OPS)
    for number in range(5):
        raise_(database, clock, f"k{number}")

    slow = SlowPost()
    assert send_alerts(database, BOX, slow.means, clock) == 3
    assert send_alerts(database, BOX, slow.means, clock) == 2


def test_two_senders_at_once_send_each_message_once(
    database: Database, clock: FakeClock, post: FakePost
) -> None:
    subscribe(database, OPS, CHAT)
    for number in range(15):
        raise_(database, clock, f"k{number}")
    senders = [
        threading.Thread(target=send_alerts, args=(database, BOX, post.means, clock))
        for _ in range(3)
    ]
    for sender in senders:
        sender.start()
    for sender in senders:
        sender.join()
    send_alerts(database, BOX, post.means, clock)

    assert len(post.taken) == len({(t.address, t.key) for t in post.taken}) == 30


def test_one_round_sends_a_channel_no_more_than_twenty(
    database: Database, clock: FakeClock, post: FakePost
) -> None:
    subscribe(database, OPS)
    for number in range(21):
        raise_(database, clock, f"k{number}")

    assert send_alerts(database, BOX, post.means, clock) == 20
    assert send_alerts(database, BOX, post.means, clock) == 1


def test_what_waits_for_a_channel_goes_with_it(
    database: Database, clock: FakeClock, post: FakePost
) -> None:
    subscribe(database, OPS, CHAT)
    raise_(database, clock)
    remove_channel(database, "seller-a", "ops")

    assert send_alerts(database, BOX, post.means, clock) == 1
    assert [m.failure for m in messages(database)] == ["", "the channel was removed"]


def test_a_channel_that_vanishes_while_it_is_sent_to_is_tried_no_more(
    database: Database, clock: FakeClock, post: FakePost
) -> None:
    subscribe(database, OPS)
    raise_(database, clock)
    with database.write() as connection:
        connection.exec_driver_sql("DELETE FROM alert_channels")

    assert send_alerts(database, BOX, post.means, clock) == 0
    assert [(m.due_at, m.failure) for m in messages(database)] == [
        (None, "the channel was removed")
    ]


@pytest.mark.parametrize(
    ("error", "failure"),
    [
        pytest.param(NotFoundError("no seller"), "no seller", id="expected"),
        pytest.param(
            RuntimeError("hidden"),
            "a mistake of callrouter's own (RuntimeError): see its log",
            id="a bug",
        ),
    ],
)
def test_whatever_goes_wrong_with_a_channel_is_a_failure_of_that_one(
    database: Database, clock: FakeClock, post: FakePost, error: Exception, failure: str
) -> None:
    def fail(_: str) -> FakePost:
        raise error

    subscribe(database, OWNER, CHAT)
    raise_(database, clock)

    assert send_alerts(database, BOX, replace(post.means, texter_of=fail), clock) == 1
    assert [m.failure for m in messages(database)] == ["", failure]


def test_without_a_mail_server_mail_waits_for_one(
    database: Database, clock: FakeClock, post: FakePost
) -> None:
    subscribe(database, OPS)
    raise_(database, clock)

    send_alerts(database, BOX, replace(post.means, mailer=None), clock)
    assert messages(database)[0].failure == "SMTP_URL is not set, so there is no mail server"
    clock.set(15)
    assert send_alerts(database, BOX, post.means, clock) == 1


def test_an_outage_of_the_database_is_nobody_s_failure(
    database: Database, clock: FakeClock, post: FakePost
) -> None:
    def fail(_: str) -> FakePost:
        raise StorageUnavailableError("it's away")

    subscribe(database, OWNER)
    raise_(database, clock)

    with pytest.raises(StorageUnavailableError):
        send_alerts(database, BOX, replace(post.means, texter_of=fail), clock)
    clock.at = T0 + CLAIM_LASTS
    assert send_alerts(database, BOX, post.means, clock) == 1


def test_another_secret_key_delays_what_it_cannot_open(
    database: Database, clock: FakeClock, post: FakePost
) -> None:
    subscribe(database, OPS)
    raise_(database, clock)

    assert send_alerts(database, SecretBox("another key"), post.means, clock) == 0
    assert messages(database)[0].failure.startswith("SECRET_KEY isn't the one")


STEP = st.one_of(
    st.tuples(st.just("raise"), st.sampled_from("ab")),
    st.tuples(st.just("recover"), st.sampled_from("ab")),
    st.tuples(st.just("send"), st.sets(st.sampled_from([OPS.address, CHAT.address]))),
    st.tuples(st.just("vanish"), st.sampled_from([OPS.name, CHAT.name])),
    st.tuples(st.just("wait"), st.integers(1, 600)),
)


_numbers = itertools.count(1)


@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(st.lists(STEP, max_size=25))
def test_whatever_happens_each_channel_hears_of_each_change_once_and_in_turn(
    database: Database, steps: list[tuple[str, object]]
) -> None:
    """Sends fail, senders vanish after their claim; in the end everything was told, in order."""
    clock, post = FakeClock(), FakePost()
    seller_id = f"seller-{next(_numbers)}"
    subscribe(database, replace(OPS, seller_id=seller_id), replace(CHAT, seller_id=seller_id))
    expected: dict[str, list[str]] = {"a": [], "b": []}
    for step, what in steps:
        if step in ("raise", "recover"):
            change = raise_ if step == "raise" else recover_
            if change(database, clock, str(what), seller_id):
                expected[str(what)].append("raised" if step == "raise" else "recovered")
        elif step == "send":
            post.refuses = Broken(what)
            send_alerts(database, BOX, post.means, clock)
        elif step == "vanish":
            with database.write() as connection:
                channel = ChannelKey(seller_id, str(what))
                claim_message(connection, channel, clock.at, clock.at + CLAIM_LASTS)
        else:
            clock.at += timedelta(seconds=int(str(what)))
    post.refuses = Broken(())
    for _ in range(6):
        clock.at += timedelta(hours=1)
        send_alerts(database, BOX, post.means, clock)

    for address in (OPS.address, CHAT.address):
        for key, changes in expected.items():
            heard = [t.change for t in post.taken if (t.address, t.key) == (address, key)]
            pairs, rest = divmod(len(heard), 2)
            assert heard == changes == ["raised", "recovered"] * pairs + ["raised"] * rest


class Broken:
    """Refuses what goes to some addresses."""

    def __init__(self, addresses: object) -> None:
        self.addresses = addresses if isinstance(addresses, set) else set()

    def __call__(self, address: str) -> str:
        return "no" if address in self.addresses else ""
