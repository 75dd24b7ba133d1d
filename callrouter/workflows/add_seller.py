"""Take on a seller with its account at the carrier."""

import re
from dataclasses import replace
from datetime import datetime

from callrouter.adapters.storage.engine import Database
from callrouter.adapters.storage.secret_box import SecretBox
from callrouter.adapters.storage.sellers import Seller
from callrouter.adapters.storage.sellers import add_seller as keep_seller
from callrouter.domain.errors import RefusedError

_ACCOUNT_SID = re.compile(r"AC[0-9a-f]{32}")


def add_seller(database: Database, box: SecretBox, seller: Seller, at: datetime) -> Seller:
    """Keep a new seller, and return it as kept; its webhooks are accepted within a second or two.

    The AccountSid is kept as the carrier writes it, AC and lower case: webhooks are told apart by
    it to the letter.
    Raises RefusedError when the AccountSid can't be one, or when its id or account is taken.
    """
    account_sid = seller.account_sid[:2].upper() + seller.account_sid[2:].lower()
    if not _ACCOUNT_SID.fullmatch(account_sid):
        raise RefusedError(
            f"{seller.account_sid!r} can't be an AccountSid: it is AC and 32 hexadecimal digits, "
            "as the carrier's console shows it"
        )
    kept = replace(seller, account_sid=account_sid)
    with database.write() as connection:
        keep_seller(connection, box, kept, at)
    return kept
