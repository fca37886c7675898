import type { Opened, Parts, Picture } from '../document/document';
import type { GraphPicture } from '../document/picture';
import { partsNamedBy } from '../types/parts';
import type { Catalogue } from '../types/catalogue';
import type { StepState } from './events';

/** Steps inside a flow node are told as `node/inner`, or `node[at]/inner` where a part is run several times; to any depth. */

export type Steps = Readonly<Record<string, StepState>>;

/** One run of a part: which of several it is, and its steps by path. */
export interface Item {
  readonly at: number | null;
  readonly steps: readonly string[];
}

const known = new WeakMap<Steps, ReadonlyMap<string, readonly Item[]>>();
const NO_ITEMS: readonly Item[] = [];

/** What ran directly inside the flow node at `path`, in the order of the items. */
export function itemsOf(steps: Steps, path: string): readonly Item[] {
  let all = known.get(steps);
  if (!all) known.set(steps, (all = gathered(steps)));
  return all.get(path) ?? NO_ITEMS;
}

function gathered(steps: Steps): Map<string, readonly Item[]> {
  const found = new Map<string, Map<number | null, string[]>>();
  for (const path of Object.keys(steps)) {
    const slash = path.lastIndexOf('/');
    if (slash < 0) continue;
    const { node, at } = lastOf(path.slice(0, slash));
    let items = found.get(node);
    if (!items) found.set(node, (items = new Map()));
    const list = items.get(at);
    if (list) list.push(path);
    else items.set(at, [path]);
  }
  return new Map(
    [...found].map(([node, items]) => [
      node,
      [...items].map(([at, inner]) => ({ at, steps: inner })).sort((a, b) => (a.at ?? 0) - (b.at ?? 0)),
    ]),
  );
}

/** Whether a step waits for a person or a time anywhere inside the node at `path`. */
export const waitsWithin = (steps: Steps, path: string): boolean =>
  itemsOf(steps, path).some((item) =>
    item.steps.some((inner) => steps[inner]?.status === 'waiting' || waitsWithin(steps, inner)),
  );

/** `a/each[3]` → the path `a/each` and 3; without a number null. */
export function lastOf(path: string): { node: string; at: number | null } {
  const found = /^(.*)\[(\d+)\]$/.exec(path);
  return found ? { node: found[1] as string, at: Number(found[2]) } : { node: path, at: null };
}

/** `each[3]/answer` → `each/answer`: the way by nodes alone, as findings say it. */
export const wayOf = (path: string): string => path.replace(/\[\d+\](?=\/|$)/g, '');

/** The graph that is open, as a way by nodes: `each/`, or nothing for the pipeline's own. */
export const wayTo = (trail: readonly Opened[]): string => trail.map(({ node }) => `${node}/`).join('');

/** Under which path the steps of the open graph are told; `chosen` says which item is looked at, by the path of the flow node. */
export function placeOf(trail: readonly Opened[], chosen: Readonly<Record<string, number>>, steps: Steps): string {
  let place = '';
  for (const { node, index } of trail) {
    const flow = place + node;
    const items = itemsOf(steps, flow);
    const wanted = items.find((item) => item.at === chosen[flow]) ?? items[0];
    const at = index ?? wanted?.at ?? null;
    place = `${flow}${at === null ? '' : `[${at}]`}/`;
  }
  return place;
}

/** A step's path as people say it: the titles of the nodes on the way, items counted from 1. */
export function spokenPath(catalogue: Catalogue, root: Picture, path: string, titleIn: TitleIn): string {
  let graph: GraphPicture | undefined = root;
  const words: string[] = [];
  const segments = path.split('/').map(lastOf);
  segments.forEach(({ node, at }, index) => {
    words.push(`${titleIn(graph, node)}${at === null ? '' : ` ${at + 1}`}`);
    const next = segments[index + 1]?.node;
    graph = next === undefined ? undefined : partWith(catalogue, graph, node, next, at)?.graph;
  });
  return words.join(' › ');
}

export type TitleIn = (graph: GraphPicture | undefined, node: string) => string;

/** The part of a flow node that has a node of this name. */
export function partWith(
  catalogue: Catalogue,
  graph: GraphPicture | undefined,
  flow: string,
  inner: string,
  at: number | null = null,
): (Parts[string] & { name: string }) | undefined {
  const node = graph?.nodes[flow];
  if (!graph || !node) return undefined;
  const names = partsNamedBy(catalogue, node);
  const told = names.length > 1 && at !== null ? names[at] : undefined;
  for (const name of told === undefined ? names : [told]) {
    const part = graph.parts[name];
    if (part?.graph.nodes[inner]) return { ...part, name };
  }
  return undefined;
}

/** A part of a node as it is opened: told apart by its number where the node has several. */
export function openedAt(catalogue: Catalogue, graph: GraphPicture, node: string, part: string): Opened {
  const own = graph.nodes[node];
  const names = own ? partsNamedBy(catalogue, own) : [];
  return names.length > 1 ? { node, part, index: names.indexOf(part) } : { node, part };
}

/** The parts to open, one in the other, to come to the graph in which a step's node stands. */
export function trailTo(catalogue: Catalogue, root: Picture, path: string): Opened[] | null {
  let graph: GraphPicture = root;
  const trail: Opened[] = [];
  const nodes = path.split('/').map(lastOf);
  for (const [index, { node, at }] of nodes.slice(0, -1).entries()) {
    const part = partWith(catalogue, graph, node, nodes[index + 1]?.node ?? '', at);
    if (!part) return null;
    trail.push(openedAt(catalogue, graph, node, part.name));
    graph = part.graph;
  }
  return graph.nodes[nodes.at(-1)?.node ?? ''] ? trail : null;
}

/** The items that a path leads through, by the path of each flow node. */
export function itemsOn(path: string): Record<string, number> {
  const chosen: Record<string, number> = {};
  const segments = path.split('/');
  segments.slice(0, -1).forEach((_, index) => {
    const { node, at } = lastOf(segments.slice(0, index + 1).join('/'));
    if (at !== null) chosen[node] = at;
  });
  return chosen;
}
