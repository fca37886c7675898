"""What a file of sound may be; known to the one who asks for it and to the process that reads it."""

from __future__ import annotations

RATE = 16_000
"""Samples a second, of what is heard."""
LONGEST = 3 * 3600
"""Seconds of the longest sound."""
LARGEST = 300 * 1_000_000
"""Bytes of the largest file."""
MEMORY = 2_500_000_000
"""Bytes that reading a file may take."""
SECONDS = 600
"""Seconds of processor time that reading a file may take."""
REFUSED = 3
"""The exit status of a reader that says on standard error why it reads no further."""


class Refused(Exception):
    """Why a file is not read, and what to do."""

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
