"""The one table of kinds, and how it is told to a browser. A kind, once saved in a graph, keeps its ports and knobs."""

import inspect
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from pipelines.node import Node, Port, PortsFrom
from pipelines.nodes.cite import CiteText
from pipelines.nodes.conditions import LogicAnd, LogicNot, LogicOr, NumberCompare, TextLength, TextMatches
from pipelines.nodes.documents import DocumentsText, ReadDocument
from pipelines.nodes.flow.branch import FlowBranch, FlowMerge
from pipelines.nodes.flow.map import FlowMap
from pipelines.nodes.flow.parts import PartsNode, part_params
from pipelines.nodes.flow.pipeline import FlowPipeline
from pipelines.nodes.flow.repeat import FlowRepeat
from pipelines.nodes.flow.ways import FlowFallback, FlowRace
from pipelines.nodes.generate import GenerateText
from pipelines.nodes.inputs import InputBoolean, InputFile, InputList, InputNumber, InputText, InputValue
from pipelines.nodes.lists import DocumentsList, ListCount, ListFirst, ListJoin, ListMake, ListPick, ListSplit
from pipelines.nodes.messages import ChatMessages
from pipelines.nodes.outputs import (
    OutputBoolean,
    OutputDocuments,
    OutputFile,
    OutputJson,
    OutputList,
    OutputNumber,
    OutputText,
    OutputValue,
)
from pipelines.nodes.passages import EmbedPassages, SplitPassages
from pipelines.nodes.retrieval import RetrievePassages, StoreCollection
from pipelines.nodes.sound import InputAudio, OutputAudio
from pipelines.nodes.speech import SpeakText, TranscribeSpeech
from pipelines.nodes.streams import TextCollect, TextFilter, TextSentences, TextTranslate
from pipelines.nodes.text import TextJoin, TextPick, TextRoute, TextTemplate
from pipelines.nodes.waiting.person import PersonApprove, PersonChoose, PersonForm
from pipelines.nodes.waiting.until import WaitUntil
from pipelines.nodes.web.get import WebGet
from pipelines.values import JSON, describe_types

CATALOGUE: dict[str, type[Node]] = {
    "input.text": InputText,
    "input.file": InputFile,
    "input.audio": InputAudio,
    "input.number": InputNumber,
    "input.boolean": InputBoolean,
    "input.list": InputList,
    "input.value": InputValue,
    "text.template": TextTemplate,
    "text.join": TextJoin,
    "text.pick": TextPick,
    "text.route": TextRoute,
    "text.sentences": TextSentences,
    "text.filter": TextFilter,
    "text.collect": TextCollect,
    "chat.messages": ChatMessages,
    "text.generate": GenerateText,
    "text.translate": TextTranslate,
    "speech.transcribe": TranscribeSpeech,
    "speech.speak": SpeakText,
    "document.read": ReadDocument,
    "documents.text": DocumentsText,
    "documents.list": DocumentsList,
    "passages.split": SplitPassages,
    "passages.embed": EmbedPassages,
    "collection.store": StoreCollection,
    "retrieve.passages": RetrievePassages,
    "text.cite": CiteText,
    "list.split": ListSplit,
    "list.make": ListMake,
    "list.join": ListJoin,
    "list.first": ListFirst,
    "list.pick": ListPick,
    "list.count": ListCount,
    "web.get": WebGet,
    "flow.pipeline": FlowPipeline,
    "flow.map": FlowMap,
    "flow.repeat": FlowRepeat,
    "flow.fallback": FlowFallback,
    "flow.race": FlowRace,
    "flow.branch": FlowBranch,
    "flow.merge": FlowMerge,
    "text.matches": TextMatches,
    "text.length": TextLength,
    "number.compare": NumberCompare,
    "logic.not": LogicNot,
    "logic.and": LogicAnd,
    "logic.or": LogicOr,
    "person.approve": PersonApprove,
    "person.choose": PersonChoose,
    "person.form": PersonForm,
    "wait.until": WaitUntil,
    "output.text": OutputText,
    "output.documents": OutputDocuments,
    "output.file": OutputFile,
    "output.audio": OutputAudio,
    "output.json": OutputJson,
    "output.number": OutputNumber,
    "output.boolean": OutputBoolean,
    "output.list": OutputList,
    "output.value": OutputValue,
}


def describe(catalogue: dict[str, type[Node]] = CATALOGUE) -> dict[str, JSON]:
    """The body of `GET /catalogue`: `{"types": {...}, "nodes": [...]}`, in the order of the table."""
    return {"types": describe_types(), "nodes": [describe_kind(kind, node) for kind, node in catalogue.items()]}


def describe_kind(kind: str, node: type[Node]) -> dict[str, JSON]:
    """One node of the catalogue. Ports are those of the node as it is first put on the canvas.

    `inputs_from` and `outputs_from` are `{"param", "pattern", "type", "types"}` where a parameter makes the ports: one
    for each match of the regular expression's first group, of `type`, or of what `types` says for the second group;
    null elsewhere. A port that `follows` a parameter has the type that this says: in the port's own type, the
    parameter's default is to be replaced by it.

    `ports_of_parts` is `{"parts", "over", "lists", "adds"}` for a node that runs parts: its ports are those of the
    parts that the parameters `parts` name, each name once; the input that the parameter `over` names (or, when empty,
    the only one) takes a list, with `lists` each output gives one, and `adds` are outputs of its own. `fallible` is
    `{"attempts", "timeout", "backoff"}` for a node with an output `error` (Text), which isn't among `outputs`.
    """
    inputs, outputs = _following(node, node.inputs_of), _following(node, node.outputs_of)
    reliability = node.fallible()
    return {
        "kind": kind,
        "version": node.version,
        "title": node.titled(),
        "family": node.family.value,
        "description": " ".join(inspect.cleandoc(node.__doc__ or "").split()),
        "params": params_schema(node),
        "inputs": [{**_port(port), **follows, "required": port.required} for port, follows in inputs],
        "outputs": [{**_port(port), **follows} for port, follows in outputs],
        "inputs_from": _from(node.ports_from),
        "outputs_from": _from(node.outputs_from),
        "ports_of_parts": _of_parts(node),
        "fallible": asdict(reliability) if reliability else None,
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


def _following(node: type[Node], ports_of: Callable[[Any], tuple[Port, ...]]) -> list[tuple[Port, dict[str, JSON]]]:
    """Each port of a fresh node with the parameter that its type follows, if it follows one."""
    fresh = ports_of(node.model_construct())
    for param, schema in params_schema(node)["properties"].items():
        if schema.get("x-type-of-ports"):
            another = next(choice for choice in schema["enum"] if choice != schema["default"])
            changed = ports_of(node.model_construct(**{param: another}))
            return [
                (port, {"follows": param} if port.type != other.type else {})
                for port, other in zip(fresh, changed, strict=True)
            ]
    return [(port, {}) for port in fresh]


def _from(source: PortsFrom | None) -> dict[str, JSON] | None:
    if source is None:
        return None
    return {"param": source.param, "pattern": source.pattern, "type": source.type, "types": dict(source.types)}


def _of_parts(node: type[Node]) -> dict[str, JSON] | None:
    if not issubclass(node, PartsNode):
        return None
    rule = node.ports_of_parts
    adds: list[JSON] = [_port(port) for port in rule.adds]
    return {"parts": list(part_params(node)), "over": rule.over, "lists": rule.lists, "adds": adds}
