"""The search of a collection as one SQL statement: by meaning, by words, and both fused by reciprocal rank."""

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any, Literal

from django.db import transaction
from django.db.backends.base.base import BaseDatabaseWrapper

from webapp.collections.words import asked

Mode = Literal["both", "meaning", "words"]
LARGEST_DIMENSION = 4_000  # of an HNSW index over halfvec

# Up to so many passages every vector is compared: exact, and quicker than an index whose hits a filter throws away.
EXACT = 10_000
COUNTED = 2_000  # passages, up to which all with one of the words are ranked
_DEPTH = 50  # places that each side gives to the fusion at least
_RANKED = 1_000  # passages that are ranked by their words at most where there are more
_DAMPING = 60  # of reciprocal rank fusion: how little the first places stand out


@dataclass(frozen=True)
class Scope:
    """Where is searched: a collection, and in it perhaps only some `documents` or only the passages `within`.

    `passages` is how many of them there are to search through.
    """

    collection: int
    dimension: int
    passages: int
    within: Sequence[int] | None = None
    documents: Sequence[int] | None = None

    @property
    def exact(self) -> bool:
        """Whether every vector is compared."""
        return self.within is not None or self.passages <= EXACT

    @property
    def counted(self) -> bool:
        """Whether every passage with one of the words is looked at, and how many have each is counted."""
        return self.passages <= COUNTED


def settings() -> str:
    """The SQL that must precede an inexact search in its transaction: scans go on until a filter has let enough by."""
    return (
        "SELECT set_config('hnsw.iterative_scan', 'relaxed_order', true), set_config('hnsw.ef_search', '100', true), "
        "set_config('hnsw.max_scan_tuples', '60000', true), set_config('hnsw.scan_mem_multiplier', '4', true)"
    )


def statement(
    scope: Scope, query: str, vector: Sequence[float] | None, limit: int, mode: Mode = "both"
) -> tuple[str, dict[str, Any]]:
    """SQL and its parameters. Each row of the answer is what COLUMNS says, best first.

    A score of 1 is the first place in everything that was searched. `vector` may be None for `words` only.
    """
    sides = [side for side in ("meaning", "words") if mode in ("both", side)]
    parameters: dict[str, Any] = {
        "collection": scope.collection,
        "within": list(scope.within) if scope.within is not None else None,
        "documents": list(scope.documents) if scope.documents is not None else None,
        "depth": max(_DEPTH, limit),
        "limit": limit,
        "query": asked(query),
        "vector": None if vector is None else written(vector),
    }
    parts = {"meaning": _meaning(scope), "words": _words(scope)}
    joined = " FULL JOIN ".join(sides) + (" USING (id)" if len(sides) == 2 else "")
    score = " + ".join(f"coalesce(1.0 / ({_DAMPING} + {side}.place), 0)" for side in sides)
    sql = f"""
WITH {", ".join(f"{side} AS MATERIALIZED ({parts[side]})" for side in sides)},
best AS (
  SELECT id, ({score}) * {(_DAMPING + 1) / len(sides)} AS score FROM {joined} ORDER BY score DESC, id LIMIT %(limit)s
)
SELECT {", ".join(f'{column} AS "{name}"' for name, column in COLUMNS.items())}
FROM best JOIN collections_passage AS passage USING (id)
JOIN collections_document AS document ON document.id = document_id
ORDER BY score DESC, passage.id"""  # noqa: S608  # put together from our own pieces; what is asked is a parameter
    return sql, parameters


COLUMNS = {
    "id": "passage.id",
    "document": "document.id",
    "text": "passage.text",
    "title": "document.title",
    "artifact": "document.artifact",
    "page": "passage.page",
    "heading": "passage.heading",
    "start": "passage.start",
    "end": 'passage."end"',
    "score": "score::float8",
}


def _meaning(scope: Scope) -> str:
    """The nearest by inner product, which of vectors of length 1 is the cosine."""
    size = int(scope.dimension)
    # Anything added to the distance keeps the planner from the index.
    exactly = " + 0" if scope.exact else ""
    return f"""
  SELECT id, row_number() OVER (ORDER BY distance, id) AS place FROM (
    SELECT id, (embedding::halfvec({size}) <#> %(vector)s::halfvec({size})){exactly} AS distance
    FROM collections_passage WHERE {_where(scope)} AND dimension = {size}
    ORDER BY distance LIMIT %(depth)s) AS near"""  # noqa: S608


