"""Amounts in words, for views and findings alike."""


def count(number: int, noun: str) -> str:
    """`1 node`, `9,850 nodes`."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def size(nbytes: int) -> str:
    """Bytes for people: `0 B`, `128 B`, `1.2 KB` (1 KB is 1,024 B)."""
    if nbytes < 1024:
        return f"{nbytes} B"
    amount = float(nbytes)
    for unit in ("KB", "MB", "GB", "TB"):
        amount /= 1024
        if amount < 999.95 or unit == "TB":
            break
    return f"{amount:.1f} {unit}"
