"""Citations: the numbers in an answer, tied to the passages they stand for."""

import re
from collections.abc import Sequence
from typing import NamedTuple

from pipelines.node import Context, Family, Node, param
from pipelines.nodes.spans import sentences
from pipelines.values import Documents, Text


class Cited(NamedTuple):
    """`[1]` in `text` stands for the first of `documents`."""

    text: Text
    documents: Documents


class CiteText(Node):
    """Ties the citations in an answer, such as [2], to the passages they stand for: keeps the passages that are cited,
    numbers them in the order of the answer, and takes out numbers that stand for nothing.
    """

    title = "Cite"
    family = Family.TOOL
    add_missing: bool = param(
        True,
        label="Add missing citations",
        help="Where the model cites nothing, cite the passage that a sentence's words come from. Small models forget.",
        primary=True,
    )

    def run(self, ctx: Context, text: Text, documents: Documents) -> Cited:
        cited = _known(text, len(documents))
        if self.add_missing and not _CITATION.search(cited):
            cited = attributed(cited, documents)
        return renumbered(cited, documents)


_CITATION = re.compile(r"[\[【]\s*(\d{1,4}(?:\s*(?:[,;、–-]|and)\s*\d{1,4})*)\s*[\]】]")


def renumbered(text: str, documents: Documents) -> Cited:
    """Each citation as `[n]`, counted in the order in which passages are first cited. All numbers must be known."""
    order: list[int] = []

    def replace(match: re.Match[str]) -> str:
        numbers = _numbers(match[1])
        order.extend(number for number in numbers if number not in order)
        return "".join(f"[{order.index(number) + 1}]" for number in numbers)

    text = _CITATION.sub(replace, text)
    return Cited(text, tuple(documents[number - 1] for number in order))


def _known(text: str, count: int) -> str:
    """Only the numbers from 1 to `count`; a citation left without any goes, with the space before it."""

    def replace(match: re.Match[str]) -> str:
        known = [number for number in _numbers(match[2]) if 1 <= number <= count]
        return f"{match[1]}[{', '.join(map(str, known))}]" if known else ""

    return re.sub(rf"([ \t]*){_CITATION.pattern}", replace, text)


def _numbers(inside: str) -> list[int]:
    """ "1, 3" is 1 and 3, "2-4" is 2, 3 and 4; each once."""
    found: list[int] = []
    for first, last in re.findall(r"(\d+)(?:\s*[–-]\s*(\d+))?", inside):
        low, high = int(first), int(last or first)
        found += range(low, min(high, low + 20) + 1) if high >= low else [low, high]
    return list(dict.fromkeys(found))


# --- citations the model left out -------------------------------------------------------------------------------------
_ENOUGH = 0.5  # of a sentence's words that must stand in a passage for it to be cited


def attributed(text: str, documents: Documents) -> str:
    """`text` with a citation at the end of each sentence most of whose words stand in one passage."""
    known = [_words(document.text) for document in documents]
    parts, cited_before = [], None
    for start, end in sentences(text):
        sentence = text[start:end]
        number = _source(sentence, known)
        if number is not None and number != cited_before:
            parts.append(_with_citation(sentence, number))
        else:
            parts.append(sentence)
        cited_before = number
    return "".join(parts)


def _source(sentence: str, known: Sequence[frozenset[str]]) -> int | None:
    """The number of the first passage that holds most of the sentence's words, if it holds enough of them."""
    words = _words(sentence)
    if not words:
        return None
    shares = [len(words & passage) / len(words) for passage in known]
    best = max(range(len(shares)), key=shares.__getitem__, default=None)
    return best + 1 if best is not None and shares[best] >= _ENOUGH else None


def _with_citation(sentence: str, number: int) -> str:
    """The citation goes before the sentence's end mark, as in print."""
    body = sentence.rstrip()
    after = sentence[len(body) :]
    mark = re.search(r"[.!?…。！？]+[\"'”’»)\]]*$", body)
    if mark is None:
        return f"{body} [{number}]{after}"
    return f"{body[: mark.start()]} [{number}]{mark[0]}{after}"


_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)?")
_UNSPACED = re.compile(r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]+")
_EMPTY = re.compile(
    r"a|an|the|and|or|but|if|of|to|in|on|at|by|for|from|with|as|is|are|was|were|be|"
    r"been|it|its|this|that|these|those|he|she|they|them|his|her|their|you|your|we|our|"
    r"i|not|no|do|does|did|can|could|will|would|should|may|might|must|have|has|had|there|"
    r"here|which|who|what|when|where|how|than|then|so|such|also|into|about"
)


def _words(text: str) -> frozenset[str]:
    """Words that carry meaning, without common endings; of unspaced scripts each two neighbouring characters."""
    text = text.lower()
    pairs = (run[at : at + 2] for run in _UNSPACED.findall(text) for at in range(max(len(run) - 1, 1)))
    words = (_stem(word) for word in _WORD.findall(_UNSPACED.sub(" ", text)) if not _EMPTY.fullmatch(word))
    return frozenset((*pairs, *words))


def _stem(word: str) -> str:
    return re.sub(r"(?<=\w{3})(?:ing|ed|es|s|ly|'s|’s)$", "", word)
