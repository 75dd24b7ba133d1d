"""Buyers taken down and back by what their health URLs answer."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pytest
from structlog.testing import capture_logs

from callrouter.adapters.storage.alerts import list_alerts
from callrouter.adapters.storage.engine import Database
from callrouter.domain.alerts.alert import Alert
from callrouter.domain.health.buyer_health import HealthAnswer
from callrouter.domain.health.stops import StopCause, StopKind
from callrouter.workflows.apply_buyers import apply_buyers
from callrouter.workflows.compiled import Compiled
from callrouter.workflows.poll_health import Polled, poll_health
from callrouter.workflows.stop_traffic import resume_traffic
from tests.domain.builders import at
from tests.switchboards import (
    BUYERS,
    OTHER_SELLER,
    SELLER,
    T0,
    TABLE,
    FakeClock,
    activate,
    open_seller,
)
from tests.workflows.test_trip_breaker import CREST, THREE, Traffic, _logs

__all__ = ["_logs"]  # a fixture


def standing(database: Database) -> tuple[Alert, ...]:
    with database.read() as connection:
        return list_alerts(connection, SELLER.seller_id, standing_only=True)


@dataclass
class FakeProbe:
    """Answers well for everybody but those who are `bad`; doesn't ask those who are `refused`."""

    bad: set[str] = field(default_factory=set)
    refused: set[str] = field(default_factory=set)
    asked: list[str] = field(default_factory=list)

    def ask(self, urls: Sequence[str]) -> Mapping[str, HealthAnswer]:
        self.asked += urls
        return {
            url: HealthAnswer(False, "503")
            if url.rpartition("/")[2] in self.bad
            else HealthAnswer(True, "200")
            for url in urls
            if url.rpartition("/")[2] not in self.refused
        }


@dataclass
class Polls:
    """A clock process that polls once a minute."""

    database: Database
    probe: FakeProbe = field(default_factory=FakeProbe)
    compiled: Compiled = field(default_factory=Compiled)
    minutes: int = 0

    def poll(self, *bad: str, after_s: float | None = None) -> Polled:
        self.minutes += 1
        clock = FakeClock(at(60 * self.minutes if after_s is None else after_s))
        self.probe.bad = set(bad)
        return poll_health(self.database, self.probe, self.compiled, clock)

    @property
    def traffic(self) -> Traffic:
        return Traffic(self.database, self.compiled)


def with_health(buyers: str, *names: str) -> str:
    for name in names:
        url = f'health_url = "https://status.example.com/{name}"\n'
        buyers = buyers.replace(f'id = "{name}"\n', f'id = "{name}"\n{url}', 1)
    return buyers


@pytest.fixture
def polls(database: Database) -> Polls:
    """Three buyers of one campaign, two of which have a health URL."""
    open_seller(database, buyers=with_health(BUYERS + CREST, "acme", "bolt"), tables=(THREE,))
    return Polls(database)


def test_a_buyer_whose_url_leads_where_we_ask_nobody_stays_as_it_is(polls: Polls) -> None:
    polls.poll("acme")
    polls.probe.refused = {"acme"}
    with capture_logs() as logs:
        polls.poll("acme")
        polls.poll("acme")
    assert polls.traffic.stops() == {}
    refused = [line["buyer"] for line in logs if line["event"] == "health_url_refused"]
    assert refused == ["acme", "acme"]


def test_two_bad_answers_take_a_buyer_down_and_two_good_ones_back(polls: Polls) -> None:
    assert polls.poll("acme") == Polled(asked=2)
    assert polls.poll("acme") == Polled(asked=2, taken_down=1)
    assert polls.traffic.stops() == {
        "acme": (StopCause.UNHEALTHY, "health URL: 503, 2 bad answers in a row")
    }
    assert polls.traffic.alerts() == ["health:acme"]
    assert polls.poll("acme") == Polled(asked=2)

    assert polls.poll() == Polled(asked=2)
    assert polls.poll() == Polled(asked=2, taken_back=1)

    assert polls.traffic.stops() == {}
    assert polls.traffic.alerts() == []
    assert polls.traffic.changes() == [
        (None, StopCause.UNHEALTHY, "health URL: 503, 2 bad answers in a row"),
        (StopCause.UNHEALTHY, None, "2 good answers in a row"),
    ]


