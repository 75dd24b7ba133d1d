"""Connection overrides: the `#rc=3&rp=all` that Twilio reads off the end of a webhook's URL.

https://www.twilio.com/docs/usage/webhooks/webhooks-connection-overrides
"""

from dataclasses import dataclass
from functools import lru_cache

HARD_LIMIT_MS = 15_000
POLICIES = frozenset({"4xx", "5xx", "ct", "rt", "all"})

_RANGES = {
    "ct": (100, 10_000),
    "rt": (100, HARD_LIMIT_MS),
    "tt": (100, HARD_LIMIT_MS),
    "rc": (0, 5),
}


@dataclass(frozen=True, slots=True)
class ConnectionOverrides:
    """How long one request may take and when it is tried again. Times are real milliseconds."""

    connect_ms: int = 5_000
    read_ms: int = HARD_LIMIT_MS
    total_ms: int = HARD_LIMIT_MS
    retries: int = 1
    policy: frozenset[str] = frozenset({"ct"})

    def retries_on(self, trouble: str) -> bool:
        """Whether a failure (`ct`, `rt`, `4xx`, `5xx`, or another word) is tried again."""
        return "all" in self.policy or trouble in self.policy


def read_overrides(url: str) -> ConnectionOverrides:
    """The overrides in a URL's fragment; the defaults (one retry, on connect only) without one.

    Raises ValueError, naming the key, for an unknown key or a value outside its range.
    """
    return _read_fragment(url.partition("#")[2])


@lru_cache(maxsize=256)
def _read_fragment(fragment: str) -> ConnectionOverrides:
    numbers: dict[str, int] = {}
    policy = frozenset({"ct"})
    for part in filter(None, fragment.split("&")):
        key, _, value = part.partition("=")
        if key in _RANGES:
            numbers[key] = _number(key, value)
        elif key == "rp":
            policy = _policy(value)
        elif (key, value) not in {("sni", "y"), ("sni", "n")} and key != "e":
            raise ValueError(
                f"#{fragment}: {key!r} is no connection override (ct rt tt rc rp sni e)"
            )
    return ConnectionOverrides(
        connect_ms=numbers.get("ct", 5_000),
        read_ms=numbers.get("rt", HARD_LIMIT_MS),
        total_ms=numbers.get("tt", HARD_LIMIT_MS),
        retries=numbers.get("rc", 1),
        policy=policy,
    )


def _number(key: str, value: str) -> int:
    low, high = _RANGES[key]
    if not (value.isascii() and value.isdigit() and low <= int(value) <= high):
        raise ValueError(
            f"connection override {key}={value} should be a whole number {low}..{high}"
        )
    return int(value)


def _policy(value: str) -> frozenset[str]:
    policy = frozenset(value.split(","))
    if not policy <= POLICIES:
        raise ValueError(
            f"connection override rp={value} should be a comma list of {sorted(POLICIES)}"
        )
    return policy
