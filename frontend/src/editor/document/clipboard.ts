import { nodeOf, type Edge, type GraphNode, type Json, type Part } from './graph';
import { nodeJson, partJson, type GraphPicture, type Parts } from './picture';

/** A piece of a graph on its way: some nodes, the wires between them, and the parts that the nodes name. */
export interface Fragment {
  nodes: Record<string, GraphNode>;
  edges: Edge[];
  parts?: Record<string, Part>;
}

export function fragmentOf(picture: GraphPicture, ids: readonly string[]): Fragment {
  const wanted = new Set(ids);
  const nodes: Record<string, GraphNode> = {};
  for (const id of ids) {
    const node = picture.nodes[id];
    if (node) nodes[id] = nodeJson(node);
  }
  const edges = picture.edges.filter((edge) => wanted.has(nodeOf(edge.source)) && wanted.has(nodeOf(edge.target)));
  const parts = partsIn(Object.values(nodes), picture.parts);
  return { nodes, edges: [...edges], ...(Object.keys(parts).length > 0 ? { parts } : {}) };
}

/** The parts whose names stand anywhere in these nodes' parameters; one too many does no harm. */
function partsIn(nodes: readonly GraphNode[], parts: Parts): Record<string, Part> {
  const said = new Set(nodes.flatMap((node) => Object.values(node.params ?? {}).flatMap(textsIn)));
  return Object.fromEntries(
    Object.entries(parts)
      .filter(([name]) => said.has(name))
      .map(([name, part]) => [name, partJson(part)]),
  );
}

const textsIn = (value: Json): string[] =>
  typeof value === 'string' ? [value] : Array.isArray(value) ? value.flatMap(textsIn) : [];

/** Reads what was copied, here or in another tab; null for any text that is no piece of a graph. */
export function readFragment(text: string): Fragment | null {
  try {
    const value: unknown = JSON.parse(text);
    return isFragment(value) && Object.keys(value.nodes).length > 0 ? value : null;
  } catch {
    return null;
  }
}

function isFragment(value: unknown): value is Fragment {
  if (typeof value !== 'object' || value === null) return false;
  const { nodes, edges, parts = {} } = value as Partial<Fragment>;
  if (typeof nodes !== 'object' || nodes === null || !Array.isArray(edges)) return false;
  if (typeof parts !== 'object' || parts === null) return false;
  const nodesHold = Object.values(nodes).every((node) => typeof node === 'object' && typeof node.kind === 'string');
  const partsHold = Object.values(parts).every((part) => isFragment(part?.graph));
  return (
    nodesHold && partsHold && edges.every((edge) => typeof edge?.source === 'string' && typeof edge.target === 'string')
  );
}
