"""Reading JSON that the database can hold: no NUL, no half of a surrogate pair, no number without end."""

import json
import math
from typing import Any, NoReturn

from django.http import HttpRequest
from ninja.parser import Parser

from webapp.api.problems import Problem

DEEPEST = 100


class StrictParser(Parser):
    """Raises Problem 400 for what is no JSON, 415 for another content type, 422 for values nothing can hold."""

    def parse_body(self, request: HttpRequest) -> Any:
        media = (request.content_type or "application/json").lower()
        if media != "application/json" and not media.endswith("+json"):
            raise Problem(415, detail=f"Send application/json, not {media}.")
        return parse(request.body)


def parse(body: bytes) -> Any:
    try:
        value = json.loads(body.decode("utf-8"), parse_constant=_no_constant)
    except UnicodeDecodeError as error:
        raise Problem(400, "The body is not UTF-8", f"The byte at {error.start} does not fit.") from None
    except RecursionError:
        raise Problem(400, "The body is nested too deeply", f"Nest at most {DEEPEST} levels.") from None
    except ValueError as error:
        raise Problem(400, "The body is not JSON", str(error)[:200]) from None
    _storable(value, [], 0)
    return value


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a JSON number")


def _storable(value: Any, loc: list[Any], depth: int) -> None:
    if depth > DEEPEST:
        raise Problem(400, "The body is nested too deeply", f"Nest at most {DEEPEST} levels.")
    if isinstance(value, dict):
        for key, item in value.items():
            _text(key, loc)
            _storable(item, [*loc, key], depth + 1)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            _storable(item, [*loc, index], depth + 1)
    elif isinstance(value, str):
        _text(value, loc)
    elif isinstance(value, int | float) and _endless(value):
        _refuse(loc, "The number is too large.")


def _endless(value: int | float) -> bool:
    return math.isinf(value) if isinstance(value, float) else value.bit_length() > 1024


def _text(text: str, loc: list[Any]) -> None:
    if "\0" in text:
        _refuse(loc, "The text holds a NUL character.")
    if not text.isascii() and any("\ud800" <= letter <= "\udfff" for letter in text):
        _refuse(loc, "The text holds half of a surrogate pair.")


def _refuse(loc: list[Any], msg: str) -> NoReturn:
    raise Problem(422, "The body holds a value nothing can keep", msg, [{"loc": ["body", *loc], "msg": msg}])
