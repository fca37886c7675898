"""The reference of all nodes, written from the catalogue as a page for users."""

from collections.abc import Iterator
from typing import Any

from pipelines.catalogue import describe
from pipelines.values import JSON

_HEAD = """# Nodes

Every node there is, by family. This page is made by `python -m pipelines reference`; change the nodes, not the page.
An input in **bold** must be wired. A port marked ~ streams: what comes out of it can be read while it is being made.
"""
_FAMILIES = {
    "input": "Inputs: what a person gives",
    "encoder": "Encoders: from text to vectors",
    "generator": "Generators: what models make",
    "retrieval": "Retrieval: what is known already",
    "tool": "Tools",
    "guard": "Guards: what may pass",
    "control": "Control: which way it goes",
    "output": "Outputs: what a person gets",
}


def reference() -> str:
    """The page as Markdown."""
    catalogue = describe()
    parts = [_HEAD, _types(catalogue["types"])]
    for family, title in _FAMILIES.items():
        nodes = [node for node in catalogue["nodes"] if node["family"] == family]
        if nodes:
            parts.append(f"## {title}\n")
            parts += (_node(node) for node in nodes)
    return "\n".join(parts)


def _types(types: dict[str, JSON]) -> str:
    lines = ["## What travels along an edge\n", "| type | is also | is turned into, where needed |", "|---|---|---|"]
    for name, kind in types.items():
        lines.append(f"| {name} | {kind['extends'] or ''} | {', '.join(kind['becomes'])} |")
    return "\n".join(lines) + "\n"


def _node(node: dict[str, Any]) -> str:
    lines = [f"### {node['title']}\n", f"`{node['kind']}`\n", f"{node['description']}\n"]
    if node["inputs"]:
        lines.append("Inputs: " + ", ".join(_port(port) for port in node["inputs"]) + ".\n")
    if node["inputs_from"]:
        lines.append(f"Its inputs follow from the parameter `{node['inputs_from']['param']}`.\n")
    if node["ports_of_parts"]:
        lines.append("Its inputs and outputs follow from those of its parts.\n")
    if node["outputs"]:
        lines.append("Outputs: " + ", ".join(_port(port) for port in node["outputs"]) + ".\n")
    if node["outputs_from"]:
        lines.append(f"Outputs follow from the parameter `{node['outputs_from']['param']}`.\n")
    if node["fallible"]:
        lines.append(
            f"Tried {node['fallible']['attempts']} times; a failure can be wired on from the output error (Text).\n"
        )
    if node["params"]["properties"]:
        lines += ["| parameter | what it does | values | at first |", "|---|---|---|---|"]
        lines += _params(node["params"])
        lines.append("")
    return "\n".join(lines)


def _port(port: dict[str, Any]) -> str:
    name = f"**{port['name']}**" if port.get("required") else port["name"]
    return f"{name} ({port['type']}{' ~' if port['streams'] else ''})"


def _params(schema: dict[str, Any]) -> Iterator[str]:
    for name, field in schema["properties"].items():
        help_text = " ".join(part for part in (f"{field.get('title', name)}.", field.get("description")) if part)
        yield f"| `{name}` | {_cell(help_text)} | {_cell(_values(field))} | {_cell(_default(field))} |"


def _values(field: dict[str, Any]) -> str:
    if "enum" in field:
        return " or ".join(f"“{choice}”" for choice in field["enum"])
    if field.get("x-ref"):
        return f"a {field['x-ref']}"
    kind = field.get("type", "")
    names = [each for each in (kind if isinstance(kind, list) else [kind]) if each != "null"]
    least, most = field.get("minimum", field.get("exclusiveMinimum")), field.get("maximum")
    bounds = f", {least} to {most}" if least is not None and most is not None else ""
    return " or ".join(_KINDS.get(each, each) for each in names) + bounds


_KINDS = {"string": "text", "integer": "whole number", "number": "number", "boolean": "yes or no", "array": "list"}


def _default(field: dict[str, Any]) -> str:
    default = field.get("default")
    if default is None or default == "":
        return "empty" if "default" in field else "must be set"
    if isinstance(default, bool):
        return "yes" if default else "no"
    return "`" + str(default).replace("\n", "\\n") + "`"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")
