"""Storing passages in a collection, and finding them again."""

from typing import Literal, cast

from pipelines.node import CollectionName, Context, Encoder, Family, Node, NodeError, Reliability, param
from pipelines.values import Documents, Text


class StoreCollection(Node):
    """Keeps passages in a collection, where they can be searched. Storing the same document again changes nothing."""

    title = "Store in collection"
    family = Family.RETRIEVAL
    reliability = Reliability(attempts=3, timeout=3600)
    output = "documents"
    effect = True
    collection: CollectionName = param(
        "documents", label="Collection", help="The knowledge base that takes the passages.", min_length=1, primary=True
    )

    async def run(self, ctx: Context, documents: Documents) -> Documents:
        if any(document.embedding is None for document in documents):
            raise NodeError(
                "These passages have no vectors yet, so the collection could not find them.",
                "Put an “Embed passages” node before this one.",
            )
        return await ctx.collection(self.collection).store(documents)


class RetrievePassages(Node):
    """Finds the passages of a collection that fit a question best, by their meaning, by their words, or by both."""

    title = "Retrieve passages"
    family = Family.RETRIEVAL
    output = "documents"
    collection: CollectionName = param(
        "documents", label="Collection", help="The knowledge base that is searched.", min_length=1, primary=True
    )
    limit: int = param(4, label="Passages", help="How many to find at most.", ge=1, le=100, primary=True)
    mode: Literal["both", "meaning", "words"] = param(
        "both",
        label="Search by",
        help="“meaning” finds what is said in other words, “words” finds names and numbers; “both” joins the two.",
    )

    async def run(self, ctx: Context, query: Text, within: Documents | None = None) -> Documents:
        if not query.strip():
            raise NodeError("There is nothing to search for: the question is empty.", "Write a question.")
        collection = ctx.collection(self.collection)
        vector = None
        if self.mode != "words":
            encoder = cast(Encoder, ctx.model(await collection.encoder()))
            vector = (await encoder.encode([query], query=True))[0]
        return await collection.search(query, vector, limit=self.limit, mode=self.mode, within=within)
