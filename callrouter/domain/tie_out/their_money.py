"""What the terms make of their seconds, beside what was charged for ours."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from callrouter.domain.billing.terms import Terms
from callrouter.domain.tie_out.memory import read
from callrouter.domain.tie_out.pricing_frame import (
    NO_TERMS,
    Figures,
    Marks,
    Times,
    choose_for_each,
    price_each,
)
from callrouter.domain.tie_out.rules import TieOutRules
from callrouter.domain.tie_out.sides import Sides


@dataclass(frozen=True, slots=True)
class PricedPairs:
    """Pairs in money, a place a pair.

    `chosen` is the place of the terms, `by_time` whether what was charged is what they make of our
    time: where it isn't, something else decided, and it is the same on both sides.
    """

    micros: Figures
    chosen: npt.NDArray[np.int64]
    by_time: Marks


@dataclass(frozen=True, slots=True)
class Scopes:
    """The campaign and the destination that their numbers stand for with us, most often.

    None where no terms depend on it.
    """

    campaigns: "_Guess | None"
    destinations: "_Guess | None"


@dataclass(frozen=True, slots=True)
class _Guess:
    """Each `number` that is known with its `scope`; any other's is the `usual` one."""

    known: pl.DataFrame
    usual: str

    def of(self, numbers: pl.Series) -> pl.Series:
        return numbers.replace_strict(
            self.known["number"], self.known["scope"], default=self.usual, return_dtype=pl.String
        )


def price_pairs(
    ours: pl.DataFrame, theirs: pl.DataFrame, rules: TieOutRules, *, has_times: bool
) -> PricedPairs:
    """What their side of each pair comes to: row n of `ours` with row n of `theirs`.

    `ours` is OURS with `our_ms`, `theirs` has `their_ms` and `price_micros`. The terms count one of
    our clocks: where another one is compared, theirs is as much longer or shorter on the clock that
    counts. Where no record has a time their own price stands, if they have one.
    """
    chosen = choose_for_each(
        ours["started_at_ms"].to_numpy(), ours["campaign_id"], ours["destination_id"], rules.terms
    )
    times = _read_our_times(ours, rules.terms)
    charged = ours["charged_micros"].to_numpy()
    by_time = (price_each(times, chosen, rules.terms) == charged) & (chosen != NO_TERMS)
    if not has_times:
        stated = theirs.select(pl.col("price_micros").fill_null(pl.Series(charged)))
        return PricedPairs(stated.to_series().to_numpy(), chosen, by_time)
    more_ms = theirs["their_ms"].fill_null(0).to_numpy() - ours["our_ms"].to_numpy()
    their_times = _shift(times, theirs, more_ms, rules)
    micros = np.where(by_time, price_each(their_times, chosen, rules.terms), charged)
    return PricedPairs(micros, chosen, by_time)


def price_lone(
    theirs: pl.DataFrame, scopes: Scopes, rules: TieOutRules, *, has_times: bool
) -> Figures:
    """What records that are no call of ours come to, by the terms that would have held for them.

    `theirs` is THEIRS with `at_ms` and `their_ms`. The campaign is that of the number that was
    called, the destination that of the number reached; where neither tells, those of most of our
    calls. An instant that isn't known is the period's first. Where no record has a time their own
    price stands.
    """
    if not has_times:
        return theirs["price_micros"].fill_null(0).to_numpy()
    at_ms = theirs["at_ms"].fill_null(rules.since_ms).to_numpy()
    ms = theirs["their_ms"].fill_null(0).to_numpy()
    nowhere = pl.repeat("", theirs.height, dtype=pl.String, eager=True)
    campaigns = scopes.campaigns.of(theirs["called"]) if scopes.campaigns else nowhere
    destinations = scopes.destinations.of(theirs["reached"]) if scopes.destinations else nowhere
    chosen = choose_for_each(at_ms, campaigns, destinations, rules.terms)
    times = Times(at_ms, ms > 0, {each.clock: ms for each in rules.terms})
    return price_each(times, chosen, rules.terms)


def guess_scopes(sides: Sides, terms: tuple[Terms, ...]) -> Scopes:
    """The campaign and the destination that each number of theirs was for, most likely."""
    ours = sides.ours
    return Scopes(
        _guess(ours, "did", "campaign_id") if any(each.campaign_id for each in terms) else None,
        _guess(ours, "reached", "destination_id")
        if any(each.destination_id for each in terms)
        else None,
    )


def _read_our_times(ours: pl.DataFrame, terms: tuple[Terms, ...]) -> Times:
    connected = (pl.col("outcome") == "connected") | (pl.col("connected_ms") > 0)
    return Times(
        ours["started_at_ms"].to_numpy(),
        ours.select(connected).to_series().to_numpy(),
        {each.clock: ours[f"{each.clock}_ms"].to_numpy() for each in terms},
    )


def _shift(ours: Times, theirs: pl.DataFrame, more_ms: Figures, rules: TieOutRules) -> Times:
    """Their times on the clocks that the terms count: ours, and `more_ms`.

    Who has less than a second or so of a call that we have too is taken to have answered it.
    """
    near = np.abs(more_ms) <= rules.tolerance_ms
    return Times(
        ours.at_ms,
        (theirs["their_ms"].fill_null(0).to_numpy() > 0) | (ours.is_connected & near),
        {clock: np.maximum(ms + more_ms, 0) for clock, ms in ours.ms.items()},
    )


def _guess(ours: pl.LazyFrame, number: str, scope: str) -> _Guess:
    """What a number of theirs stands for with us, most often; or what most of our calls are."""
    of = {"number": pl.col(number), "scope": pl.col(scope)}
    counted = read(ours.select(**of).group_by("number", "scope").len())
    counted = counted.sort("len", "scope", "number", descending=[True, False, False])
    usual = (
        counted.group_by("scope")
        .agg(pl.col("len").sum())
        .sort("len", "scope", descending=[True, False])
    )
    known = counted.unique("number", keep="first", maintain_order=True)
    return _Guess(known.select("number", "scope"), usual["scope"][0] if usual.height else "")
