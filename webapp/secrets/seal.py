"""Sealing what must be read again later, but not by who reads the database. No Django: workers use it too."""

import base64
from functools import lru_cache

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

_PURPOSE = b"genaisys sealed values 1"


class CannotUnseal(ValueError):
    """The sealed text was made with another GENAISYS_SECRET_KEY, or was changed since."""


def seal(text: str, secret_key: str) -> str:
    """`text`, encrypted and authenticated (Fernet) with a key derived from GENAISYS_SECRET_KEY; ASCII."""
    return _fernet(secret_key).encrypt(text.encode()).decode()


def unseal(sealed: str, secret_key: str) -> str:
    """What `seal` was given. Raises CannotUnseal."""
    try:
        return _fernet(secret_key).decrypt(sealed.encode()).decode()
    except InvalidToken:
        message = "This value was sealed with another GENAISYS_SECRET_KEY. Start with that key, or write it anew."
        raise CannotUnseal(message) from None


@lru_cache(maxsize=4)
def _fernet(secret_key: str) -> Fernet:
    if not secret_key:
        raise CannotUnseal("GENAISYS_SECRET_KEY is not set, so nothing can be sealed or unsealed.")
    derived = HKDF(SHA256(), length=32, salt=None, info=_PURPOSE).derive(secret_key.encode())
    return Fernet(base64.urlsafe_b64encode(derived))
