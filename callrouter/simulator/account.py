"""What a carrier is told about its customer: an account and its numbers with their URLs."""

from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Literal, TypeAlias

from callrouter.simulator.overrides import read_overrides

Method: TypeAlias = Literal["GET", "POST"]


def make_sid(prefix: str, *parts: object) -> str:
    """A 34-character SID (prefix and 32 hex digits) that depends on the parts alone."""
    name = "\x1f".join(str(part) for part in parts)
    return prefix + blake2b(name.encode(), digest_size=16).hexdigest()


@dataclass(frozen=True, slots=True)
class Did:
    """A number as it is set up at the carrier; URLs may end in connection overrides (`#rc=3`).

    `in_service` says whether the router is expected to know the number; the carrier uses it only
    to judge what the call's disposition should have been.
    """

    number: str
    voice_url: str
    voice_method: Method = "POST"
    fallback_url: str = ""
    fallback_method: Method = "POST"
    status_url: str = ""
    status_method: Method = "POST"
    in_service: bool = True

    def __post_init__(self) -> None:
        for url in (self.voice_url, self.fallback_url, self.status_url):
            read_overrides(url)

    @property
    def sid(self) -> str:
        """The number's own SID (`PN…`)."""
        return make_sid("PN", self.number)


@dataclass(frozen=True, slots=True)
class Account:
    """The customer: SID, the token that signs its webhooks and opens the REST API, its numbers."""

    sid: str
    token: str = field(repr=False)
    dids: tuple[Did, ...]

    def __post_init__(self) -> None:
        if not self.dids:
            raise ValueError(f"account {self.sid} has no numbers: nobody can call it")

    def owns(self, number: str) -> bool:
        """Whether the number is one of the account's."""
        return any(did.number == number for did in self.dids)
