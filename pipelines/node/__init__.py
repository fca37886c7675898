"""What a node is: a typed function with knobs, and what it may ask of the world."""

from pipelines.node.context import Artifacts, Collection, Context, Encoder, TextModel
from pipelines.node.declare import Family, InputNode, Node, OutputNode
from pipelines.node.errors import ModelUnavailable, NodeError
from pipelines.node.params import CollectionName, ModelName, Reference, param
from pipelines.node.ports import Port, PortsFrom
from pipelines.node.reliability import Reliability
from pipelines.values import NOTHING, Stream

__all__ = [
    "NOTHING",
    "Artifacts",
    "Collection",
    "CollectionName",
    "Context",
    "Encoder",
    "Family",
    "InputNode",
    "ModelName",
    "ModelUnavailable",
    "Node",
    "NodeError",
    "OutputNode",
    "Port",
    "PortsFrom",
    "Reference",
    "Reliability",
    "Stream",
    "TextModel",
    "param",
]
