"""The one table of kinds, and how it is told to a browser. A kind, once saved in a graph, keeps its ports and knobs."""

import inspect
from typing import Any

from pipelines.node import Node, Port
from pipelines.nodes.cite import CiteText
from pipelines.nodes.documents import DocumentsText, ReadDocument
from pipelines.nodes.generate import GenerateText
from pipelines.nodes.inputs import InputBoolean, InputFile, InputNumber, InputText
from pipelines.nodes.messages import ChatMessages
from pipelines.nodes.outputs import OutputDocuments, OutputFile, OutputJson, OutputText
from pipelines.nodes.passages import EmbedPassages, SplitPassages
from pipelines.nodes.retrieval import RetrievePassages, StoreCollection
from pipelines.nodes.text import TextJoin, TextPick, TextRoute, TextTemplate
from pipelines.values import JSON, describe_types

CATALOGUE: dict[str, type[Node]] = {
    "input.text": InputText,
    "input.file": InputFile,
    "input.number": InputNumber,
    "input.boolean": InputBoolean,
    "text.template": TextTemplate,
    "text.join": TextJoin,
    "text.pick": TextPick,
    "text.route": TextRoute,
    "chat.messages": ChatMessages,
    "text.generate": GenerateText,
    "document.read": ReadDocument,
    "documents.text": DocumentsText,
    "passages.split": SplitPassages,
    "passages.embed": EmbedPassages,
    "collection.store": StoreCollection,
    "retrieve.passages": RetrievePassages,
    "text.cite": CiteText,
    "output.text": OutputText,
    "output.documents": OutputDocuments,
    "output.file": OutputFile,
    "output.json": OutputJson,
}


def describe(catalogue: dict[str, type[Node]] = CATALOGUE) -> dict[str, JSON]:
    """The body of `GET /catalogue`: `{"types": {...}, "nodes": [...]}`, in the order of the table."""
    return {"types": describe_types(), "nodes": [describe_kind(kind, node) for kind, node in catalogue.items()]}


def describe_kind(kind: str, node: type[Node]) -> dict[str, JSON]:
    """One node of the catalogue. Ports are those of the node as it is first put on the canvas.

    `inputs_from` is `{"param", "pattern", "type"}` where a parameter makes the input ports: one for each match of the
    regular expression's first group; null elsewhere.
    """
    fresh = node.model_construct()
    source = node.ports_from
    return {
        "kind": kind,
        "version": node.version,
        "title": node.titled(),
        "family": node.family.value,
        "description": " ".join(inspect.cleandoc(node.__doc__ or "").split()),
        "params": params_schema(node),
        "inputs": [{**_port(port), "required": port.required} for port in fresh.inputs_of()],
        "outputs": [_port(port) for port in fresh.outputs_of()],
        "inputs_from": source and {"param": source.param, "pattern": source.pattern, "type": source.type},
    }


def params_schema(node: type[Node]) -> dict[str, Any]:
    """The JSON Schema of a kind's parameters; one that may be left empty has the type `[its type, "null"]`."""
    schema = node.model_json_schema()
    schema.pop("title", None)
    schema.pop("description", None)
    schema["properties"] = {name: _flat(field) for name, field in schema.get("properties", {}).items()}
    return schema


def _flat(field: dict[str, Any]) -> dict[str, Any]:
    choices = [each for each in field.get("anyOf", ()) if each != {"type": "null"}]
    if len(choices) != 1 or "type" not in choices[0]:
        return field
    rest = {name: value for name, value in field.items() if name != "anyOf"}
    return {**rest, **choices[0], "type": [choices[0]["type"], "null"]}


def _port(port: Port) -> dict[str, JSON]:
    return {"name": port.name, "type": port.type.name, "streams": port.streams}
