"""Which reader a file wants: its content decides, its name only helps where content can't."""

from collections.abc import Callable, Iterable
from importlib import import_module

from pipelines.nodes.readers.page import Limits, Page, Unreadable, bounded

Reader = Callable[[bytes, str], Iterable[Page]]
READABLE = "PDF, Word (.docx), HTML, Markdown, CSV and plain text can be read."


def read(data: bytes, name: str = "", media: str = "") -> list[Page]:
    """The pages or sections of a document that hold text, in order. Raises Unreadable, and nothing else."""
    if not data:
        raise Unreadable("The file is empty.", "Choose a file that holds some text.")
    if len(data) > Limits.BYTES:
        raise Unreadable(f"The file is larger than {Limits.BYTES // 10**6} MB.", "Split it into several files.")
    kind = format_of(data, name, media)
    try:
        reader: Reader = import_module(f"pipelines.nodes.readers.{kind}").read
        pages = list(bounded(reader(data, name)))
    except Unreadable:
        raise
    except MemoryError:
        raise Unreadable("Reading the file took more memory than is allowed.", "Split it into several files.") from None
    except Exception as error:  # a parser may fail in any way on a damaged file, and that is the file's fault
        raise Unreadable(
            f"The file is damaged or not what it says it is ({type(error).__name__}).",
            "Open it in the program it came from, save it anew, and try again.",
        ) from error
    if not pages:
        raise Unreadable("The file holds no text.", "Choose a file that holds some text.")
    return pages


def format_of(data: bytes, name: str = "", media: str = "") -> str:
    """The module that reads these bytes. Raises Unreadable for what no reader can read."""
    head = data[:1024]
    if b"%PDF-" in head:
        return "pdf"
    for signature, what, hint in _REFUSED:
        if head.startswith(signature):
            raise Unreadable(f"The file is {what}, which can't be read as a document.", hint)
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return "word"
    return "plain"


_SAVE_AS = f"Save it as PDF or .docx and try again. {READABLE}"
_PICTURE = "A picture holds no text to read; a node that describes or reads pictures takes it instead."
_SOUND = "Turn the speech into text with a transcribing node first."
_REFUSED: tuple[tuple[bytes | tuple[bytes, ...], str, str], ...] = (
    (b"\xd0\xcf\x11\xe0", "an old Office file, or one locked by a password", f"Remove the password. {_SAVE_AS}"),
    (b"{\\rtf", "an RTF file", _SAVE_AS),
    ((b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"II*\0", b"MM\0*", b"BM"), "a picture", _PICTURE),
    ((b"ID3", b"OggS", b"fLaC", b"\xff\xfb"), "a sound", _SOUND),
    ((b"\x1f\x8b", b"7z\xbc\xaf", b"Rar!", b"BZh", b"\xfd7zXZ"), "a packed archive", f"Unpack it first. {READABLE}"),
    ((b"\x7fELF", b"MZ\x90", b"SQLite format 3"), "a program's own data", READABLE),
)
