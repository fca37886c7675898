import { graphJson, type GraphPicture } from '../document/picture';
import { nodeOf, portOf, sameGraph, sameJson, type Edge, type Graph, type Json } from '../document/graph';

interface Ran {
  graph: Graph;
  inputs: Readonly<Record<string, Json>>;
}

/**
 * Nodes whose result no longer follows from what stands on the canvas: they, what feeds them, or the inputs given have changed
 * since that run. `inputs` are the run inputs as they stand in the form now, by name.
 */
export function staleNodes(
  ran: Ran,
  picture: GraphPicture,
  inputs: Readonly<Record<string, Json>>,
): ReadonlySet<string> {
  const then = wiresInto(ran.graph.edges);
  const now = wiresInto(picture.edges);
  const known = new Map<string, boolean>();
  const isStale = (id: string): boolean => {
    const before = known.get(id);
    if (before !== undefined) return before;
    known.set(id, false); // a circle must not be walked for ever
    const stale = changed(id) || (now.get(id) ?? []).some((wire) => isStale(nodeOf(wire)));
    known.set(id, stale);
    return stale;
  };
  const partChanged = (name: string): boolean => {
    const [old, part] = [ran.graph.parts?.[name], picture.parts[name]];
    return part !== undefined && (!old || !sameGraph(placeless(old.graph), placeless(graphJson(part.graph))));
  };
  const changed = (id: string): boolean => {
    const [old, node] = [ran.graph.nodes[id], picture.nodes[id]];
    if (!old || !node) return true;
    if (old.kind !== node.kind || !sameJson(old.params ?? {}, node.params)) return true;
    if (!sameJson(old.pinned, node.rest['pinned'])) return true;
    if (Object.values(node.params).some((name) => typeof name === 'string' && partChanged(name))) return true;
    if (!sameJson(then.get(id) ?? [], now.get(id) ?? [])) return true;
    const name = node.kind.startsWith('input.') ? node.params['name'] : undefined;
    return typeof name === 'string' && name in inputs && !sameGiven(inputs[name], ran.inputs[name]);
  };
  return new Set(Object.keys(picture.nodes).filter(isStale));
}

/** A graph without what only its drawing says. */
function placeless(graph: Graph): Graph {
  const bare = Object.entries(graph.nodes).map(([id, { kind, params, pinned }]): [string, Graph['nodes'][string]] => [
    id,
    { kind, params: params ?? {}, ...(pinned ? { pinned } : {}) },
  ]);
  const parts = Object.entries(graph.parts ?? {}).map(([name, part]): [string, { graph: Graph }] => [
    name,
    { graph: placeless(part.graph) },
  ]);
  return { ...graph, nodes: Object.fromEntries(bare), parts: Object.fromEntries(parts) };
}

/** For each node its wires as `source port>own port`, sorted. */
function wiresInto(edges: readonly Edge[]): Map<string, string[]> {
  const into = new Map<string, string[]>();
  for (const edge of edges) {
    const id = nodeOf(edge.target);
    into.set(id, [...(into.get(id) ?? []), `${edge.source}>${portOf(edge.target)}`]);
  }
  for (const wires of into.values()) wires.sort();
  return new Map([...into].map(([id, wires]) => [id, wires]));
}

/** A file is the same file when its bytes are. */
function sameGiven(a: Json | undefined, b: Json | undefined): boolean {
  const [left, right] = [digest(a), digest(b)];
  return left !== null && right !== null ? left === right : sameJson(a ?? null, b ?? null);
}

function digest(value: Json | undefined): string | null {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return null;
  return typeof value['artifact'] === 'string' ? value['artifact'] : null;
}
