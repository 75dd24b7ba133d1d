from dataclasses import replace

from callrouter.domain.health.circuit_breaker import DEFAULTS, BreakerKeys
from callrouter.domain.tables.directory import (
    Buyer,
    Destination,
    Directory,
    breaker_settings,
    replace_buyers,
)
from tests.domain.builders import directory


def test_replacing_buyers_gives_them_exactly_these_destinations_and_leaves_the_others() -> None:
    before = directory("acme-east", "acme-west", "bolt", version=3)
    renamed = Buyer("acme", "Acme Roofing", "America/Chicago")
    north = Destination("acme-north", "acme", "+14045550116")

    after = replace_buyers(before, {"acme": renamed}, {"acme-north": north})

    assert after.version == 4
    assert after.buyers == {"acme": renamed, "bolt": before.buyers["bolt"]}
    assert after.destinations == {
        "acme-north": north,
        "bolt": before.destinations["bolt"],
    }


def test_replacing_buyers_leaves_the_version_before_as_it_was() -> None:
    before = directory("acme-east", version=3)

    replace_buyers(before, {"acme": before.buyers["acme"]}, {})

    assert (before.version, list(before.destinations)) == (3, ["acme-east"])


def test_the_first_buyers_come_into_an_empty_directory() -> None:
    acme = Buyer("acme", "Acme", "UTC")
    east = Destination("acme-east", "acme", "+12125550111")

    assert replace_buyers(Directory(), {"acme": acme}, {"acme-east": east}) == Directory(
        1, {"acme": acme}, {"acme-east": east}
    )


def test_a_destination_is_judged_by_its_own_keys_then_its_buyers_then_the_defaults() -> None:
    acme = Buyer("acme", "Acme", "UTC", BreakerKeys(minimum_sample=7, cool_down_s=60))
    east = Destination("acme-east", "acme", "+12125550111", breaker=BreakerKeys(minimum_sample=9))
    west = Destination("acme-west", "acme", "+13105550112")
    known = replace_buyers(Directory(), {"acme": acme}, {"acme-east": east, "acme-west": west})

    assert breaker_settings(known, "acme-east") == replace(
        DEFAULTS, minimum_sample=9, cool_down_s=60
    )
    assert breaker_settings(known, "acme-west") == replace(
        DEFAULTS, minimum_sample=7, cool_down_s=60
    )
    assert breaker_settings(known, "nobody") == DEFAULTS


def test_a_destination_is_known_by_its_buyer_and_lives_in_its_zone() -> None:
    before = directory("acme-east", "acme-west", "bolt")
    acme = Buyer("acme", "Acme", "America/Chicago")
    own = {d: before.destinations[d] for d in ("acme-east", "acme-west")}
    known = replace_buyers(before, {"acme": acme}, own)

    assert known.destinations_of("acme") == {"acme-east", "acme-west"}
    assert known.destinations_of("nobody") == frozenset()
    assert known.zone_of("acme-east") == "America/Chicago"
    assert known.zone_of("nobody") == "UTC"
