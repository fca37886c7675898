"""What a run is asked for with, held against the graph before there is a run."""

import hashlib
import json
import re
from collections.abc import Iterator, Set
from dataclasses import astuple, dataclass
from typing import Any

from pipelines.checks import Bound
from pipelines.engine.inputs import InputError, receive
from pipelines.node import ERROR, InputNode
from pipelines.values import ValueType, WrongValue, decode
from webapp.api.problems import Problem
from webapp.artifacts.models import Holding
from webapp.artifacts.stores import is_digest
from webapp.pipelines.bound import Ready, ready
from webapp.pipelines.models import Pipeline
from webapp.pipelines.world import WorkspaceWorld, kept_findings
from webapp.runs.artifacts import artifacts_of

Values = dict[str, dict[str, Any]]
Errors = list[dict[str, Any]]


@dataclass(frozen=True)
class Wanted:
    """`start_from` is a step: it and what follows it runs anew. `only` is a step: it and what it needs runs, and
    nothing else. `values` are outputs by the path of their node and their port, taken as they stand.
    """

    inputs: dict[str, Any]
    seed: int | None = None
    start_from: str | None = None
    only: str | None = None
    values: Values | None = None
    priority: int = 0

    @property
    def digest(self) -> str:
        return hashlib.sha256(json.dumps(astuple(self), sort_keys=True).encode()).hexdigest()


def fitted(pipeline: Pipeline, wanted: Wanted) -> dict[str, Any]:
    """The inputs, and what they fall back to. Raises Problem 422 for a graph with errors and what doesn't fit it."""
    findings = kept_findings(pipeline, WorkspaceWorld(pipeline.workspace_id))
    wrong = [finding for finding in findings if finding["severity"] == "error"]
    if wrong:
        errors = [{"loc": ["graph", *filter(None, [each.get("node")])], "msg": each["message"]} for each in wrong]
        raise Problem(422, "This pipeline has errors", wrong[0]["message"], errors, findings=findings)
    graph = ready(pipeline)
    if misfits := [*_step_errors(graph, wanted), *_value_errors(graph, wanted.values or {})]:
        detail = " ".join(each["msg"] for each in misfits)
        raise Problem(422, "This run can't be made", detail[:1000], misfits)
    try:
        inputs, _ = receive(graph.inputs, wanted.inputs, _needless(graph, wanted))
    except InputError as error:
        errors = [{"loc": ["body", *each["loc"]], "msg": each["msg"]} for each in error.errors]
        raise Problem(422, "The inputs don't fit", str(error), errors) from None
    _require_held(pipeline, inputs, wanted.values or {})
    return inputs


def _needless(graph: Ready, wanted: Wanted) -> frozenset[str]:
    """The inputs that this run does without, as the engine finds them: what hangs only on given outputs isn't run."""
    given = (wanted.values or {}).keys()
    if not (wanted.only or given):
        return frozenset()
    run = _upstream(graph, wanted.only, given) if wanted.only else graph.bound.nodes.keys()
    inputs = {name: node for name, node in graph.bound.nodes.items() if isinstance(node, InputNode)}
    return frozenset(node.name for name, node in inputs.items() if name not in run or name in given)


def _upstream(graph: Ready, path: str, given: Set[str]) -> set[str]:
    """The node at the head of `path`, and what it needs."""
    sources: dict[str, list[str]] = {}
    for edge in graph.bound.graph.edges:
        sources.setdefault(edge.target.node, []).append(edge.source.node)
    reached: set[str] = set()
    waiting = [re.split(r"[/\[]", path)[0]]
    while waiting:
        node = waiting.pop()
        if node not in reached:
            reached.add(node)
            waiting += [] if node in given else sources.get(node, [])
    return reached


def _step_errors(graph: Ready, wanted: Wanted) -> Iterator[dict[str, Any]]:
    for field, node in (("from", wanted.start_from), ("only", wanted.only)):
        if node and graph.at(node) is None:
            yield _error(f"There is no step {node!r} in this pipeline.", field)
    if wanted.only and wanted.start_from:
        yield _error("A run starts from a step or is of one step only: send `from` or `only`.", "only")


def _value_errors(graph: Ready, values: Values) -> Iterator[dict[str, Any]]:
    for path, ports in values.items():
        at = graph.at(path)
        if at is None:
            yield _error(f"There is no node {path!r} in this pipeline.", "values", path)
            continue
        for port, form in ports.items():
            if (msg := _misfit(*at, port, form)) is not None:
                yield _error(msg, "values", path, port)


def _misfit(bound: Bound, name: str, port: str, form: Any) -> str | None:
    known = dict(bound.outputs[name])
    if bound.nodes[name].fallible():
        known[ERROR.name] = ERROR
    if port not in known:
        there = ", ".join(known) or "none"
        return f"{bound.called(name)} has no output {port!r}; there are: {there}."
    return _undecodable(form, known[port].type)


def _undecodable(form: Any, kind: ValueType) -> str | None:
    """Why `form` is no value of the type; None for one that is, or that is kept whole in the artifact store."""
    if isinstance(form, dict) and "preview" in form and isinstance(form.get("artifact"), str):
        if not is_digest(form["artifact"]):
            return "A value that is kept whole is named by its digest: 64 characters, 0-9 and a-f."
        return None if form.get("type") == kind.name else f"This takes {kind}, not {str(form.get('type'))[:60]!r}."
    try:
        decode(form, kind)
    except WrongValue as wrong:
        return str(wrong)
    return None


def _require_held(pipeline: Pipeline, inputs: dict[str, Any], values: Values) -> None:
    named = {digest: ["inputs", name] for name, given in inputs.items() for digest in artifacts_of(given)}
    for path, ports in values.items():
        named |= {digest: ["values", path, port] for port, form in ports.items() for digest in artifacts_of(form)}
    if not named:
        return
    held = Holding.objects.filter(workspace_id=pipeline.workspace_id, artifact_id__in=named)
    missing = named.keys() - set(held.values_list("artifact_id", flat=True))
    if missing:
        msg = "This workspace holds no such file. Upload it first."
        errors = [_error(msg, *named[digest]) for digest in missing]
        raise Problem(422, "A file is not there", msg, errors)


def _error(msg: str, *loc: str) -> dict[str, Any]:
    return {"loc": ["body", *loc], "msg": msg}
