"""A question to a collection, as the web asks it: on Django's own connection."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.db import connection, transaction
from django.db.models import Sum
from psycopg import Cursor
from psycopg.rows import dict_row

from webapp.api.problems import Problem
from webapp.collections import vectors
from webapp.collections.models import Collection, Document
from webapp.collections.search import Mode, Scope, settings, statement


@dataclass(frozen=True)
class Question:
    """`documents` are the ids of those to look in; None is all of them."""

    text: str
    limit: int
    mode: Mode
    documents: Sequence[int] | None = None


@dataclass(frozen=True)
class Answer:
    """`rows` have the keys of COLUMNS, best first; `mode` is how was searched."""

    rows: list[dict[str, Any]]
    mode: Mode


def ask(collection: Collection, question: Question) -> Answer:
    """By words alone when the encoder is out of reach; but where only meaning was wanted that raises Problem 503."""
    vector = None
    if question.mode != "words":
        try:
            vector = vectors.query_vector(collection.encoder, question.text)
        except vectors.OutOfReach as error:
            if question.mode == "meaning":
                detail = f"{error} Try again, or search with mode=words."
                raise Problem(503, "The encoder does not answer", detail) from None
            question = replace(question, mode="words")
    return Answer(find(collection, question, vector), question.mode)


def find(collection: Collection, question: Question, vector: Sequence[float] | None) -> list[dict[str, Any]]:
    """The rows for a question whose vector is known."""
    scope = scope_of(collection, question.documents)
    sql, parameters = statement(scope, question.text, vector, question.limit, question.mode)
    if scope.exact:
        return _rows(sql, parameters)
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(settings())
        return _rows(sql, parameters)


def scope_of(collection: Collection, documents: Sequence[int] | None) -> Scope:
    counted = Document.objects.filter(collection=collection)
    if documents is not None:
        counted = counted.filter(pk__in=documents)
    passages = counted.aggregate(passages=Sum("passage_count"))["passages"] or 0
    return Scope(collection.pk, collection.dimension, passages, documents=documents)


def _rows(sql: str, parameters: dict[str, Any]) -> list[dict[str, Any]]:
    """Django writes values into the SQL, so that it is planned anew each time; planning takes as long as searching."""
    connection.ensure_connection()
    with connection.wrap_database_errors, Cursor(connection.connection, row_factory=dict_row) as cursor:
        return cursor.execute(sql.encode(), parameters, prepare=True).fetchall()
