from callrouter.domain.tables.filters import Filter, Operator
from callrouter.domain.tables.rules import NO_RULES, Recovery, Rules, resolve

IN_TEXAS = (Filter("state", Operator.EQUAL, ("TX",)),)


def test_the_most_specific_level_that_says_something_holds() -> None:
    campaign = Rules(filters=IN_TEXAS, spacing_s=60)
    buyer = Rules(spacing_s=30, recovery=Recovery(20))
    route = Rules(filters=())

    assert resolve(campaign, buyer, route) == Rules(filters=(), spacing_s=30, recovery=Recovery(20))


def test_a_level_that_says_nothing_leaves_it_to_the_one_above() -> None:
    campaign = Rules(filters=IN_TEXAS)

    assert resolve(campaign, NO_RULES, NO_RULES) == campaign
    assert resolve() == NO_RULES
