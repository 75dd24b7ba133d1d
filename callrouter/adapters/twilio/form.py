"""The fields of a webhook, decoded once, as signature check and events both need them."""

from collections.abc import Iterator
from urllib.parse import unquote_plus

_MOST_FIELDS = 1000


def _decode(text: str) -> str:
    """What a percent-encoded name or value stands for; most of a webhook's need no decoding."""
    if "%" in text or "+" in text or not text.isascii():
        return unquote_plus(text, errors="surrogateescape")
    return text


class Form:
    """A webhook's fields in the order they came; a field may have several values.

    Bytes that aren't UTF-8 survive as lone surrogates, so that they can still be sign-checked.
    """

    __slots__ = ("_values",)

    def __init__(self, encoded: bytes) -> None:
        """Decode `application/x-www-form-urlencoded` bytes (a body or a query string).

        Raises ValueError on more than a thousand fields.
        """
        text = encoded.decode("ascii", "surrogateescape")
        if text.count("&") >= _MOST_FIELDS:
            raise ValueError(f"more than {_MOST_FIELDS} fields")
        self._values: dict[str, list[str]] = {}
        for field in text.split("&"):
            if field:
                name, _, value = field.partition("=")
                self._values.setdefault(_decode(name), []).append(_decode(value))

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def getlist(self, name: str) -> list[str]:
        """Every value of a field; the name is the one that twilio's validator looks for."""
        return self._values.get(name, [])

    def get(self, name: str, most: int = 200) -> str:
        """The first value of a field, cut to `most` characters and safe to store; "" if absent.

        NUL and bytes that aren't UTF-8 become U+FFFD: PostgreSQL's text can't hold them.
        """
        values = self._values.get(name)
        if not values:
            return ""
        value = values[0][:most]
        if value.isascii() and "\0" not in value:
            return value
        return (
            value.encode("utf-8", "surrogateescape")
            .decode("utf-8", "replace")
            .replace("\0", "\ufffd")
        )
