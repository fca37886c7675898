"""The tokenizer of both models: byte pairs learnt from the captions themselves, in the form that CLIP's has."""

from __future__ import annotations

import json
import random

from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers, trainers
from transformers import CLIPTokenizer

from training.scene import all_scenes, caption, spoken

START, END = "<|startoftext|>", "<|endoftext|>"
LONGEST = 24  # tokens, with those at both ends
_SIZE = 640


def make_tokenizer(seed: int) -> CLIPTokenizer:
    """A CLIPTokenizer that knows the words of the captions whole, and spells what it doesn't know."""
    chance = random.Random(seed)
    sentences = [text for scene in all_scenes() for text in (caption(scene), spoken(scene, chance))]
    learning = Tokenizer(models.BPE(end_of_word_suffix="</w>"))
    learning.normalizer = normalizers.Lowercase()
    learning.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(r"\w+|[^\w\s]+"), "removed", invert=True),
            pre_tokenizers.ByteLevel(False, use_regex=False),
        ]
    )
    letters = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(
        vocab_size=_SIZE - 2, initial_alphabet=letters, end_of_word_suffix="</w>", show_progress=False
    )
    learning.train_from_iterator(sentences, trainer)
    vocabulary = sorted(learning.get_vocab().items(), key=lambda pair: pair[1])
    known = {token: at for at, (token, _) in enumerate(vocabulary)}
    for letter in letters:  # any byte may end a word
        known.setdefault(f"{letter}</w>", len(known))
    known[START], known[END] = len(known), len(known) + 1
    merges = [tuple(pair) for pair in _merges(learning)]
    return CLIPTokenizer(vocab=known, merges=merges, model_max_length=LONGEST)


def _merges(tokenizer: Tokenizer) -> list[list[str]]:
    found: list[list[str]] = json.loads(tokenizer.to_str())["model"]["merges"]
    return found
