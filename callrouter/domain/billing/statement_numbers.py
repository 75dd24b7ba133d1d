"""How statements are numbered: `acme-2026-0007` is the seventh of the buyer acme in 2026.

A publisher's begin with `P-`, which no id does: whoever is both has two series.
"""

from callrouter.domain.billing.party import Party, Side

_PUBLISHER = "P-"


def write_number(party: Party, year: int, sequence: int) -> str:
    """The number of the statement that is `sequence`th, from 1, of a party in a year."""
    prefix = _PUBLISHER if party.side is Side.PUBLISHER else ""
    return f"{prefix}{party.party_id}-{year}-{sequence:04}"
