from dataclasses import replace
from types import MappingProxyType

import pytest

from callrouter.domain.tables.directory import Buyer, Destination, Directory
from callrouter.domain.tables.routing_table import (
    AdvertisedNumber,
    LastResort,
    NobodyLeft,
    Route,
    RoutingTable,
)
from callrouter.domain.tables.table_check import (
    NumberClash,
    TableProblem,
    check_buyers,
    check_numbers,
    check_own_numbers,
    check_table,
    warn_about_table,
)

EAST = Destination("acme-east", "acme", "+13125550171")
WEST = Destination("acme-west", "acme", "+13105550172")
EAST_OFF = Destination("acme-east", "acme", "+13125550171", enabled=False, note="stocktaking")
WEST_OFF = Destination("acme-west", "acme", "+13105550172", enabled=False)
TO_NIGHT_DESK = NobodyLeft(LastResort.OVERFLOW, overflow_destination_id="night-desk")
TO_VOICEMAIL = NobodyLeft(LastResort.VOICEMAIL)


def table(
    *destination_ids: str,
    campaign: str = "flood-repair",
    numbers: tuple[str, ...] = ("+18005550100",),
    nobody_left: NobodyLeft | None = None,
) -> RoutingTable:
    return RoutingTable(
        campaign_id=campaign,
        numbers=tuple(AdvertisedNumber(number) for number in numbers),
        routes=tuple(Route(destination_id) for destination_id in destination_ids),
        nobody_left=nobody_left or NobodyLeft(),
    )


def directory(*destinations: Destination) -> Directory:
    return Directory(
        version=1,
        buyers=MappingProxyType({"acme": Buyer("acme", "Acme", "America/Chicago")}),
        destinations=MappingProxyType({each.destination_id: each for each in destinations}),
    )


def test_a_table_whose_destinations_all_exist_is_accepted() -> None:
    assert check_table(table("acme-east", "acme-west"), directory(EAST, WEST)) == ()


def test_each_unknown_destination_is_named_with_the_names_that_are_near() -> None:
    assert check_table(
        table("acme-esat", "acme-west", "bolt", nobody_left=TO_NIGHT_DESK), directory(EAST, WEST)
    ) == (
        TableProblem(
            ("routes", 0, "destination"),
            'no buyer has a destination "acme-esat"; did you mean acme-west or acme-east?',
        ),
        TableProblem(
            ("routes", 2, "destination"),
            'no buyer has a destination "bolt"; add it to a buyers file and apply that first',
        ),
        TableProblem(
            ("nobody_left", "overflow"),
            'no buyer has a destination "night-desk"; add it to a buyers file and apply that first',
        ),
    )


def test_an_empty_directory_is_said_to_be_empty() -> None:
    assert check_table(table("acme-east"), Directory()) == (
        TableProblem(
            ("routes", 0, "destination"),
            'no buyer has a destination "acme-east"; there are no destinations at all yet: '
            "apply a buyers file first",
        ),
    )


@pytest.mark.parametrize(
    ("route", "problem"),
    [
        pytest.param(Route("acme-east", send_digits="WW2"), None, id="digits-for-a-number"),
        pytest.param(Route("acme-sip", sip_header="X-Call-Id"), None, id="header-for-sip"),
        pytest.param(
            Route("acme-sip", send_digits="WW2"),
            TableProblem(
                ("routes", 0, "send_digits"),
                "can only be sent to a number, "
                "but acme-sip is dialled at sip:desk@pbx.example.com: leave it out",
            ),
            id="digits-for-sip",
        ),
        pytest.param(
            Route("acme-east", sip_header="X-Call-Id"),
            TableProblem(
                ("routes", 0, "sip_header"),
                "can only be sent to a SIP address, "
                "but acme-east is dialled at +13125550171: leave it out",
            ),
            id="header-for-a-number",
        ),
    ],
)
def test_digits_are_for_numbers_and_headers_for_sip_addresses(
    route: Route, problem: TableProblem | None
) -> None:
    known = directory(EAST, Destination("acme-sip", "acme", "sip:desk@pbx.example.com"))

    found = check_table(replace(table("acme-east"), routes=(route,)), known)

    assert found == ((problem,) if problem else ())


def test_a_table_that_could_only_lose_calls_is_refused() -> None:
    (problem,) = check_table(table("acme-east", "acme-west"), directory(EAST_OFF, WEST_OFF))
    assert problem.key_path == ("routes",)
    assert "every destination of this table is switched off" in problem.message


@pytest.mark.parametrize(
    ("nobody_left", "night_desk_enabled", "refused"),
    [
        pytest.param(NobodyLeft(), True, True, id="only-a-message"),
        pytest.param(TO_VOICEMAIL, True, False, id="voicemail"),
        pytest.param(TO_NIGHT_DESK, True, False, id="overflow"),
        pytest.param(TO_NIGHT_DESK, False, True, id="overflow-that-is-off-too"),
    ],
)
def test_with_every_route_off_a_table_needs_a_last_resort_that_takes_calls(
    nobody_left: NobodyLeft, night_desk_enabled: bool, refused: bool
) -> None:
    night_desk = Destination("night-desk", "acme", "+13125550179", enabled=night_desk_enabled)
    found = check_table(
        table("acme-east", nobody_left=nobody_left), directory(EAST_OFF, night_desk)
    )
    assert bool(found) is refused


