"""Spaces between the words of scripts that have none, so that full-text search finds them."""

import logging
import re
from collections.abc import Iterable, Iterator
from functools import cache
from typing import Any

_HAN = "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003134f"
_KANA = "\u3040-\u30ff\uff66-\uff9f"
# Thai, Lao, Burmese, Khmer; and Korean, whose words carry their endings.
_OTHERS = "\u0e01-\u0e4e\u0e81-\u0ecd\u1000-\u109f\u1780-\u17d3\uac00-\ud7af"
_UNSPACED = re.compile(f"[{_HAN}{_KANA}{_OTHERS}]+")
_ONLY_HAN = re.compile(f"[{_HAN}]+")
# Words that stand in every Chinese sentence.
_EMPTY = frozenset("的了是在和与及也都就而着过吗呢吧啊之其这那有我你他她它们为于以个")


_UNKEPT = re.compile("[\0\ud800-\udfff]")


def storable(text: str) -> str:
    """`text` as Postgres can hold it, as long as before: NUL and halves of surrogate pairs become U+FFFD."""
    return _UNKEPT.sub("\ufffd", text)


def segmented(text: str) -> str | None:
    """`text` with its unspaced words set apart; None when it has no such script and can be indexed as it is."""
    if not _UNSPACED.search(text):
        return None
    return _UNSPACED.sub(lambda run: f" {' '.join(_words(run[0]))} ", text)


def asked(query: str) -> str:
    """A query in the same words; Chinese also in pairs of characters, as its words may be cut otherwise in a passage
    that holds Japanese.
    """
    return _UNSPACED.sub(lambda run: f" {' '.join({*_words(run[0]), *_pairs(run[0])})} ", storable(query))


def _words(run: str) -> Iterator[str]:
    if not _ONLY_HAN.fullmatch(run):
        return _pairs(run)
    found: Iterable[str] = _jieba().cut_for_search(run)
    return (word for word in found if word not in _EMPTY)


def _pairs(run: str) -> Iterator[str]:
    return (run[at : at + 2] for at in range(max(len(run) - 1, 1)))


@cache
def _jieba() -> Any:
    """Loaded with the first Chinese text: its dictionary takes a second and some 60 MB."""
    import jieba

    jieba.setLogLevel(logging.WARNING)
    jieba.initialize()
    return jieba
