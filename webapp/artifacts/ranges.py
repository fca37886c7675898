"""`Range: bytes=...` (RFC 9110, one range at a time)."""

import re

_ONE = re.compile(r"bytes=\s*(\d{0,18})-(\d{0,18})\s*")


class Unsatisfiable(ValueError):
    """The range lies outside the file."""


def asked(header: str | None, size: int) -> tuple[int, int] | None:
    """`(start, end)` in bytes, `end` not included; None when the whole is to be sent. Raises Unsatisfiable."""
    found = _ONE.fullmatch(header or "")
    if not found or not (found[1] or found[2]):
        return None  # no range, several, or a form we don't know: the whole is always a right answer
    if not found[1]:
        last = int(found[2])
        if last == 0 or size == 0:
            raise Unsatisfiable
        return max(0, size - last), size
    start = int(found[1])
    end = min(int(found[2]) + 1, size) if found[2] else size
    if found[2] and int(found[2]) < start:
        return None
    if start >= size:
        raise Unsatisfiable
    return start, end
