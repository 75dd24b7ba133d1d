from callrouter.domain.directory import Buyer, Destination, Directory, replace_buyers
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
