from dataclasses import replace

import pytest

from callrouter.domain.circuit_breaker import BreakerKeys
from callrouter.domain.directory import Buyer, Destination, Directory
from callrouter.domain.routing_table import (
    AdvertisedNumber,
    LastResort,
    Limits,
    NobodyLeft,
    Route,
    RoutingTable,
    Screening,
    WithheldCallers,
)
from callrouter.workflows.compare_tables import compare_directories, compare_tables

TABLE = RoutingTable(
    campaign_id="flood-repair",
    numbers=(AdvertisedNumber("+18005550100", "radio-kx"), AdvertisedNumber("+18005550101")),
    routes=(Route("acme-east", weight=3), Route("bolt", priority=2, whisper="A call.")),
    nobody_left=NobodyLeft(say="Sorry."),
    version=4,
)
EAST, BOLT = TABLE.routes
OVERFLOW = NobodyLeft(LastResort.OVERFLOW, "Sorry.", overflow_destination_id="night-desk")
VOICEMAIL = NobodyLeft(LastResort.VOICEMAIL, "Sorry.", voicemail_max_s=60)


@pytest.mark.parametrize(
    ("after", "differences"),
    [
        pytest.param(replace(TABLE, version=5), [], id="another-version"),
        pytest.param(replace(TABLE, routes=(BOLT, EAST)), [], id="another-order-of-routes"),
        pytest.param(
            replace(TABLE, withheld_callers=WithheldCallers.REFUSE, language="es-MX"),
            ["~ withheld_callers: accept -> refuse", "~ language: en-US -> es-MX"],
            id="the-top-of-the-file",
        ),
        pytest.param(
            replace(TABLE, limits=Limits(attempts=2)), ["~ limits.attempts: 4 -> 2"], id="limits"
        ),
        pytest.param(
            replace(TABLE, routes=(EAST, replace(BOLT, whisper="", weight=2))),
            ["~ routes[bolt].weight: 1 -> 2", '- routes[bolt].whisper: "A call."'],
            id="a-changed-route",
        ),
        pytest.param(
            replace(TABLE, routes=(EAST, Route("crest", screening=Screening("Press 5.", "5")))),
            [
                '- routes[bolt]: priority 2, weight 1, ring_s 25, whisper "A call."',
                "+ routes[crest]: priority 1, weight 1, ring_s 25, "
                'screening "Press 5." digit 5 wait_s 8',
            ],
            id="a-route-for-another",
        ),
        pytest.param(
            replace(TABLE, numbers=(AdvertisedNumber("+18005550100"),)),
            ["- dids[+18005550100].publisher: radio-kx", "- dids[+18005550101]: (nothing else)"],
            id="numbers",
        ),
        pytest.param(
            replace(TABLE, nobody_left=OVERFLOW),
            ["+ nobody_left.overflow: night-desk", "+ nobody_left.overflow_ring_s: 25"],
            id="an-overflow",
        ),
        pytest.param(
            replace(TABLE, nobody_left=VOICEMAIL),
            ["+ nobody_left.voicemail: true", "+ nobody_left.voicemail_max_s: 60"],
            id="a-voicemail",
        ),
    ],
)
def test_a_change_of_a_table_is_told_in_its_files_words(
    after: RoutingTable, differences: list[str]
) -> None:
    assert [str(each) for each in compare_tables(TABLE, after)] == differences


def test_a_change_and_its_undoing_are_each_others_mirror() -> None:
    after = replace(TABLE, routes=(replace(EAST, ring_s=9),), nobody_left=OVERFLOW)
    there = {(d.key, d.before, d.after) for d in compare_tables(TABLE, after)}
    back = {(d.key, d.after, d.before) for d in compare_tables(after, TABLE)}
    assert there == back


def test_a_change_of_the_directory_is_told_by_ids() -> None:
    before = Directory(
        1,
        {"acme": Buyer("acme", "Acme", "UTC"), "bolt": Buyer("bolt", "Bolt", "UTC")},
        {"acme-east": Destination("acme-east", "acme", "+12125550171")},
    )
    after = Directory(
        2,
        {"acme": Buyer("acme", "Acme Inc", "UTC", BreakerKeys(enabled=False, cool_down_s=60))},
        {
            "acme-east": Destination("acme-east", "acme", "+12125550171", enabled=False),
            "acme-west": Destination("acme-west", "acme", "+13105550172", note="new"),
        },
    )
    assert [str(each) for each in compare_directories(before, after)] == [
        '~ buyers[acme].name: "Acme" -> "Acme Inc"',
        "+ buyers[acme].breaker: enabled false, cool_down_s 60",
        '- buyers[bolt]: name "Bolt", zone UTC',
        "~ destinations[acme-east].enabled: true -> false",
        '+ destinations[acme-west]: buyer acme, dial +13105550172, enabled true, note "new"',
    ]
