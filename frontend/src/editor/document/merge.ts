import type { Content } from './document';
import { edgeId, sameJson, type Edge, type Graph, type GraphNode } from './graph';

/** Two versions made of the same one, as one; `clashes` names the nodes that both changed differently, where ours was taken. */
export interface Merged {
  content: Content;
  clashes: string[];
}

/**
 * Merges by node and by wire. `base` is what both were made on; without it (it is gone) a node that only one side has is kept,
 * because losing work is worse than a node too many.
 */
export function merge(base: Graph | null, ours: Content, theirs: Content): Merged {
  const clashes: string[] = [];
  const nodes: Record<string, GraphNode> = {};
  for (const id of new Set([...Object.keys(ours.graph.nodes), ...Object.keys(theirs.graph.nodes)])) {
    const [mine, other, old] = [ours.graph.nodes[id], theirs.graph.nodes[id], base?.nodes[id]];
    const picked = pick(mine, other, old, base !== null);
    if (picked.clash) clashes.push(id);
    if (picked.value) nodes[id] = picked.value;
  }
  const edges = mergedEdges(base, ours.graph, theirs.graph, nodes);
  return { content: { name: ours.name, graph: { version: ours.graph.version, nodes, edges } }, clashes };
}

function pick<T>(
  mine: T | undefined,
  other: T | undefined,
  old: T | undefined,
  hasBase: boolean,
): { value: T | undefined; clash: boolean } {
  if (sameJson(mine, other)) return { value: mine, clash: false };
  if (!hasBase) return { value: mine ?? other, clash: mine !== undefined && other !== undefined };
  if (sameJson(mine, old)) return { value: other, clash: false };
  if (sameJson(other, old)) return { value: mine, clash: false };
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
