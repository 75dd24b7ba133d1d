"""A seller whose table has a rule of every kind, at a moment when some of them bite.

It is 13:00 in New York and 10:00 in Los Angeles (T0).
"""

from datetime import timedelta

from callrouter.adapters.storage.engine import Database
from callrouter.adapters.storage.reservations import reserve
from callrouter.domain.health.stops import Stop, StopCause, StopKind
from callrouter.domain.limits.caps import Claim, DialClaims, Measure
from callrouter.workflows.stop_traffic import stop_traffic
from tests.switchboards import DID, SELLER, T0, open_seller

BUYERS = """
[[buyers]]
id = "acme"
name = "Acme"
zone = "America/New_York"
[[buyers.destinations]]
id = "acme-east"
dial = "+12125550171"
[[buyers.destinations]]
id = "acme-night"
dial = "+12125550172"

[[buyers]]
id = "bolt"
name = "Bolt"
zone = "America/Los_Angeles"
[[buyers.destinations]]
id = "bolt-main"
dial = "+14155550174"
[[buyers.destinations]]
id = "bolt-texas"
dial = "+14155550175"

[[buyers]]
id = "crest"
name = "Crest"
zone = "America/Chicago"
[[buyers.destinations]]
id = "crest-desk"
dial = "+13125550176"
[[buyers.destinations]]
id = "crest-old"
dial = "+13125550177"
enabled = false
note = "moving house"
"""
TABLE = f"""
campaign = "flood-repair"
zone = "America/Chicago"
withheld_callers = "refuse"

[rules]
caps = ["500 attempts per day"]

[[dids]]
number = "{DID}"
publisher = "radio-kx"
[[dids]]
number = "+18005550101"
publisher = "billboard-i80"
to = "crest-desk"

[[publishers]]
id = "billboard-i80"
caps = ["2 connected per month"]

[[groups]]
id = "west"
concurrency = 2

[[buyers]]
id = "acme"
caps = ["1000.00 revenue per week across campaigns"]

[[routes]]
destination = "acme-east"
priority = 1
price = "40.00"
caps = ["50 connected per day"]
concurrency = 3
[routes.hours]
weekdays = "09:00-18:00"

[[routes]]
destination = "acme-night"
priority = 1
price = "25.00"
spacing_s = 30
[routes.hours]
weekdays = "18:00-23:00"

[[routes]]
destination = "bolt-main"
priority = 2
group = "west"
price = "35.00"

[[routes]]
destination = "bolt-texas"
priority = 2
group = "west"
price = "60.00"
filters = ["state == TX"]
[routes.duplicates]
window = "30d"

[[routes]]
destination = "crest-old"
priority = 3

[nobody_left]
say = "Nobody is left."
overflow = "crest-desk"
"""


def open_full_house(database: Database) -> None:
    """acme-east has nearly used its day; bolt-main is down; group west is full."""
    open_seller(database, buyers=BUYERS, tables=(TABLE,), at=T0 - timedelta(days=30))
    used = DialClaims(
        "acme-east",
        (
            Claim(
                "connected/day:2026-09-15/in:flood-repair/destination:acme-east",
                Measure.CONNECTED,
                amount=47,
                limit=50,
            ),
            Claim("concurrent/ever/destination:acme-east", Measure.CONCURRENT, amount=1, limit=3),
            Claim("concurrent/ever/group:flood-repair.west", Measure.CONCURRENT, amount=2, limit=2),
        ),
    )
    with database.write() as connection:
        reserve(
            connection,
            SELLER.seller_id,
            "CA" + "9" * 32,
            1,
            (used,),
            T0,
            T0 + timedelta(hours=2),
        )
    stop_traffic(
        database,
        SELLER.seller_id,
        Stop(
            kind=StopKind.DESTINATION,
            subject_id="bolt-main",
            cause=StopCause.DOWN,
            since=T0 - timedelta(hours=1),
            until=T0 + timedelta(hours=2),
            reason="<b>storm</b>",
            author="maria",
            zone="America/Los_Angeles",
        ),
    )
