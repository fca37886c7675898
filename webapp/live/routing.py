"""Which address a WebSocket may be opened at."""

from typing import Any

routes: list[Any] = []