POINTED = (AdvertisedNumber("+18005550100", to="acme-west"), AdvertisedNumber("+18005550101"))


def pointed(nobody_left: NobodyLeft | None = None) -> RoutingTable:
    return replace(table("acme-east", nobody_left=nobody_left), numbers=POINTED)


def test_a_number_points_at_a_destination_that_exists() -> None:
    (problem,) = check_table(pointed(), directory(EAST))
    assert problem.key_path == ("dids", 0, "to")
    assert problem.message.startswith('no buyer has a destination "acme-west"; did you mean')
    assert check_table(pointed(), directory(EAST, WEST)) == ()


@pytest.mark.parametrize(
    ("nobody_left", "refused"),
    [
        pytest.param(NobodyLeft(), True, id="only-a-message"),
        pytest.param(TO_VOICEMAIL, False, id="voicemail"),
        pytest.param(TO_NIGHT_DESK, False, id="overflow"),
    ],
)
def test_a_number_that_points_at_what_is_off_needs_a_last_resort(
    nobody_left: NobodyLeft, refused: bool
) -> None:
    desk = Destination("night-desk", "acme", "+13125550179")
    found = check_table(pointed(nobody_left), directory(EAST, WEST_OFF, desk))
    assert [problem.key_path for problem in found] == [("dids", 0, "to")] * refused
    assert warn_about_table(pointed(nobody_left), directory(EAST, WEST_OFF, desk)) == (
        TableProblem(("dids", 0, "to"), "acme-west is switched off"),
    )


def test_a_number_that_points_at_what_is_on_keeps_a_table_alive() -> None:
    assert check_table(pointed(), directory(EAST_OFF, WEST)) == ()


def test_a_destination_that_is_off_is_a_warning_with_its_note() -> None:
    end = NobodyLeft(LastResort.OVERFLOW, overflow_destination_id="acme-west")
    assert warn_about_table(
        table("acme-east", "acme-north", nobody_left=end),
        directory(EAST_OFF, WEST_OFF, Destination("acme-north", "acme", "+16125550173")),
    ) == (
        TableProblem(("routes", 0, "destination"), "acme-east is switched off (stocktaking)"),
        TableProblem(("nobody_left", "overflow"), "acme-west is switched off"),
    )


def test_a_number_that_two_campaigns_claim_names_both() -> None:
    tables = {
        "flood": table("acme-east", campaign="flood", numbers=("+18005550100", "+18005550101")),
        "solar": table("acme-east", campaign="solar", numbers=("+18005550101", "+18005550102")),
    }
    (clash,) = check_numbers(tables)
    assert clash == NumberClash("+18005550101", ("flood", "solar"))
    assert str(clash) == "+18005550101 belongs to flood and solar; a number has one campaign"


def test_campaigns_with_numbers_of_their_own_do_not_clash() -> None:
    tables = {
        "flood": table("acme-east", campaign="flood", numbers=("+18005550100",)),
        "solar": table("acme-east", campaign="solar", numbers=("+18005550102",)),
    }
    assert check_numbers(tables) == ()


def test_a_candidate_is_checked_against_the_other_campaigns_and_not_its_own_old_version() -> None:
    active = {
        "flood": table("acme-east", campaign="flood", numbers=("+18005550100",)),
        "solar": table("acme-east", campaign="solar", numbers=("+18005550102",)),
    }
    candidate = table(
        "acme-east", campaign="flood", numbers=("+18005550100", "+18005550101", "+18005550102")
    )
    assert check_own_numbers(candidate, active) == (
        TableProblem(
            ("dids", 2, "number"),
            "+18005550102 belongs to flood and solar; a number has one campaign",
        ),
    )


BOLT = Buyer("bolt", "Bolt Solar", "America/Los_Angeles")
ACME = Buyer("acme", "Acme Restoration", "America/Chicago")


def test_a_buyers_file_may_not_take_a_destination_from_a_buyer_it_does_not_mention() -> None:
    mine = Destination("bolt-main", "bolt", "+14155550174")
    taken = Destination("acme-east", "bolt", "+14155550175")
    assert check_buyers(
        {"bolt": BOLT}, {"bolt-main": mine, "acme-east": taken}, directory(EAST)
    ) == (
        TableProblem(
            ("buyers", 0, "destinations", 1, "id"),
            '"acme-east" is already a destination of acme; '
            "destination ids are unique over all buyers",
        ),
    )


@pytest.mark.parametrize(
    "buyers",
    [
        pytest.param({"acme": ACME}, id="the-same-buyer-again"),
        pytest.param({"bolt": BOLT, "acme": ACME}, id="moved-within-the-file"),
    ],
)
def test_a_buyers_file_may_do_as_it_likes_with_its_own_destinations(
    buyers: dict[str, Buyer],
) -> None:
    owner = next(iter(buyers))
    again = Destination("acme-east", owner, "+14155550175")
    assert check_buyers(buyers, {"acme-east": again}, directory(EAST)) == ()