def test_one_bad_answer_now_and_then_is_a_hiccup(polls: Polls) -> None:
    for bad in (("acme",), (), ("acme",), (), ("acme",)):
        polls.poll(*bad)

    assert polls.traffic.stops() == {}


def test_two_clocks_that_poll_at_the_same_time_count_once(polls: Polls) -> None:
    polls.poll("acme", after_s=60)
    assert polls.poll("acme", after_s=61) == Polled(asked=2)
    assert polls.traffic.stops() == {}
    assert polls.poll("acme", after_s=120) == Polled(asked=2, taken_down=1)


def test_when_all_fail_at_once_nobody_is_taken_down_and_it_is_told(polls: Polls) -> None:
    for _ in range(3):
        polls.poll("acme", "bolt")
    assert polls.traffic.stops() == {}
    assert polls.traffic.alerts() == ["health-all"]

    polls.poll("acme")

    assert set(polls.traffic.stops()) == {"acme"}
    assert polls.traffic.alerts() == ["health:acme"]


def test_the_last_one_of_a_campaign_is_never_taken_down(database: Database) -> None:
    open_seller(database, buyers=with_health(BUYERS, "bolt"))
    polls = Polls(database)
    for _ in range(3):
        assert polls.poll("bolt") == Polled(asked=1)

    assert polls.traffic.stops() == {}
    assert polls.traffic.alerts() == ["health:bolt"]
    polls.poll()
    polls.poll()
    assert polls.traffic.alerts() == []


def test_a_buyer_who_is_resumed_by_hand_is_taken_down_again_if_it_still_fails(
    polls: Polls,
) -> None:
    polls.poll("acme")
    polls.poll("acme")
    resume_traffic(
        polls.database,
        SELLER.seller_id,
        StopKind.BUYER,
        "acme",
        author="maria",
        note="",
        at=at(130),
    )
    assert polls.traffic.alerts() == []

    assert polls.poll("acme") == Polled(asked=2, taken_down=1)


def test_a_buyer_of_whom_nobody_is_asked_any_more_comes_back(polls: Polls) -> None:
    polls.poll("acme")
    polls.poll("acme")
    buyers = with_health(BUYERS + CREST, "bolt")
    apply_buyers(polls.database, SELLER.seller_id, buyers, "b", author="test", note="", at=T0)

    assert polls.poll() == Polled(asked=1, taken_back=1)
    assert polls.traffic.stops() == {}
    assert polls.traffic.alerts() == []


def test_each_seller_is_judged_by_its_own_answers(polls: Polls) -> None:
    open_seller(
        polls.database,
        OTHER_SELLER,
        buyers=with_health(BUYERS + CREST, "crest"),
        tables=(THREE.replace("0100", "0150"),),
    )

    polls.poll("crest", "acme")
    assert polls.poll("crest", "acme") == Polled(asked=3, taken_down=2)
    assert set(polls.traffic.stops()) == {"acme"}


def test_nobody_is_asked_where_there_is_nothing_to_ask(database: Database) -> None:
    open_seller(database, tables=(TABLE,))
    polls = Polls(database)

    assert polls.poll() == Polled()
    assert polls.probe.asked == []


def test_a_buyer_that_was_the_last_one_and_then_is_taken_down_is_told_of_anew(
    database: Database,
) -> None:
    lonely = TABLE.replace('[[routes]]\ndestination = "bolt-main"\npriority = 2\nring_s = 20\n', "")
    open_seller(database, buyers=with_health(BUYERS + CREST, "acme"), tables=(lonely,))
    polls = Polls(database)
    for _ in range(2):
        polls.poll("acme")
    [kept] = standing(database)
    activate(database, THREE)

    assert polls.poll("acme") == Polled(asked=1, taken_down=1)

    [taken] = standing(database)
    assert kept.subject == "acme is unhealthy and is the last one of flood-repair"
    assert taken.subject == "acme gets no calls: its health URL fails"
    assert taken.since > kept.since
