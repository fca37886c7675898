"""The tables of knowledge bases. The run worker fills and searches them by SQL: a change here is a change there."""

from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models.functions import Now

from webapp.workspaces.models import Workspace


class HalfVector(models.Field):  # type: ignore[type-arg]
    """pgvector's `halfvec` of any dimension: float16, half the size of `vector` at the same recall."""

    def db_type(self, connection: BaseDatabaseWrapper) -> str:
        return "halfvec"


class Collection(models.Model):
    """A knowledge base. Its encoder and dimension are fixed when it is made; `revision` counts its changes.

    A graph refers to it by name, which is therefore unique in its workspace.
    """

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="collections")
    name = models.CharField(max_length=120)
    encoder = models.CharField(max_length=200)
    dimension = models.IntegerField()
    revision = models.BigIntegerField(db_default=0)
    created = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [models.UniqueConstraint(fields=["workspace", "name"], name="one_collection")]

    def __str__(self) -> str:
        return self.name


class Document(models.Model):
    """A file, or a text, in a collection.

    `source` is what it is the same document by: its artifact's digest, or its text's. `settings` is the hash of how it
    was cut, so that the same file cut anew replaces itself, and cut as before changes nothing.
    """

    collection = models.ForeignKey(Collection, on_delete=models.CASCADE, related_name="documents")
    source = models.CharField(max_length=80)
    settings = models.CharField(max_length=64)
    title = models.TextField(db_default="")
    artifact = models.CharField(max_length=64, null=True)
    media = models.TextField(db_default="")
    pages = models.IntegerField(null=True)
    passage_count = models.IntegerField(db_default=0)
    created = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [models.UniqueConstraint(fields=["collection", "source"], name="one_source")]

    def __str__(self) -> str:
        return self.title


class Lexemes(models.Func):
    """English stems of what is to be searched; words of other languages stay nearly as they are."""

    template = "to_tsvector('english'::regconfig, coalesce(segmented, coalesce(heading, '') || ' ' || text))"
    output_field = SearchVectorField()


class Passage(models.Model):
    """A retrievable piece. `start` and `end` are character offsets in its page; `segmented` is its heading and text
    with spaces between the words, for scripts that have none, and null for the others.

    Beside what is declared here the migration makes one HNSW index a dimension, over `embedding::halfvec(dimension)`.
    """

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="+", db_index=False)
    collection = models.ForeignKey(Collection, on_delete=models.CASCADE, related_name="passages")
    document = models.ForeignKey(Document, on_delete=models.CASCADE, related_name="passages", db_index=False)
    position = models.IntegerField()
    text = models.TextField()
    page = models.IntegerField(null=True)
    heading = models.TextField(null=True)
    start = models.IntegerField(null=True)
    end = models.IntegerField(null=True)
    dimension = models.IntegerField()
    embedding = HalfVector()
    segmented = models.TextField(null=True)
    words = models.GeneratedField(expression=Lexemes(), output_field=SearchVectorField(), db_persist=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["document", "position"], name="one_position")]
        indexes = [GinIndex(fields=["collection", "words"], name="passages_by_words")]

    def __str__(self) -> str:
        return self.text[:80]
