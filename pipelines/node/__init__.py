"""What a node is: a typed function with knobs, and what it may ask of the world."""

from pipelines.node.context import (
    Artifacts,
    Collection,
    Context,
    Encoder,
    Segment,
    Speaker,
    TextModel,
    Transcriber,
)
from pipelines.node.declare import Family, InputNode, Node, OutputNode
from pipelines.node.errors import ModelUnavailable, NodeError
from pipelines.node.flow import Flow, FlowNode, PartFailed, Signature, Waits
from pipelines.node.params import CollectionName, ModelName, PartName, Reference, ReferenceKind, param
from pipelines.node.ports import ERROR, Port, PortsFrom
from pipelines.node.reliability import Reliability
from pipelines.node.waiting import Ask, Asked, WaitNode, misfits
from pipelines.values import NOTHING, Stream

__all__ = [
    "ERROR",
    "NOTHING",
    "Artifacts",
    "Ask",
    "Asked",
    "Collection",
    "CollectionName",
    "Context",
    "Encoder",
    "Family",
    "Flow",
    "FlowNode",
    "InputNode",
    "ModelName",
    "ModelUnavailable",
    "Node",
    "NodeError",
    "OutputNode",
    "PartFailed",
    "PartName",
    "Port",
    "PortsFrom",
    "Reference",
    "ReferenceKind",
    "Reliability",
    "Segment",
    "Signature",
    "Speaker",
    "Stream",
    "TextModel",
    "Transcriber",
    "WaitNode",
    "Waits",
    "misfits",
    "param",
]
