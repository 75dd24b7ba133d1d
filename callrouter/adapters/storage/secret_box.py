"""Seals what must not be readable in the database: the sellers' carrier tokens."""

import base64

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from callrouter.domain.errors import SettingsError


class SecretBox:
    """Seals and opens text with a key derived from SECRET_KEY; what is sealed is authenticated."""

    def __init__(self, secret_key: str) -> None:
        """Raises SettingsError for an empty key."""
        if not secret_key:
            raise SettingsError("SECRET_KEY is empty: tokens can't be sealed without it")
        derivation = HKDF(SHA256(), length=32, salt=None, info=b"callrouter carrier tokens v1")
        self._fernet = Fernet(base64.urlsafe_b64encode(derivation.derive(secret_key.encode())))

    def seal(self, text: str) -> str:
        """`text` so that only the same SECRET_KEY opens it."""
        return self._fernet.encrypt(text.encode()).decode()

    def open(self, sealed: str) -> str:
        """What was sealed. Raises SettingsError when it was sealed with another SECRET_KEY."""
        try:
            return self._fernet.decrypt(sealed).decode()
        except InvalidToken as error:
            raise SettingsError(
                "SECRET_KEY isn't the one that sealed the sellers' tokens: set the old one again,"
                " or enter the tokens anew"
            ) from error
