"""What is sealed opens with the same key alone."""

import pytest

from webapp.secrets.seal import CannotUnseal, seal, unseal


def test_a_sealed_text_says_nothing_and_opens_with_its_key() -> None:
    sealed = seal("hunter2 密码", "a key")
    assert "hunter2" not in sealed
    assert sealed.isascii()
    assert unseal(sealed, "a key") == "hunter2 密码"


def test_the_same_text_is_sealed_differently_each_time() -> None:
    assert seal("hunter2", "a key") != seal("hunter2", "a key")


@pytest.mark.parametrize("sealed", ["", "not sealed", seal("hunter2", "another key"), seal("hunter2", "a key")[:-4]])
def test_what_was_sealed_with_another_key_or_changed_is_refused(sealed: str) -> None:
    with pytest.raises(CannotUnseal, match="GENAISYS_SECRET_KEY"):
        unseal(sealed, "a key")


def test_nothing_is_sealed_without_a_key() -> None:
    with pytest.raises(CannotUnseal):
        seal("hunter2", "")
