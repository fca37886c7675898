import type { Content } from './document';
import { EMPTY_GRAPH, edgeId, sameJson, samePart, type Edge, type Graph, type GraphNode, type Part } from './graph';

/** Two versions made of the same one, as one; `clashes` names the nodes that both changed differently, where ours was taken. */
export interface Merged {
  content: Content;
  clashes: string[];
}

/**
 * Merges by node and by wire, in parts as well. `base` is what both were made on; without it (it is gone) a node that only one
 * side has is kept, because losing work is worse than a node too many.
 */
export function merge(base: Graph | null, ours: Content, theirs: Content): Merged {
  const { graph, clashes } = mergedGraph(base, ours.graph, theirs.graph);
  return { content: { name: ours.name, graph }, clashes };
}

interface MergedGraph {
  graph: Graph;
  clashes: string[];
}

function mergedGraph(base: Graph | null, ours: Graph, theirs: Graph): MergedGraph {
  const clashes: string[] = [];
  const nodes: Record<string, GraphNode> = {};
  for (const id of new Set([...Object.keys(ours.nodes), ...Object.keys(theirs.nodes)])) {
    const picked = pick(ours.nodes[id], theirs.nodes[id], base?.nodes[id], base !== null);
    if (picked.clash) clashes.push(id);
    if (picked.value) nodes[id] = picked.value;
  }
  const edges = mergedEdges(base, ours, theirs, nodes);
  const merged = mergedParts(base, ours, theirs);
  const parts = Object.keys(merged.parts).length > 0 ? { parts: merged.parts } : {};
  return { graph: { version: ours.version, nodes, edges, ...parts }, clashes: [...clashes, ...merged.clashes] };
}

/** A part that both changed is merged in itself; what it is a copy of stays ours. Clashes in it are told as `part/node`. */
function mergedParts(
  base: Graph | null,
  ours: Graph,
  theirs: Graph,
): { parts: Record<string, Part>; clashes: string[] } {
  const clashes: string[] = [];
  const parts: Record<string, Part> = {};
  for (const name of new Set([...Object.keys(ours.parts ?? {}), ...Object.keys(theirs.parts ?? {})])) {
    const [mine, other, old] = [ours.parts?.[name], theirs.parts?.[name], base?.parts?.[name]];
    const picked = pick(mine, other, old, base !== null, samePart);
    if (picked.clash && mine && other) {
      const inner = mergedGraph(base && (old?.graph ?? EMPTY_GRAPH), mine.graph, other.graph);
      parts[name] = { ...mine, graph: inner.graph };
      clashes.push(...inner.clashes.map((id) => `${name}/${id}`));
    } else if (picked.value) parts[name] = picked.value;
  }
  return { parts, clashes };
}

function pick<T>(
  mine: T | undefined,
  other: T | undefined,
  old: T | undefined,
  hasBase: boolean,
  sameValue: (a: T, b: T) => boolean = sameJson,
): { value: T | undefined; clash: boolean } {
  const same = (a: T | undefined, b: T | undefined) => (a === undefined || b === undefined ? a === b : sameValue(a, b));
  if (same(mine, other)) return { value: mine, clash: false };
  if (!hasBase) return { value: mine ?? other, clash: mine !== undefined && other !== undefined };
  if (same(mine, old)) return { value: other, clash: false };
  if (same(other, old)) return { value: mine, clash: false };
  return { value: mine ?? other, clash: true };
}

function mergedEdges(base: Graph | null, ours: Graph, theirs: Graph, nodes: Record<string, GraphNode>): Edge[] {
  const [mine, other, old] = [ours, theirs, base].map(
    (graph) => new Map(graph?.edges.map((edge) => [edgeId(edge), edge])),
  );
  const edges: Edge[] = [];
  for (const [id, edge] of new Map([...(other ?? []), ...(mine ?? [])])) {
    const { value } = pick(mine?.get(id), other?.get(id), old?.get(id), base !== null);
    const ends = [edge.source, edge.target].map((end) => end.slice(0, end.lastIndexOf('.')));
    if (value && ends.every((end) => nodes[end] !== undefined)) edges.push(edge);
  }
  return edges;
}
