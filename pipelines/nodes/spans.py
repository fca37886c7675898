"""Where sentences and passages begin and end, as character offsets."""

import re
from collections.abc import Iterable, Sequence

Span = tuple[int, int]
"""[start, end) in characters."""

# A sentence ends with its mark and the quotes or brackets that close on it, if white space or nothing follows; in
# Chinese and Japanese nothing needs to follow. An empty line ends one too, and so does a line of a list.
_END = re.compile(
    r"""[.!?…]+["'”’»)\]]*(?=\s|$)|[。！？；…]+[”’」』）】]*|[।။።۔؟]+|\n\s*\n|\n(?=\s*(?:[-*•‣▪]|\d{1,3}[.)])\s)"""
)
_ABBREVIATION = re.compile(
    r"(?:\b(?:[A-Za-z]|Mr|Mrs|Ms|Dr|Prof|St|No|Nr|Fig|Figs|Eq|Sec|Ch|vs|cf|al|approx|ca|Inc|Ltd|Co|Jr|Sr|pp?|vol)|"
    r"(?<![^\n])\d{1,3}|\b(?:e\.g|i\.e|z\.B|d\.h|u\.a|a\.m|p\.m))\.$",
    re.IGNORECASE,
)
_LONGEST = 20_000  # characters of a sentence, after which it is cut: what isn't prose may have no end


def sentences(text: str, start: int = 0) -> list[Span]:
    """Spans that follow one another without a gap and cover `text` from `start` on; each but the last ends where a
    sentence does.
    """
    spans: list[Span] = []
    for match in _END.finditer(text, start):
        end = match.end()
        if match[0].startswith(".") and _ABBREVIATION.search(text, max(start, end - 12), end):
            continue
        if text[start:end].strip():
            spans += _bounded(start, end)
            start = end
    if start < len(text):
        spans += _bounded(start, len(text))
    return spans


def _bounded(start: int, end: int) -> Iterable[Span]:
    return ((at, min(at + _LONGEST, end)) for at in range(start, end, _LONGEST))


def tokens_within(sentence: Span, tokens: Sequence[Span]) -> list[Span]:
    """The tokens' spans in the text; between them they cover the whole sentence, white space and all.

    An encoder may leave out what it doesn't know, and may not: a passage must not.
    """
    start, end = sentence
    begins = sorted({start + a for a, b in tokens if a < b and start + a < end})
    if not begins:
        return [sentence]
    begins[0] = start
    return list(zip(begins, [*begins[1:], end], strict=True))


def pack(units: Iterable[Sequence[Span]], size: int, overlap: int) -> list[Span]:
    """Passages of whole `units` (each a run of tokens), at most `size` tokens long; each begins with the last units of
    the one before it that have at most `overlap` tokens together. Every token is in one of them.
    """
    passages: list[Span] = []
    current: list[Sequence[Span]] = []
    new = 0  # units of `current` that no passage holds yet
    for unit in units:
        if new and sum(map(len, current)) + len(unit) > size:
            passages.append((current[0][0][0], current[-1][-1][1]))
            current, new = _tail(current, min(overlap, size - len(unit))), 0
        current.append(unit)
        new += 1
    if new:
        passages.append((current[0][0][0], current[-1][-1][1]))
    return passages


def _tail(units: list[Sequence[Span]], most: int) -> list[Sequence[Span]]:
    kept: list[Sequence[Span]] = []
    for unit in reversed(units):
        most -= len(unit)
        if most < 0:
            break
        kept.insert(0, unit)
    return kept


def trimmed(text: str, span: Span) -> Span:
    """`span` without the white space at its ends."""
    start, end = span
    inner = text[start:end]
    return start + len(inner) - len(inner.lstrip()), end - len(inner) + len(inner.rstrip())
