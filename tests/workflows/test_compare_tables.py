from collections.abc import Iterator, Mapping
from dataclasses import MISSING, fields, is_dataclass, replace
from datetime import UTC, date, datetime, time
from enum import Enum
from types import UnionType
from typing import Union, get_args, get_origin, get_type_hints

import pytest

from callrouter.domain.clocks.hours import Hours, Span, Window
from callrouter.domain.clocks.periods import Period
from callrouter.domain.health.circuit_breaker import BreakerKeys
from callrouter.domain.limits.caps import Cap, Measure
from callrouter.domain.tables.directory import Buyer, Destination, Directory
from callrouter.domain.tables.filters import Filter, Operator
from callrouter.domain.tables.routing_table import (
    AdvertisedNumber,
    Group,
    LastResort,
    Limits,
    NobodyLeft,
    Ring,
    Route,
    RoutingTable,
    Screening,
    Strategy,
    StrategyName,
    WithheldCallers,
)
from callrouter.domain.tables.rules import Quota, Recovery, Rules
from callrouter.workflows.compare_tables import (
    Difference,
    compare_directories,
    compare_tables,
)

TABLE = RoutingTable(
    campaign_id="flood-repair",
    numbers=(AdvertisedNumber("+18005550100", "radio-kx"), AdvertisedNumber("+18005550101")),
    routes=(Route("acme-east", weight=3), Route("bolt", priority=2, whisper="A call.")),
    nobody_left=NobodyLeft(say="Sorry."),
    version=4,
)
EAST, BOLT = TABLE.routes
OVERFLOW = NobodyLeft(LastResort.OVERFLOW, "Sorry.", overflow_destination_id="night-desk")
TEXAS = Filter("state", Operator.IN, ("TX", "OK"))
RICH = Filter("zip", Operator.GREATER, ("7",))
HOURS = Hours(
    (Window(0, 480, 1080), Window(5, 1320, 270)),
    holidays=("US-TX",),
    closed_on=(date(2026, 12, 24),),
    closures=(
        Span(datetime(2026, 11, 27, 8), datetime(2026, 11, 28, 8), "rain"),  # noqa: DTZ001
    ),
)
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
                'screening.prompt "Press 5.", screening.digit 5, screening.wait_s 8',
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
            [
                "~ nobody_left.resort: message -> overflow",
                "+ nobody_left.overflow: night-desk",
            ],
            id="an-overflow",
        ),
        pytest.param(
            replace(TABLE, nobody_left=VOICEMAIL),
            [
                "~ nobody_left.resort: message -> voicemail",
                "~ nobody_left.voicemail_max_s: 120 -> 60",
            ],
            id="a-voicemail",
        ),
        pytest.param(
            replace(
                TABLE,
                numbers=(replace(TABLE.numbers[0], to="bolt", tags={"region": "west"}),),
                routes=(replace(EAST, price_micros=35_500_000), BOLT),
            ),
            [
                "+ dids[+18005550100].to: bolt",
                "+ dids[+18005550100].tags.region: west",
                "- dids[+18005550101]: (nothing else)",
                "+ routes[acme-east].price: 35.50",
            ],
            id="a-pointed-number-tags-and-a-price",
        ),
        pytest.param(
            replace(
                TABLE,
                rules=Rules(spacing_s=30, recovery=Recovery(20)),
                buyer_rules={"acme": Rules(filters=(TEXAS, RICH))},
                routes=(replace(EAST, rules=Rules(filters=())), BOLT),
                strategy=Strategy(StrategyName.BEST_PAYING),
                groups={"desks": Group("desks", Ring.TOGETHER)},
            ),
            [
                "+ routes[acme-east].filters: []",
                "~ strategy.name: weight -> best_paying",
                "+ rules.spacing_s: 30",
                "+ rules.recovery.under_s: 20",
                "+ rules.recovery.most: 1",
                "+ buyers[acme]: filters [state in [TX, OK], zip > 7]",
                "+ groups[desks]: ring together",
            ],
            id="rules-a-strategy-and-a-group",
        ),
        pytest.param(
            replace(
                TABLE,
                quota=Quota((Cap(Measure.ATTEMPTS, 500, Period.HOUR),)),
                buyer_rules={"acme": Rules(spacing_s=10)},
                buyer_quotas={"acme": Quota((Cap(Measure.REVENUE, 2_500_500_000),), 8)},
                publisher_quotas={
                    "radio-kx": Quota(
                        (Cap(Measure.CONNECTED, 200, Period.MONTH, across_campaigns=True),)
                    )
                },
                routes=(replace(EAST, rules=Rules(hours=HOURS), quota=Quota((), 3)), BOLT),
            ),
            [
                "+ routes[acme-east].hours.windows: [Mon 08:00-18:00, Sat 22:00-04:30]",
                "+ routes[acme-east].hours.holidays: [US-TX]",
                "+ routes[acme-east].hours.closed_on: [2026-12-24]",
                "+ routes[acme-east].hours.closures: [2026-11-27 08:00 to 2026-11-28 08:00 (rain)]",
                "+ routes[acme-east].concurrency: 3",
                "+ rules.caps: [500 attempts per hour]",
                "+ buyers[acme]: spacing_s 10, caps [2500.50 revenue ever], concurrency 8",
                "+ publishers[radio-kx]: caps [200 connected per month across campaigns]",
            ],
            id="caps-and-hours",
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
        '~ buyers[acme].name: Acme -> "Acme Inc"',
        "+ buyers[acme].breaker.enabled: false",
        "+ buyers[acme].breaker.cool_down_s: 60",
        "- buyers[bolt]: name Bolt, zone UTC",
        "~ destinations[acme-east].enabled: true -> false",
        "+ destinations[acme-west]: buyer acme, dial +13105550172, enabled true, note new",
    ]


