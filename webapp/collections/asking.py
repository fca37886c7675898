"""A question to a collection, as the web asks it: on Django's own connection."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

from django.db import connection
from django.db.models import QuerySet, Sum
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
    """The rows for a question whose vector is known.

    On the driver's own cursor: Django writes values into the SQL, so that it would be planned anew each time, and
    planning takes as long as searching.
    """
    scope = scope_of(collection, question.documents)
    sql, parameters = statement(scope, question.text, vector, question.limit, question.mode)
    connection.ensure_connection()
    raw = connection.connection
    cursor = Cursor(raw, row_factory=dict_row)
    with connection.wrap_database_errors, raw.pipeline(), raw.transaction():
        if not scope.exact:
            cursor.execute(settings().encode())
        return cursor.execute(sql.encode(), parameters, prepare=True).fetchall()


def scope_of(collection: Collection, documents: Sequence[int] | None) -> Scope:
    """Where the question is asked. All that a collection holds is counted once a revision."""
    if documents is None:
        passages = _all_passages(collection.pk, collection.revision)
    else:
        passages = _passages(Document.objects.filter(collection=collection, pk__in=documents))
    return Scope(collection.pk, collection.dimension, passages, documents=documents)


@lru_cache(maxsize=1_000)
def _all_passages(collection: int, revision: int) -> int:
    return _passages(Document.objects.filter(collection=collection))


def _passages(documents: QuerySet[Document]) -> int:
    return int(documents.aggregate(passages=Sum("passage_count"))["passages"] or 0)
