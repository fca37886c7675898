/** A selection turned into a part. */

import { fragmentOf } from '../document/clipboard';
import type { PipelineDocument } from '../document/document';
import {
  ancestors,
  edgeId,
  nodeOf,
  portOf,
  type Edge,
  type Graph,
  type GraphNode,
  type Json,
  type Part,
} from '../document/graph';
import { freshId, freshName } from '../document/names';
import { freshPartName } from '../document/parts';
import type { GraphPicture, NodePicture } from '../document/picture';
import { defaultsOf, kindNamed, type Catalogue, type Kind } from '../types/catalogue';
import { inputPort, outputPort } from '../types/ports';
import { nameOf, PIPELINE_KIND } from '../types/parts';

const APART = 340;

/** Why a selection can't be turned into a part. */
export interface Refused {
  code: 'nothing' | 'circle' | 'type';
  /** The type that has no input or output node. */
  type?: string;
}

interface Crossing {
  /** The end that is named after: an output, whose value crosses. */
  source: string;
  name: string;
  type: string;
  edges: Edge[];
}

/** Puts the nodes into a part of their own and a node that runs it in their place; returns that node's id. */
export function turnIntoPart(
  document: PipelineDocument,
  catalogue: Catalogue,
  selected: readonly string[],
  title: string,
): string | Refused {
  const { picture } = document;
  const ids = selected.filter((id) => !isEnd(catalogue, picture.nodes[id]));
  if (ids.length === 0) return { code: 'nothing' };
  if (loopsBack(picture, ids)) return { code: 'circle' };
  const inside = new Set(ids);
  const into = crossings(
    catalogue,
    picture,
    (edge) => !inside.has(nodeOf(edge.source)) && inside.has(nodeOf(edge.target)),
    portOf,
  );
  const out = crossings(
    catalogue,
    picture,
    (edge) => inside.has(nodeOf(edge.source)) && !inside.has(nodeOf(edge.target)),
    portOf,
  );
  const lacking = [
    ...into.filter(({ type }) => !endKind(catalogue, 'input', type)),
    ...out.filter(({ type }) => !endKind(catalogue, 'output', type)),
  ][0];
  if (lacking) return { code: 'type', type: lacking.type };
  const graph = partGraph(catalogue, picture, ids, into, out);
  const name = freshPartName(document, title);
  const node = freshId(PIPELINE_KIND, (taken) => document.nodes.has(taken) && !inside.has(taken));
  document.perform({ name: 'turnIntoPart', count: ids.length }, () => {
    for (const id of ids) document.nodes.delete(id);
    for (const edge of [...document.edges.values()])
      if (inside.has(nodeOf(edge.source)) || inside.has(nodeOf(edge.target))) document.edges.delete(edgeId(edge));
    document.putPart(name, { graph, title });
    document.putNode(node, { kind: PIPELINE_KIND, params: { part: name }, position: centreOf(picture, ids) });
    for (const each of into) document.putEdge({ source: each.source, target: `${node}.${each.name}` });
    for (const each of out)
      for (const edge of each.edges) document.putEdge({ source: `${node}.${each.name}`, target: edge.target });
  });
  return node;
}

const isEnd = (catalogue: Catalogue, node: NodePicture | undefined): boolean =>
  !node || ['input', 'output'].includes(kindNamed(catalogue, node.kind)?.family ?? '');

/** Whether something outside hangs on the selection and feeds it again: as one node it would hang on itself. */
function loopsBack({ edges }: GraphPicture, ids: readonly string[]): boolean {
  const inside = new Set(ids);
  const before = new Set(ids.flatMap((id) => [...ancestors(edges, id)]).filter((id) => !inside.has(id)));
  return [...before].some((id) => [...ancestors(edges, id)].some((each) => inside.has(each)));
}

