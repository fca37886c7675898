"""From tokens to text as it is written: never half a character, never a stop string or its beginning."""

from __future__ import annotations

from collections.abc import Callable, Sequence

_HALF = "�"


class Wording:
    """Turns token ids into pieces of text. The pieces together are the text, up to a stop string."""

    def __init__(self, decode: Callable[[list[int]], str], stop: Sequence[str] = ()) -> None:
        self._decode = decode
        self._stop = tuple(string for string in stop if string)
        self._ids: list[int] = []
        self._settled = 0
        self._given = 0
        self._held = ""
        self.stopped = False

    def add(self, token: int) -> str:
        """The text that is certain now, often one word, sometimes nothing."""
        self._ids.append(token)
        before = self._decode(self._ids[self._settled : self._given])
        whole = self._decode(self._ids[self._settled :])
        # A replacement character at the end may be the beginning of a character of several tokens.
        if whole.endswith(_HALF) or len(whole) <= len(before):
            return ""
        self._settled, self._given = self._given, len(self._ids)
        return self._without_stop(whole[len(before) :])

    def end(self) -> str:
        """What was held back, once no more tokens come."""
        if self.stopped:
            return ""
        before = self._decode(self._ids[self._settled : self._given])
        whole = self._decode(self._ids[self._settled :])
        rest = self._without_stop(whole[len(before) :].rstrip(_HALF))
        if not self.stopped:
            rest, self._held = rest + self._held, ""
        return rest

    def _without_stop(self, text: str) -> str:
        if not self._stop:
            return text
        text = self._held + text
        found = [at for at in (text.find(string) for string in self._stop) if at >= 0]
        if found:
            self.stopped, self._held = True, ""
            return text[: min(found)]
        keep = max(_overlap(text, string) for string in self._stop)
        self._held = text[len(text) - keep :]
        return text[: len(text) - keep]


def _overlap(text: str, string: str) -> int:
    """How many characters at the end of `text` begin `string`."""
    return next((n for n in range(min(len(text), len(string) - 1), 0, -1) if text.endswith(string[:n])), 0)
