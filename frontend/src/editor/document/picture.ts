import * as Y from 'yjs';

import type { Edge, Graph, GraphNode, Json, Params, Part, Position, Source } from './graph';

/** One node as it stands; the object stays the same one until that node changes. */
export interface NodePicture {
  readonly id: string;
  readonly kind: string;
  readonly params: Params;
  readonly title: string | undefined;
  readonly position: Position | undefined;
  /** What else the graph says of it: `pinned`, `reliability`. */
  readonly rest: Readonly<Record<string, Json>>;
}

/** A graph as it stands. Each of its three fields stays the same object until something in it changes. */
export interface GraphPicture {
  readonly nodes: Readonly<Record<string, NodePicture>>;
  readonly edges: readonly Edge[];
  readonly parts: Parts;
}

export interface PartPicture {
  readonly title: string | undefined;
  readonly source: Source | undefined;
  readonly graph: GraphPicture;
}

export type Parts = Readonly<Record<string, PartPicture>>;

/** What a graph consists of in the shared document. */
export interface GraphMaps {
  readonly nodes: Y.Map<Y.Map<unknown>>;
  readonly edges: Y.Map<Edge>;
  readonly parts: Y.Map<Y.Map<unknown>>;
}

export const NO_GRAPH: GraphPicture = { nodes: {}, edges: [], parts: {} };
const OWN_FIELDS = new Set(['kind', 'params', 'title', 'position']);

/** Draws graphs out of the shared document and keeps every drawing until what it shows has changed. */
export class Drawer {
  private readonly drawings = new WeakMap<object, unknown>();

  /** `touched` knows each type that has changed, or that holds one that has. */
  graph(maps: GraphMaps, touched: { has(type: object): boolean }): GraphPicture {
    const kept = <T>(type: object, draw: () => T): T => {
      const known = touched.has(type) ? undefined : (this.drawings.get(type) as T | undefined);
      const drawing = known ?? draw();
      if (!known) this.drawings.set(type, drawing);
      return drawing;
    };
    const each = <T>(map: Y.Map<Y.Map<unknown>>, draw: (id: string, entry: Y.Map<unknown>) => T): Record<string, T> =>
      Object.fromEntries([...map.entries()].map(([id, entry]) => [id, kept(entry, () => draw(id, entry))]));
    return {
      nodes: kept(maps.nodes, () => each(maps.nodes, drawNode)),
      edges: kept(maps.edges, () => [...maps.edges.values()]),
      parts: kept(maps.parts, () =>
        each(maps.parts, (_, entry) => ({ ...aboutPart(entry), graph: this.graph(mapsOf(entry), touched) })),
      ),
    };
  }
}

/** The three maps of a part's graph. */
export function mapsOf(entry: Y.Map<unknown>): GraphMaps {
  const map = <T>(key: string): Y.Map<T> => entry.get(key) as Y.Map<T>;
  return { nodes: map('nodes'), edges: map('edges'), parts: map('parts') };
}

const aboutPart = (entry: Y.Map<unknown>): Pick<PartPicture, 'title' | 'source'> => ({
  title: entry.get('title') as string | undefined,
  source: entry.get('source') as Source | undefined,
});

function drawNode(id: string, entry: Y.Map<unknown>): NodePicture {
  const params = entry.get('params');
  const rest: Record<string, Json> = {};
  for (const [key, value] of entry.entries()) if (!OWN_FIELDS.has(key)) rest[key] = value as Json;
  return {
    id,
    kind: String(entry.get('kind')),
    params: params instanceof Y.Map ? (params.toJSON() as Params) : {},
    title: entry.get('title') as string | undefined,
    position: entry.get('position') as Position | undefined,
    rest,
  };
}

/** The graph as the contract writes it. */
export function graphJson({ nodes, edges, parts }: GraphPicture, version = 1): Graph {
  const named = Object.entries(parts).map(([name, part]): [string, Part] => [name, partJson(part)]);
  return {
    version,
    nodes: Object.fromEntries(Object.values(nodes).map((node) => [node.id, nodeJson(node)])),
    edges: edges.map(({ source, target }) => ({ source, target })),
    ...(named.length > 0 ? { parts: Object.fromEntries(named) } : {}),
  };
}

export const partJson = ({ title, source, graph }: PartPicture): Part => ({
  graph: graphJson(graph),
  ...(title === undefined ? {} : { title }),
  ...(source === undefined ? {} : { source }),
});

export function nodeJson(node: NodePicture): GraphNode {
  return {
    kind: node.kind,
    params: node.params,
    ...(node.title === undefined ? {} : { title: node.title }),
    ...(node.position === undefined ? {} : { position: node.position }),
    ...node.rest,
  };
}

/** A graph drawn without a shared document, for what is only looked at. */
export function pictureOf(graph: Graph): GraphPicture {
  const nodes = Object.entries(graph.nodes).map(([id, node]): [string, NodePicture] => {
    const { kind, params = {}, title, position, ...rest } = node;
    return [id, { id, kind, params, title, position, rest: rest as Record<string, Json> }];
  });
  const parts = Object.entries(graph.parts ?? {}).map(
    ([name, { title, source, graph: inner }]): [string, PartPicture] => [
      name,
      { title, source, graph: inner ? pictureOf(inner) : NO_GRAPH },
    ],
  );
  return { nodes: Object.fromEntries(nodes), edges: graph.edges, parts: Object.fromEntries(parts) };
}
