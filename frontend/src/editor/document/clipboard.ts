import { nodeJson, type Picture } from './document';
import { nodeOf, type Edge, type GraphNode } from './graph';

/** A piece of a graph on its way: some nodes and the wires between them. */
export interface Fragment {
  nodes: Record<string, GraphNode>;
  edges: Edge[];
}

export function fragmentOf(picture: Picture, ids: readonly string[]): Fragment {
  const wanted = new Set(ids);
  const nodes: Record<string, GraphNode> = {};
  for (const id of ids) {
    const node = picture.nodes[id];
    if (node) nodes[id] = nodeJson(node);
  }
  const edges = picture.edges.filter((edge) => wanted.has(nodeOf(edge.source)) && wanted.has(nodeOf(edge.target)));
  return { nodes, edges: [...edges] };
}

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
  const { nodes, edges } = value as Partial<Fragment>;
  if (typeof nodes !== 'object' || nodes === null || !Array.isArray(edges)) return false;
  const nodesHold = Object.values(nodes).every((node) => typeof node === 'object' && typeof node.kind === 'string');
  return nodesHold && edges.every((edge) => typeof edge?.source === 'string' && typeof edge.target === 'string');
}
