"""What a file is, by its first bytes before its name or anybody's word."""

import mimetypes
import re

_MAGIC = (
    (b"%PDF-", "application/pdf"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF8", "image/gif"),
    (b"OggS", "audio/ogg"),
    (b"fLaC", "audio/flac"),
    (b"ID3", "audio/mpeg"),
    (b"\xff\xfb", "audio/mpeg"),
    (b"\x1a\x45\xdf\xa3", "video/webm"),
    (b"\x1f\x8b", "application/gzip"),
)
_IN_ZIP = (
    (b"word/", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
    (b"xl/", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    (b"ppt/", "application/vnd.openxmlformats-officedocument.presentationml.presentation"),
    (b"mimetypeapplication/epub+zip", "application/epub+zip"),
)
# Text that a name may say more about; anything else that is text is plain.
_TEXTS = {
    "md": "text/markdown",
    "markdown": "text/markdown",
    "csv": "text/csv",
    "tsv": "text/tab-separated-values",
    "html": "text/html",
    "htm": "text/html",
    "xhtml": "text/html",
    "svg": "image/svg+xml",
    "xml": "application/xml",
    "json": "application/json",
    "srt": "application/x-subrip",
    "vtt": "text/vtt",
}
UNKNOWN = "application/octet-stream"
# What a browser may show in the page without being able to run anything.
PASSIVE = re.compile(r"image/(png|jpeg|gif|webp|avif|bmp)|audio/[\w.+-]+|video/[\w.+-]+|text/plain|application/pdf")


def sniff(head: bytes, name: str = "", said: str = "") -> str:
    """The media type of a file that begins with `head`. `name` and what the sender `said` only refine it."""
    for magic, media in _MAGIC:
        if head.startswith(magic):
            return media
    if head.startswith(b"RIFF"):
        return {b"WAVE": "audio/wav", b"WEBP": "image/webp", b"AVI ": "video/x-msvideo"}.get(head[8:12], UNKNOWN)
    if head[4:8] == b"ftyp":
        return {b"M4A ": "audio/mp4", b"avif": "image/avif"}.get(head[8:12], "video/mp4")
    if head.startswith(b"PK\x03\x04"):
        return _zipped(head, name)
    if _is_text(head):
        return _text(head, name, said)
    return UNKNOWN


def _zipped(head: bytes, name: str) -> str:
    for mark, media in _IN_ZIP:
        if mark in head:
            return media
    guessed = mimetypes.guess_type(name)[0] or ""
    return guessed if guessed in {media for _, media in _IN_ZIP} else "application/zip"


def _is_text(head: bytes) -> bool:
    if b"\0" in head:
        return head[:2] in (b"\xff\xfe", b"\xfe\xff")
    controls = sum(byte < 32 and byte not in b"\t\n\r\f\x1b" for byte in head)
    return controls * 100 <= len(head)


def _text(head: bytes, name: str, said: str) -> str:
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n")[:256].lower()
    if start.startswith((b"<!doctype html", b"<html")):
        return "text/html"
    if start.startswith(b"<svg") or (start.startswith(b"<?xml") and b"<svg" in head.lower()):
        return "image/svg+xml"
    by_name = _TEXTS.get(name.rpartition(".")[2].lower())
    return by_name or (said if said in _TEXTS.values() and "svg" not in said else "text/plain")
