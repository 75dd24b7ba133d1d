"""Take on a seller with its account at the carrier."""

import re
from datetime import datetime

from callrouter.adapters.storage.engine import Database
from callrouter.adapters.storage.secret_box import SecretBox
from callrouter.adapters.storage.sellers import Seller
from callrouter.adapters.storage.sellers import add_seller as keep_seller
from callrouter.domain.errors import RefusedError

_ACCOUNT_SID = re.compile(r"AC[0-9a-f]{32}", re.IGNORECASE)


def add_seller(database: Database, box: SecretBox, seller: Seller, at: datetime) -> None:
    """Keep a new seller; its webhooks are accepted within a second or two.

    Raises RefusedError when the AccountSid can't be one, or when its id or account is taken.
    """
    if not _ACCOUNT_SID.fullmatch(seller.account_sid):
        raise RefusedError(
            f"{seller.account_sid!r} can't be an AccountSid: it is AC and 32 hexadecimal digits, "
            "as the carrier's console shows it"
        )
    with database.write() as connection:
        keep_seller(connection, box, seller, at)
