"""Words of scripts that set no spaces between them, made searchable.

Every two neighbouring characters are taken as a word, as well as each one. A dictionary cuts the same name one way in a
question and another way in a passage; pairs never miss, need no 100 MB in each process, and serve Japanese, Thai and
Korean as they serve Chinese.
"""

import re

_HAN = "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003134f"
_KANA = "\u3040-\u30ff\uff66-\uff9f"
# Thai, Lao, Burmese, Khmer; and Korean, whose words carry their endings.
_OTHERS = "\u0e01-\u0e4e\u0e81-\u0ecd\u1000-\u109f\u1780-\u17d3\uac00-\ud7af"
_UNSPACED = re.compile(f"[{_HAN}{_KANA}{_OTHERS}]+")
_UNKEPT = re.compile("[\0\ud800-\udfff]")


def storable(text: str) -> str:
    """`text` as Postgres can hold it, as long as before: NUL and halves of surrogate pairs become U+FFFD."""
    return _UNKEPT.sub("\ufffd", text)


def segmented(text: str) -> str | None:
    """What is indexed of `text`; None when it has no such script and can be indexed as it is."""
    if not _UNSPACED.search(text):
        return None
    return _UNSPACED.sub(lambda run: f" {' '.join([*_pairs(run[0]), *run[0]])} ", text)


def asked(query: str) -> str:
    """A question in the same words: pairs, and a single character where it stands alone."""
    return _UNSPACED.sub(lambda run: f" {' '.join(_pairs(run[0]))} ", storable(query))


def _pairs(run: str) -> list[str]:
    return [run[at : at + 2] for at in range(len(run) - 1)] or [run]
