"""Readers: bytes in, text with pages or headings out. They know nothing of nodes, so as to run in a process apart."""

from pipelines.nodes.readers.formats import read
from pipelines.nodes.readers.page import Limits, Page, Unreadable

__all__ = ["Limits", "Page", "Unreadable", "read"]
