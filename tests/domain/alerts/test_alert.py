"""What is news about an alert, how it is told, and how long a channel is waited for."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callrouter.domain.alerts.alert import (
    MOST_ATTEMPTS,
    REMIND_AFTER,
    Alert,
    delay_after,
    raise_again,
    raise_first,
    recover,
    remind,
    spell_duration,
    word_for_telephone,
    word_raised,
    word_recovered,
    word_reminder,
)

T0 = datetime(2026, 11, 26, 18, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def down() -> Alert:
    return raise_first("seller-a", "breaker:acme-east", "acme-east is down", "5 of 6 failed", T0)


def test_an_alert_begins_once_and_is_told() -> None:
    alert = down()

    assert (alert.sequence, alert.times, alert.steps, alert.stands) == (1, 1, 1, True)
    told = word_raised(alert)
    assert (told.change, told.subject, told.text) == (
        "raised",
        "acme-east is down",
        "5 of 6 failed",
    )


def test_raised_again_while_it_stands_it_is_counted_with_its_newest_words() -> None:
    alert = raise_again(down(), "acme-east is down", "9 of 9 failed", T0 + MINUTE)

    assert (alert.sequence, alert.times, alert.text) == (1, 2, "9 of 9 failed")
    assert (alert.since, alert.last_raised_at) == (T0, T0 + MINUTE)
    assert (alert.told_at, alert.steps) == (T0, 1)


def test_raised_late_it_never_turns_its_last_time_back() -> None:
    later = raise_again(down(), "s", "t", T0 + MINUTE)

    assert raise_again(later, "s", "t", T0).last_raised_at == T0 + MINUTE


def test_recovering_is_told_once_with_how_long_it_lasted() -> None:
    over = recover(down(), T0 + 65 * MINUTE)

    assert over is not None
    assert not over.stands
    assert recover(over, T0 + 66 * MINUTE) is None
    told = word_recovered(over, "3 calls in a row got through.")
    assert told.subject == "Recovered: acme-east is down"
    assert told.text == "3 calls in a row got through.\n\nIt lasted 1 h 5 min."
    assert word_recovered(over, "").text == "It lasted 1 h 5 min."


def test_raised_after_it_was_over_it_begins_anew() -> None:
    over = recover(down(), T0 + MINUTE)
    assert over is not None
    anew = raise_again(over, "acme-east is down", "again", T0 + 2 * MINUTE)

    assert (anew.sequence, anew.times, anew.steps) == (2, 1, 1)
    assert (anew.since, anew.stands) == (T0 + 2 * MINUTE, True)


def test_what_still_stands_after_a_day_is_told_again() -> None:
    alert = raise_again(down(), "acme-east is down", "9 of 9 failed", T0 + MINUTE)
    assert remind(alert, T0 + REMIND_AFTER - MINUTE) is None

    reminded = remind(alert, T0 + REMIND_AFTER)

    assert reminded is not None
    assert reminded.steps == 2
    assert remind(reminded, T0 + REMIND_AFTER + MINUTE) is None
    told = word_reminder(reminded, T0 + REMIND_AFTER)
    assert told.subject == "Still: acme-east is down"
    assert told.text == "9 of 9 failed\n\nThis has stood for 1 d, and was raised 2 times."
    assert word_reminder(down(), T0 + MINUTE).text.endswith("1 min, and was raised once.")


def test_of_what_is_over_nobody_is_reminded() -> None:
    over = recover(down(), T0)

    assert over is not None
    assert remind(over, T0 + 2 * REMIND_AFTER) is None


def test_a_text_message_is_one_short_line() -> None:
    assert word_for_telephone("Down", "5 of 6\n\nfailed") == "Down: 5 of 6 failed"
    long = word_for_telephone("Down", "x" * 1000)
    assert len(long) == 320
    assert long.endswith("…")


@pytest.mark.parametrize(
    ("seconds", "spelt"),
    [
        (-5, "0 s"),
        (0, "0 s"),
        (59, "59 s"),
        (60, "1 min"),
        (3_661, "1 h 1 min"),
        (86_400, "1 d"),
        (86_400 + 59, "1 d"),
        (180_000, "2 d 2 h"),
    ],
)
def test_a_duration_is_spelt_in_its_two_largest_units(seconds: int, spelt: str) -> None:
    assert spell_duration(timedelta(seconds=seconds)) == spelt


def test_the_delays_grow_to_an_hour_and_end_after_about_a_day() -> None:
    delays = [delay_after(attempts) for attempts in range(1, MOST_ATTEMPTS)]
    known = [delay for delay in delays if delay is not None]

    assert len(known) == MOST_ATTEMPTS - 1
    assert known == sorted(known)
    assert (known[0], known[-1]) == (timedelta(seconds=15), timedelta(hours=1))
    assert timedelta(hours=20) < sum(known, timedelta()) < timedelta(hours=28)
    assert delay_after(MOST_ATTEMPTS) is None


STEPS = st.lists(
    st.tuples(st.sampled_from(["raise", "recover", "remind"]), st.integers(0, 30)), max_size=30
)


@given(STEPS)
def test_news_alternate_between_raised_and_recovered(steps: list[tuple[str, int]]) -> None:
    alert, at, news = down(), T0, ["raised"]
    for step, hours in steps:
        at += timedelta(hours=hours)
        before = alert
        if step == "raise":
            alert = raise_again(alert, "s", "t", at)
            news += ["raised"] if alert.sequence != before.sequence else []
        elif step == "recover":
            alert = recover(alert, at) or alert
            news += ["recovered"] if before.stands else []
        else:
            alert = remind(alert, at) or alert
            assert before.stands or alert == before
        assert (alert.sequence, alert.steps) >= (before.sequence, before.steps)

    assert news == ["raised", "recovered"] * (len(news) // 2) + ["raised"] * (len(news) % 2)