/** The values that cross the border of a selection, each once, with the wires that carry it. */
function crossings(
  catalogue: Catalogue,
  picture: GraphPicture,
  crosses: (edge: Edge) => boolean,
  nameAfter: (reference: string) => string,
): Crossing[] {
  const found = new Map<string, Crossing>();
  const taken = new Set<string>();
  for (const edge of picture.edges.filter(crosses)) {
    const known = found.get(edge.source);
    if (known) {
      known.edges.push(edge);
      continue;
    }
    const end = picture.nodes[nodeOf(edge.source)];
    const kind = end && kindNamed(catalogue, end.kind);
    const wanted = (kind?.family === 'input' && nameOf(end as NodePicture, kind)) || nameAfter(edge.source);
    const name = freshName(wanted, (each) => taken.has(each));
    taken.add(name);
    const type =
      outputPort(catalogue, picture, edge.source)?.type ?? inputPort(catalogue, picture, edge.target)?.type ?? 'Text';
    found.set(edge.source, { source: edge.source, name, type, edges: [edge] });
  }
  return [...found.values()];
}

/** The kind of input or output node for values of a type, with the knobs that make it one of that type. */
export function endKind(
  catalogue: Catalogue,
  family: 'input' | 'output',
  type: string,
): { kind: Kind; params: Record<string, Json> } | null {
  const kinds = catalogue.nodes.filter((kind) => kind.family === family);
  const portOfKind = (kind: Kind) => (family === 'input' ? kind.outputs : kind.inputs)[0];
  const exact = kinds.find((kind) => portOfKind(kind)?.type === type);
  if (exact) return { kind: exact, params: {} };
  for (const kind of kinds) {
    const port = portOfKind(kind);
    const knob = port?.follows && kind.params.properties?.[port.follows];
    if (!port?.follows || !knob || typeof knob.default !== 'string') continue;
    const value = (knob.enum ?? []).find((each) => port.type.replace(String(knob.default), String(each)) === type);
    if (value !== undefined) return { kind, params: { [port.follows]: value } };
  }
  return null;
}

function partGraph(
  catalogue: Catalogue,
  picture: GraphPicture,
  ids: readonly string[],
  into: readonly Crossing[],
  out: readonly Crossing[],
): Graph {
  const { nodes, edges, parts } = fragmentOf(picture, ids);
  const graph: Graph = { version: 1, nodes: { ...nodes }, edges: [...edges], ...(parts ? { parts } : {}) };
  const places = ids.map((id) => picture.nodes[id]?.position ?? [0, 0]);
  const left = Math.min(...places.map(([x]) => x)) - APART;
  const right = Math.max(...places.map(([x]) => x)) + APART;
  const top = Math.min(...places.map(([, y]) => y));
  const end = (family: 'input' | 'output', crossing: Crossing, row: number): string => {
    const made = endKind(catalogue, family, crossing.type) as NonNullable<ReturnType<typeof endKind>>;
    const id = freshId(made.kind.kind, (taken) => graph.nodes[taken] !== undefined);
    const params = { ...defaultsOf(made.kind), ...made.params, name: crossing.name };
    graph.nodes[id] = { kind: made.kind.kind, params, position: [family === 'input' ? left : right, top + row * 160] };
    return id;
  };
  into.forEach((crossing, row) => {
    const id = end('input', crossing, row);
    const port = kindNamed(catalogue, graph.nodes[id]?.kind ?? '')?.outputs[0]?.name ?? 'value';
    for (const edge of crossing.edges) graph.edges.push({ source: `${id}.${port}`, target: edge.target });
  });
  out.forEach((crossing, row) => {
    const id = end('output', crossing, row);
    const port = kindNamed(catalogue, graph.nodes[id]?.kind ?? '')?.inputs[0]?.name ?? 'value';
    graph.edges.push({ source: crossing.source, target: `${id}.${port}` });
  });
  return graph;
}

/** The middle of where nodes stand. */
export function centreOf({ nodes }: GraphPicture, ids: readonly string[]): [number, number] {
  const places = ids.map((id) => nodes[id]?.position ?? [0, 0]);
  const middle = (axis: 0 | 1) => Math.round(places.reduce((sum, at) => sum + at[axis], 0) / places.length);
  return [middle(0), middle(1)];
}

/** A part to begin with: one text in, one text out. */
export function newPart(title: string, input: string, output: string): Part {
  const ends: Record<string, GraphNode> = {
    input: { kind: 'input.text', params: { name: input, default: '' }, position: [0, 0] },
    output: { kind: 'output.text', params: { name: output }, position: [720, 0] },
  };
  return { title, graph: { version: 1, nodes: ends, edges: [] } };
}