def _words(scope: Scope) -> str:
    """Those with most of the words, each word counting the more the fewer passages have it; the shorter passage first.

    `words` holds English stems, and so does the question.
    """
    return f"""
  SELECT id, row_number() OVER (ORDER BY rank DESC, size, id) AS place FROM (
    WITH lexemes AS MATERIALIZED ({_lexemes(scope)}),
    question AS MATERIALIZED (
      SELECT string_agg({_QUOTED}, ' | ')::tsquery AS sought,
        coalesce(string_agg({_QUOTED}, ' | ') FILTER (WHERE hits <= {_RANKED}), string_agg({_QUOTED}, ' & '))::tsquery
          AS rare
      FROM lexemes),
    found AS MATERIALIZED ({_found(scope)}),
    said AS MATERIALIZED (
      SELECT id, lexeme, cardinality(held) AS size FROM found JOIN lexemes ON lexeme = ANY(held)),
    weights AS ({_weights(scope)})
    SELECT id, sum(weight) AS rank, min(size) AS size FROM said JOIN weights USING (lexeme)
    GROUP BY id ORDER BY rank DESC, size, id LIMIT %(depth)s) AS ranked"""  # noqa: S608


def _lexemes(scope: Scope) -> str:
    """The words asked for, with the `share` of all passages that have each, and how many `hits` it and rarer ones make.

    Both come from the planner's statistics and matter in large collections only; a small one is counted.
    """
    asked_for = "SELECT unnest(tsvector_to_array(to_tsvector('english', %(query)s))) AS lexeme LIMIT 64"
    if scope.counted:
        return f"SELECT lexeme, 0 AS share, 0 AS hits FROM ({asked_for}) AS lexemes"  # noqa: S608
    return f"""
      SELECT lexeme, coalesce(share, 0) AS share,
        {int(scope.passages)} * sum(coalesce(share, 0)) OVER (ORDER BY coalesce(share, 0), lexeme) AS hits
      FROM ({asked_for}) AS asked_for LEFT JOIN (
        SELECT unnest(most_common_elems::text::text[]) AS lexeme, unnest(most_common_elem_freqs) AS share
        FROM pg_stats WHERE schemaname = current_schema() AND tablename = 'collections_passage' AND attname = 'words'
      ) AS frequent USING (lexeme)"""  # noqa: S608


def _found(scope: Scope) -> str:
    """The passages to rank: all with one of the words, or in a large collection those with a rare one.

    Where all are frequent, `rare` is all of them together.
    """
    select = f"SELECT id, tsvector_to_array(words) AS held FROM collections_passage, question WHERE {_where(scope)} AND"  # noqa: S608
    if not scope.counted:
        return f"""
      WITH few AS MATERIALIZED ({select} words @@ rare LIMIT {_RANKED})
      SELECT * FROM few UNION ALL
      ({select} words @@ sought AND NOT EXISTS (SELECT FROM few) LIMIT {_RANKED})"""  # noqa: S608
    if scope.within is not None or scope.documents is not None:
        # Wrapped, so that the planner goes by the few passages and not by the index of all words.
        return f"{select} coalesce(words @@ sought, false)"
    return f"{select} words @@ sought"


def _weights(scope: Scope) -> str:
    """What a word counts, as in BM25: its inverse frequency."""
    if scope.counted:
        return (
            "SELECT lexeme, ln(1 + (SELECT count(*) FROM found) / (count(*) + 0.5)) AS weight FROM said GROUP BY lexeme"
        )
    return f"SELECT lexeme, ln(1 + 1 / greatest(share, {1 / max(scope.passages, 1)})) AS weight FROM lexemes"  # noqa: S608


# A lexeme as a query spells it: in quotes, with quotes and backslashes doubled.
_QUOTED = r"'''' || replace(replace(lexeme, '\', '\\'), '''', '''''') || ''''"


def _where(scope: Scope) -> str:
    parts = ["collection_id = %(collection)s::bigint"]
    if scope.within is not None:
        parts.append("id = ANY(%(within)s::bigint[])")
    if scope.documents is not None:
        parts.append("document_id = ANY(%(documents)s::bigint[])")
    return " AND ".join(parts)


def written(vector: Sequence[float]) -> str:
    """A vector as Postgres reads it; float16 holds no more than these digits."""
    return f"[{','.join(format(number, '.5g') for number in vector)}]"


def question_key(encoder: str, revision: str, text: str) -> str:
    """Where a question's vector is kept; another revision of the encoder's weights has other vectors."""
    return f"query:{blake2b(repr((encoder, revision, text)).encode(), digest_size=16).hexdigest()}"


def index_dimension(connection: BaseDatabaseWrapper, dimension: int) -> None:
    """Make the index for vectors of `dimension`, if there is none yet."""
    size = int(dimension)
    name = f"passages_by_meaning_{size}"
    with transaction.atomic(using=connection.alias), connection.cursor() as cursor:
        cursor.execute("SELECT to_regclass(%s)", [name])
        if cursor.fetchone() != (None,):
            return
        # IF NOT EXISTS alone fails for one of two that come at once.
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext(%s))", [name])
        cursor.execute(
            f"CREATE INDEX IF NOT EXISTS {name} ON collections_passage "
            f"USING hnsw ((embedding::halfvec({size})) halfvec_ip_ops) WHERE dimension = {size}"
        )
