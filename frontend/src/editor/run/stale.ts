import type { Picture } from '../document/document';
import { nodeOf, portOf, sameJson, type Edge, type Graph, type Json } from '../document/graph';

interface Ran {
  graph: Graph;
  inputs: Readonly<Record<string, Json>>;
}

/**
 * Nodes whose result no longer follows from what stands on the canvas: they, what feeds them, or the inputs given have changed
 * since that run. `inputs` are the run inputs as they stand in the form now, by name.
 */
export function staleNodes(ran: Ran, picture: Picture, inputs: Readonly<Record<string, Json>>): ReadonlySet<string> {
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
  const changed = (id: string): boolean => {
    const [old, node] = [ran.graph.nodes[id], picture.nodes[id]];
    if (!old || !node) return true;
    if (old.kind !== node.kind || !sameJson(old.params ?? {}, node.params)) return true;
    if (!sameJson(then.get(id) ?? [], now.get(id) ?? [])) return true;
    const name = node.kind.startsWith('input.') ? node.params['name'] : undefined;
    return typeof name === 'string' && name in inputs && !sameGiven(inputs[name], ran.inputs[name]);
  };
  return new Set(Object.keys(picture.nodes).filter(isStale));
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
