"""CSV and its kin: each row becomes a paragraph "header: value; header: value", which a search can find by itself."""

import csv
import io
from collections.abc import Iterator

from pipelines.nodes.readers.page import Page, one_line

_DELIMITERS = ",;\t|"
_LOOKED_AT = 50  # rows that tell the delimiter
_CELL = 200  # characters on average, above which bars and commas are those of prose
csv.field_size_limit(10_000_000)


def read_text(text: str, *, certain: bool) -> list[Page]:
    """The table as one Page; [] when the text is no table, unless that it is one is `certain`."""
    delimiter = _delimiter(text)
    if delimiter is None and not certain:
        return []
    rows = _rows(text, delimiter or ",")
    header, body = _header([next(rows, []), *rows])
    lines = ["; ".join(_cells(header, row)) for row in body]
    whole = "\n\n".join(line for line in lines if line)
    return [Page(whole)] if whole else []


def _rows(text: str, delimiter: str) -> Iterator[list[str]]:
    reader = csv.reader(io.StringIO(text.replace("\0", "").lstrip("\ufeff"), newline=""), delimiter=delimiter)
    return (row for row in reader if any(cell.strip() for cell in row))


def _delimiter(text: str) -> str | None:
    """The delimiter that cuts the first rows into the same number of cells, at least two; None without one."""
    found: list[tuple[int, str]] = []
    for delimiter in _DELIMITERS:
        try:
            rows = [row for row, _ in zip(_rows(text[:200_000], delimiter), range(_LOOKED_AT), strict=False)]
        except csv.Error:
            continue
        widths = {len(row) for row in rows}
        if len(rows) >= 2 and len(widths) == 1 and (width := widths.pop()) >= 2:
            cells = [cell for row in rows for cell in row]
            if sum(map(len, cells)) / len(cells) <= _CELL and not _is_prose(rows, delimiter):
                found.append((width, delimiter))
    return max(found)[1] if found else None


def _is_prose(rows: list[list[str]], delimiter: str) -> bool:
    """Two lines of prose can hold one comma each; but after theirs comes a space, and theirs are few."""
    if delimiter != ",":
        return False
    following = [cell for row in rows for cell in row[1:]]
    return len(rows) < 3 or sum(cell.startswith(" ") for cell in following) > len(following) / 2


def _header(rows: list[list[str]]) -> tuple[list[str], list[list[str]]]:
    first = [one_line(cell) for cell in rows[0]] if rows else []
    is_header = len(rows) > 1 and all(first) and len(set(first)) == len(first) and not any(map(_is_number, first))
    if is_header:
        return first, rows[1:]
    return [f"Column {number}" for number in range(1, len(first) + 1)], rows


def _cells(header: list[str], row: list[str]) -> Iterator[str]:
    for index, cell in enumerate(row):
        if value := one_line(cell):
            yield f"{header[index]}: {value}" if index < len(header) else value


def _is_number(cell: str) -> bool:
    try:
        float(cell.replace(",", "."))
    except ValueError:
        return False
    return True
