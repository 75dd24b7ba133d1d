import pytest

from callrouter.domain.tables.routing_table import LastResort, NobodyLeft, Route
from tests.domain.builders import table


@pytest.mark.parametrize(
    ("nobody_left", "named"),
    [
        pytest.param(NobodyLeft(), {"acme-east", "bolt"}, id="message"),
        pytest.param(
            NobodyLeft(LastResort.OVERFLOW, overflow_destination_id="spare"),
            {"acme-east", "bolt", "spare"},
            id="overflow",
        ),
        pytest.param(
            NobodyLeft(LastResort.OVERFLOW, overflow_destination_id="bolt"),
            {"acme-east", "bolt"},
            id="overflow-that-is-a-route-too",
        ),
    ],
)
def test_a_table_names_every_destination_that_it_can_dial(
    nobody_left: NobodyLeft, named: set[str]
) -> None:
    assert table("acme-east", "bolt", nobody_left=nobody_left).destination_ids() == named


def test_a_table_finds_the_route_to_a_destination() -> None:
    a_table = table("acme-east", Route("bolt", ring_s=20))

    assert a_table.route_to("bolt") == Route("bolt", ring_s=20)
    assert a_table.route_to("cosy") is None
