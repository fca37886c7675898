"""Lists by keyset: a cursor names the last row seen, so rows that come or go shift nothing."""

import base64
import json
from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Any, Generic, TypeVar

from django.core.exceptions import ValidationError
from django.db.models import Model, Q, QuerySet
from django.utils.timezone import is_naive
from ninja import Query, Schema

from webapp.api.problems import Problem

T = TypeVar("T")
M = TypeVar("M", bound=Model)

Limit = Annotated[int, Query(ge=1, le=200)]
Cursor = Annotated[str | None, Query(max_length=400)]


class Page(Schema, Generic[T]):
    items: list[T]
    next: str | None = None


def page(
    rows: QuerySet[M], by: tuple[str, ...], limit: int, cursor: str | None, show: Callable[[M], Any]
) -> dict[str, Any]:
    """`{"items", "next"}` of at most `limit` rows. `by` are fields, all falling (`-x`) or all rising, the last unique.

    Raises Problem 422 for a cursor that is not one of ours.
    """
    names = [name.lstrip("-") for name in by]
    falling = by[0].startswith("-")
    seen = _read(cursor, len(names)) if cursor else None
    try:
        rows = rows.filter(_after(names, falling, _typed(rows.model, names, seen))) if seen else rows
        found = list(rows.order_by(*by)[: limit + 1])
    except (ValidationError, ValueError, TypeError):
        raise _wrong() from None
    last = found[limit - 1] if len(found) > limit else None
    return {
        "items": [show(row) for row in found[:limit]],
        "next": _write([getattr(last, name) for name in names]) if last else None,
    }


def _typed(model: type[Model], names: list[str], seen: list[Any]) -> list[Any]:
    """Raises ValidationError or ValueError for what no row of the model has; a time of ours has its zone."""
    about: Any = model._meta
    values = [about.get_field(name).to_python(value) for name, value in zip(names, seen, strict=True)]
    if any(isinstance(value, datetime) and is_naive(value) for value in values):
        raise ValueError("a time without a zone")
    return values


def _after(names: list[str], falling: bool, seen: list[Any]) -> Q:
    """Rows behind `seen` in lexicographic order."""
    compare = "lt" if falling else "gt"
    query = Q()
    for index, name in enumerate(names):
        same = {names[before]: seen[before] for before in range(index)}
        query |= Q(**same, **{f"{name}__{compare}": seen[index]})
    return query


def _write(values: list[Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(values, default=str).encode()).decode().rstrip("=")


def _read(cursor: str, count: int) -> list[Any]:
    try:
        values = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode())
    except (ValueError, RecursionError):
        raise _wrong() from None
    if not isinstance(values, list) or len(values) != count or not all(isinstance(v, str | int) for v in values):
        raise _wrong()
    return values


def _wrong() -> Problem:
    msg = "This is no cursor of this list."
    return Problem(422, "The cursor is not known", msg, [{"loc": ["query", "cursor"], "msg": msg}])
