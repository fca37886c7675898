/** A graph exactly as the contract writes it, and the immutable picture of one that the canvas draws. */

export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };
export type Params = Record<string, Json>;
/** Pixels on the canvas, x to the right and y down, of a node's top left corner. */
export type Position = readonly [number, number];

export interface Edge {
  /** `node.port` of an output. */
  readonly source: string;
  /** `node.port` of an input. */
  readonly target: string;
}

export interface GraphNode {
  kind: string;
  params?: Params;
  title?: string;
  position?: Position;
  /** Outputs, by port, that are taken as they stand. */
  pinned?: Record<string, Json>;
  /** How hard the node is tried, where that isn't its family's own measure; in seconds and attempts. */
  reliability?: Record<string, Json>;
  [more: string]: Json | Position | Params | undefined;
}

export interface Graph {
  version: number;
  nodes: Record<string, GraphNode>;
  edges: Edge[];
  /** Graphs that its control nodes run, by name. */
  parts?: Record<string, Part>;
}

export interface Part {
  graph: Graph;
  title?: string;
  /** The pipeline's version that this is a copy of. */
  source?: Source;
}

export interface Source {
  readonly pipeline: string;
  readonly version: number;
}

export const EMPTY_GRAPH: Graph = { version: 1, nodes: {}, edges: [] };

export interface Finding {
  code: string;
  severity: 'error' | 'warning' | 'note';
  message: string;
  node?: string | null;
  port?: string | null;
  path?: string[] | null;
}

export const edgeId = (edge: Edge): string => `${edge.source}>${edge.target}`;

/** `"ask.text"` → `["ask", "text"]`; the port is what follows the last dot. */
export function endpoint(reference: string): [node: string, port: string] {
  const dot = reference.lastIndexOf('.');
  return dot < 0 ? [reference, ''] : [reference.slice(0, dot), reference.slice(dot + 1)];
}

export const nodeOf = (reference: string): string => endpoint(reference)[0];
export const portOf = (reference: string): string => endpoint(reference)[1];

/** Equality of JSON values; the order of keys means nothing, an undefined field is an absent one. */
export function sameJson(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  if (Array.isArray(a) !== Array.isArray(b)) return false;
  if (Array.isArray(a) && Array.isArray(b)) {
    return a.length === b.length && a.every((item, index) => sameJson(item, b[index]));
  }
  const left = a as Record<string, unknown>;
  const right = b as Record<string, unknown>;
  const keys = new Set([...Object.keys(left), ...Object.keys(right)]);
  return [...keys].every((key) => sameJson(left[key], right[key]));
}

/** Whether two graphs say the same; the order of edges and absent empty fields mean nothing. */
export function sameGraph(a: Graph, b: Graph): boolean {
  return sameJson(canonical(a), canonical(b));
}

export const samePart = (a: Part, b: Part): boolean => sameJson(canonicalPart(a), canonicalPart(b));

function canonical(graph: Graph): unknown {
  const nodes = Object.entries(graph.nodes).map(([id, node]) => [id, { ...node, params: node.params ?? {} }]);
  const parts = Object.entries(graph.parts ?? {}).map(([name, part]) => [name, canonicalPart(part)]);
  return { nodes: Object.fromEntries(nodes), edges: graph.edges.map(edgeId).sort(), parts: Object.fromEntries(parts) };
}

const canonicalPart = (part: Part): unknown => ({ ...part, graph: canonical(part.graph) });

/** All nodes that `start` hangs on, directly or through others; without `start` itself unless it is in a circle. */
export function ancestors(edges: readonly Edge[], start: string): Set<string> {
  const seen = new Set<string>();
  const queue = [start];
  const wires = wiresOf(edges);
  for (let id = queue.pop(); id !== undefined; id = queue.pop()) {
    for (const edge of wires.into.get(id) ?? []) {
      const parent = nodeOf(edge.source);
      if (seen.has(parent)) continue;
      seen.add(parent);
      queue.push(parent);
    }
  }
  return seen;
}

export interface Wires {
  readonly into: ReadonlyMap<string, readonly Edge[]>;
  readonly from: ReadonlyMap<string, readonly Edge[]>;
}

const sorted = new WeakMap<readonly Edge[], Wires>();

/** The edges by the node they end at and begin at; worked out once for each list of edges. */
export function wiresOf(edges: readonly Edge[]): Wires {
  const known = sorted.get(edges);
  if (known) return known;
  const wires = { into: new Map<string, Edge[]>(), from: new Map<string, Edge[]>() };
  const put = (map: Map<string, Edge[]>, id: string, edge: Edge) => {
    const list = map.get(id);
    if (list) list.push(edge);
    else map.set(id, [edge]);
  };
  for (const edge of edges) {
    put(wires.into, nodeOf(edge.target), edge);
    put(wires.from, nodeOf(edge.source), edge);
  }
  sorted.set(edges, wires);
  return wires;
}