def make_value(wanted: object, turn: int) -> object:
    """A value of a field's type with everything in it; another for each `turn`."""
    kind, arguments = get_origin(wanted), get_args(wanted)
    if kind in (Union, UnionType):
        return make_value(next(each for each in arguments if each is not type(None)), turn)
    if kind is tuple:
        return (make_value(arguments[0], turn),)
    if kind is frozenset:
        return frozenset({make_value(arguments[0], turn)})
    if kind is Mapping:
        return {"a": make_value(arguments[1], turn)}
    assert isinstance(wanted, type), f"a table has a {wanted}: teach this test to make one"
    if is_dataclass(wanted):
        hints = get_type_hints(wanted)
        return wanted(**{f.name: make_value(hints[f.name], turn) for f in fields(wanted) if f.init})
    if issubclass(wanted, Enum):
        return list(wanted)[turn]
    if wanted is bool:
        return bool(turn)
    at = datetime(2026, 11, 26 + turn, 8 + turn, tzinfo=UTC)
    made = {str: f"text {turn}", int: 2 + turn, date: at.date(), time: at.time(), datetime: at}
    return made[wanted]


def change_one(value: object, changed: object) -> Iterator[tuple[str, object]]:
    """`value` with each field in turn, however deep, as `changed` has it; and the field's name."""
    if isinstance(value, Mapping) and isinstance(changed, Mapping):
        for key in value:
            for name, each in change_one(value[key], changed[key]):
                yield name, {**value, key: each}
    elif isinstance(value, tuple) and isinstance(changed, tuple):
        for name, each in change_one(value[0], changed[0]):
            yield name, (each,)
        yield "(taken away)", ()
    elif is_dataclass(value) and not isinstance(value, type):
        for field in fields(value):
            if not field.init:
                continue  # it follows from the others
            was, then = getattr(value, field.name), getattr(changed, field.name)
            for name, each in change_one(was, then):
                yield f"{field.name}.{name}".rstrip("."), replace(value, **{field.name: each})
    else:
        yield "", changed


@pytest.mark.parametrize("whole", [RoutingTable, Directory])
def test_no_field_is_forgotten_however_deep_it_stands(
    whole: type[RoutingTable] | type[Directory],
) -> None:
    """Whoever gives a table a new key has it told in every comparison, or sees this fail."""
    full, other = make_value(whole, 0), make_value(whole, 1)
    told_by_key = {"groups.group_id", "buyers.buyer_id", "destinations.destination_id"}
    untold = {"version", "campaign_id", *told_by_key}
    changes = [each for each in change_one(full, other) if each[0] not in untold]
    assert len(changes) >= 6
    silent = [name for name, changed in changes if not compare(full, changed)]
    assert silent == []


@pytest.mark.parametrize("kind", [Route, AdvertisedNumber, Rules])
def test_what_is_said_and_what_is_not_said_are_told_apart(kind: type) -> None:
    """A field with a default against the same field with a value."""
    for field in fields(kind):
        if field.default is MISSING:
            continue
        bare = Route("a") if kind is Rules else kind("a")
        value = make_value(get_type_hints(kind)[field.name], 0)
        if value == field.default:
            value = make_value(get_type_hints(kind)[field.name], 1)
        said = (
            replace(bare, rules=replace(bare.rules, **{field.name: value}))
            if kind is Rules
            else replace(bare, **{field.name: value})
        )
        tables = [
            replace(TABLE, routes=(each,)) if isinstance(each, Route) else numbered(each)
            for each in (bare, said)
        ]
        assert compare_tables(*tables), field.name


def numbered(number: AdvertisedNumber) -> RoutingTable:
    return replace(TABLE, numbers=(number,))


def compare(before: object, after: object) -> tuple[Difference, ...]:
    if isinstance(before, RoutingTable) and isinstance(after, RoutingTable):
        return compare_tables(before, after)
    assert isinstance(before, Directory)
    assert isinstance(after, Directory)
    return compare_directories(before, after)
