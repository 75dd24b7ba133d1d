"""The options that say which call is imagined: who calls which number, and what else is sent."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any

import click

from callrouter.domain.errors import RefusedError
from callrouter.domain.numbers import check_number
from callrouter.domain.routing.decision import CallSoFar
from callrouter.workflows.explain_route import imagine_call

_OPTIONS = (
    click.option("--did", metavar="NUMBER", help="The number of ours that is called."),
    click.option("--ani", metavar="NUMBER", help="Who calls: a number, or `anonymous`."),
    click.option("--state", metavar="XX", default="", help="The caller's state, as in TX."),
    click.option("--zip", "zip_code", metavar="ZIP", default="", help="The caller's ZIP."),
    click.option(
        "--country",
        metavar="XX",
        default="",
        help="The caller's country, as in US; that of the number if left out.",
    ),
)


@dataclass(frozen=True, slots=True)
class Imagined:
    """A call that wasn't made."""

    did: str
    ani: str
    state: str = ""
    zip_code: str = ""
    country: str = ""

    def as_call(self) -> CallSoFar:
        """What the router would know of it. Raises RefusedError for a DID that can't be one."""
        wrong = check_number(self.did)
        if wrong is not None:
            raise RefusedError(f"--did {wrong}")
        return imagine_call(
            self.did,
            self.ani,
            state=self.state,
            zip_code=self.zip_code,
            country=self.country,
        )


def caller_options(command: Callable[..., None]) -> Callable[..., None]:
    """Give `command` the options; it gets them as `imagined`, None when none stands there.

    A usage error when only some of --did and --ani are named.
    """

    @wraps(command)
    def run(
        *args: Any,
        did: str | None,
        ani: str | None,
        state: str,
        zip_code: str,
        country: str,
        **others: Any,
    ) -> None:
        imagined = None
        if did is not None and ani is not None:
            imagined = Imagined(did, ani, state, zip_code, country)
        elif did or ani or state or zip_code or country:
            if others.get("call_id") is None:
                raise click.UsageError("name a call to explain: --did and --ani, or --call")
            raise click.UsageError("--call stands alone: its numbers and time are known")
        command(*args, imagined=imagined, **others)

    decorated = run
    for option in reversed(_OPTIONS):
        decorated = option(decorated)
    return decorated
