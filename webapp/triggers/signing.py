"""Signatures as Standard Webhooks has them: HMAC-SHA256 over `<id>.<timestamp>.<body>`. No Django."""

import base64
import binascii
import hmac
import secrets
from hashlib import sha256

PREFIX = "whsec_"
TOLERANCE = 300  # seconds between the sender's clock and ours


class WrongSignature(Exception):
    """Says, for the sender, why the message isn't believed."""


def new_secret() -> str:
    """`whsec_` and 256 random bits in base64."""
    return PREFIX + base64.b64encode(secrets.token_bytes(32)).decode()


def signature(secret: str, message: str, timestamp: int, body: bytes) -> str:
    """`v1,<base64>`, as it stands in the header `webhook-signature`."""
    key = base64.b64decode(secret.removeprefix(PREFIX))
    signed = f"{message}.{timestamp}.".encode() + body
    return "v1," + base64.b64encode(hmac.digest(key, signed, sha256)).decode()


def verify(secret: str, message: str, timestamp: str, given: str, body: bytes, now: float) -> None:
    """`given` may hold several signatures, as while a sender changes its secret. Raises WrongSignature."""
    if not (message and timestamp and given):
        raise WrongSignature("Send the headers webhook-id, webhook-timestamp and webhook-signature.")
    if not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) < 12):
        raise WrongSignature("webhook-timestamp is the time of sending in seconds since 1970.")
    if abs(now - int(timestamp)) > TOLERANCE:
        raise WrongSignature(f"webhook-timestamp is more than {TOLERANCE // 60} minutes away from the time here.")
    try:
        right = signature(secret, message, int(timestamp), body).encode()
    except (binascii.Error, UnicodeEncodeError):
        raise WrongSignature("webhook-id or the secret can't be read.") from None
    # Each is compared in a time that says nothing about where it differs.
    found = [hmac.compare_digest(right, each.encode("utf-8", "replace")) for each in given.split(" ")[:10]]
    if not any(found):
        raise WrongSignature("None of the signatures in webhook-signature fits the secret and the body.")
