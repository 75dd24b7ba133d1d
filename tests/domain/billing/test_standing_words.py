"""How states are told to the seller and to the buyer."""

import pytest

from callrouter.domain.billing.standing_ladder import AccountFigures, Rung
from callrouter.domain.billing.standing_words import (
    say_effect,
    word_alert,
    word_letter,
    word_letter_subject,
    word_subject,
)
from callrouter.domain.limits.standing import Effect

USD = 1_000_000
SUSPENDED = Rung(name="suspended", effect=Effect(takes_calls=False))
FIGURES = AccountFigures(
    currency="USD",
    owed_micros=905 * USD,
    unbilled_micros=75 * USD,
    overdue_micros=830 * USD,
    days_overdue=15,
    held_micros=75 * USD,
    limit_micros=5000 * USD,
)


@pytest.mark.parametrize(
    ("effect", "said"),
    [
        (Effect(), "gets calls as usual"),
        (Effect(takes_calls=False), "gets no calls"),
        (Effect(ranks_later=True), "tried after all others"),
        (
            Effect(ranks_later=True, most_per_day=20),
            "tried after all others, at most 20 connected a day",
        ),
    ],
    ids=["none", "no calls", "later", "both"],
)
def test_what_a_state_means_for_calls(effect: Effect, said: str) -> None:
    assert say_effect(effect) == said


def test_the_seller_is_told_why_with_all_figures() -> None:
    assert word_subject("acme", SUSPENDED) == "Buyer acme is suspended"
    assert "overdue: 0.00 USD\n" in word_alert(SUSPENDED, "", AccountFigures(currency="USD"))
    assert word_alert(SUSPENDED, "15 days overdue", FIGURES) == (
        "15 days overdue.\n"
        "Now: gets no calls.\n"
        "\n"
        "owed: 905.00 USD\n"
        "overdue: 830.00 USD for 15 days\n"
        "unbilled: 75.00 USD\n"
        "calls in progress may add: 75.00 USD\n"
        "limit: 5000.00 USD"
    )


def test_the_buyer_is_told_what_it_owes_and_not_what_anybody_noted() -> None:
    assert word_letter_subject("Acme", SUSPENDED) == "Account of Acme: suspended"
    assert word_letter(SUSPENDED, FIGURES) == (
        "Your account is now: suspended. You get no calls while it is in this state.\n"
        "\n"
        "owed: 905.00 USD\n"
        "overdue: 830.00 USD for 15 days\n"
        "limit: 5000.00 USD\n"
        "\n"
        "It is looked at again with every payment."
    )


@pytest.mark.parametrize(
    ("effect", "limit", "means", "said"),
    [
        (Effect(), None, "You get calls as usual.", "limit: none"),
        (Effect(most_per_day=3), 0, "You get fewer calls", "limit: paid in advance"),
        (Effect(ranks_later=True), 0, "You get fewer calls", "overdue: 1.00 USD for 1 day\n"),
    ],
    ids=["no effect", "capped, paid in advance", "later, a day overdue"],
)
def test_a_letter_says_what_it_means_for_calls(
    effect: Effect, limit: int | None, means: str, said: str
) -> None:
    figures = AccountFigures(currency="USD", overdue_micros=USD, days_overdue=1, limit_micros=limit)

    letter = word_letter(Rung(name="some", effect=effect), figures)

    assert means in letter
    assert said in letter
