"""How a state is told to people: to the seller in an alert, to the buyer in a letter."""

from callrouter.domain.billing.standing_ladder import AccountFigures, Rung
from callrouter.domain.limits.standing import Effect
from callrouter.domain.money import say_amount


def say_effect(effect: Effect) -> str:
    """What a state means for calls, as in "tried after all others, at most 20 connected a day"."""
    if not effect.takes_calls:
        return "gets no calls"
    said = ["tried after all others"] if effect.ranks_later else []
    if effect.most_per_day is not None:
        said.append(f"at most {effect.most_per_day} connected a day")
    return ", ".join(said) or "gets calls as usual"


def list_figures(figures: AccountFigures) -> tuple[tuple[str, str], ...]:
    """An account's figures, each with its name."""

    def say(micros: int) -> str:
        return say_amount(micros, figures.currency)

    limit = figures.limit_micros
    overdue = say(figures.overdue_micros)
    if figures.overdue_micros:
        overdue += f" for {figures.days_overdue} {'day' if figures.days_overdue == 1 else 'days'}"
    return (
        ("owed", say(figures.owed_micros)),
        ("overdue", overdue),
        ("unbilled", say(figures.unbilled_micros)),
        ("calls in progress may add", say(figures.held_micros)),
        ("limit", "none" if limit is None else "paid in advance" if limit == 0 else say(limit)),
    )


def word_subject(buyer_id: str, rung: Rung) -> str:
    """The line of an alert, as in "Buyer acme is suspended"."""
    return f"Buyer {buyer_id} is {rung.name}"


def word_alert(rung: Rung, reason: str, figures: AccountFigures) -> str:
    """What the seller is told of a state."""
    lines = [f"{reason}.", f"Now: {say_effect(rung.effect)}.", ""]
    lines += [f"{name}: {said}" for name, said in list_figures(figures)]
    return "\n".join(lines)


def word_letter_subject(name: str, rung: Rung) -> str:
    """The subject of a letter to a buyer."""
    return f"Account of {name}: {rung.name}"


def word_letter(rung: Rung, figures: AccountFigures) -> str:
    """What a buyer is told of its account: the state and figures, not what anybody noted of it."""
    effect = rung.effect
    if not effect.takes_calls:
        means = "You get no calls while it is in this state."
    elif effect.ranks_later or effect.most_per_day is not None:
        means = "You get fewer calls while it is in this state."
    else:
        means = "You get calls as usual."
    lines = [f"Your account is now: {rung.name}. {means}", ""]
    shown = ("owed", "overdue", "limit")
    lines += [f"{name}: {said}" for name, said in list_figures(figures) if name in shown]
    return "\n".join([*lines, "", "It is looked at again with every payment."])
