"""How many of something there are, in words."""


def say_count(count: int, one: str, several: str = "") -> str:
    """`1 record`, `2,000 records`; `several` where that isn't `one` and an s."""
    return f"{count:,} {one if count == 1 else several or f'{one}s'}"
