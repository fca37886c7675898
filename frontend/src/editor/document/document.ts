import * as Y from 'yjs';

import { edgeId, type Edge, type Graph, type GraphNode, type Json, type Params, type Position } from './graph';

/** What an edit is called, for undo and for whoever edits along. `count` and `name` fill the sentence. */
export interface Operation {
  name: string;
  count?: number;
  subject?: string;
}

/** One node as it stands; the object stays the same one until that node changes. */
export interface NodePicture {
  readonly id: string;
  readonly kind: string;
  readonly params: Params;
  readonly title: string | undefined;
  readonly position: Position | undefined;
  readonly rest: Readonly<Record<string, Json>>;
}

export interface Picture {
  readonly name: string;
  readonly nodes: Readonly<Record<string, NodePicture>>;
  readonly edges: readonly Edge[];
}

/** What is saved as one: the pipeline's name and its graph. */
export interface Content {
  name: string;
  graph: Graph;
}

const OWN_FIELDS = new Set(['kind', 'params', 'title', 'position']);
const HERE = Symbol('an edit made in this tab');
/** Edits with the same merge key within this many milliseconds are one step back. */
const MERGE_WINDOW = 1200;

/**
 * The pipeline being edited: a Y.Doc with a map of nodes and a map of edges, read as an immutable picture.
 * Every change goes through `perform`, so undo, autosave and other editors see the same named operations.
 */
export class PipelineDocument {
  readonly y = new Y.Doc();
  readonly nodes = this.y.getMap<Y.Map<unknown>>('nodes');
  readonly edges = this.y.getMap<Edge>('edges');
  readonly about = this.y.getMap<string>('about');
  readonly history = new Y.UndoManager([this.nodes, this.edges, this.about], {
    captureTimeout: Number.MAX_SAFE_INTEGER,
    trackedOrigins: new Set([HERE]),
  });
  picture: Picture = { name: '', nodes: {}, edges: [] };
  private version = 1;
  private current: Operation = { name: 'edit' };
  private merging: { key: string; at: number } | null = null;
  private readonly listeners = new Set<() => void>();

  constructor(content: Content) {
    this.history.on('stack-item-added', ({ stackItem }) => {
      stackItem.meta.set('operation', this.current);
    });
    this.nodes.observeDeep((events) => this.redraw(events));
    this.edges.observe(() => this.redrawEdges());
    this.about.observe(() => (this.picture = { ...this.picture, name: this.about.get('name') ?? '' }));
    this.y.on('afterTransaction', (transaction) => {
      if (transaction.changed.size > 0) this.announce();
    });
    this.load(content);
    this.history.clear();
    this.history.stopCapturing();
  }

  /** Makes an edit that can be undone as one step. Edits sharing `mergeKey` in quick succession are one step. */
  perform(operation: Operation, change: () => void, mergeKey?: string): void {
    const now = Date.now();
    const goesOn = mergeKey !== undefined && this.merging?.key === mergeKey && now - this.merging.at < MERGE_WINDOW;
    if (!goesOn) this.history.stopCapturing();
    this.merging = mergeKey === undefined ? null : { key: mergeKey, at: now };
    this.current = operation;
    this.y.transact(change, HERE);
  }

  /** Takes the whole of another version, as one step that can be undone. */
  replace(content: Content, operation: Operation): void {
    this.perform(operation, () => this.load(content));
  }

  undo(): void {
    this.step(this.undoable, () => this.history.undo());
  }

  redo(): void {
    this.step(this.redoable, () => this.history.redo());
  }

  get undoable(): Operation | null {
    return operationOf(this.history.undoStack.at(-1));
  }

  get redoable(): Operation | null {
    return operationOf(this.history.redoStack.at(-1));
  }

  /** The graph as the contract writes it. */
  toJson(): Graph {
    const nodes: Record<string, GraphNode> = {};
    for (const node of Object.values(this.picture.nodes)) nodes[node.id] = nodeJson(node);
    return {
      version: this.version,
      nodes,
      edges: this.picture.edges.map(({ source, target }) => ({ source, target })),
    };
  }

  get content(): Content {
    return { name: this.picture.name, graph: this.toJson() };
  }

  subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  putNode(id: string, node: GraphNode): void {
    const entry = new Y.Map<unknown>();
    const params = new Y.Map<Json>();
    for (const [key, value] of Object.entries(node.params ?? {})) params.set(key, value);
    for (const [key, value] of Object.entries(node)) {
      if (key !== 'params' && value !== undefined) entry.set(key, value);
    }
    entry.set('params', params);
    this.nodes.set(id, entry);
  }

  putEdge(edge: Edge): void {
    this.edges.set(edgeId(edge), { source: edge.source, target: edge.target });
  }

  private load({ name, graph }: Content): void {
    this.y.transact(() => {
      this.about.set('name', name);
      this.version = graph.version;
      const ids = new Set(Object.keys(graph.nodes));
      const edges = new Set(graph.edges.map(edgeId));
      for (const id of [...this.nodes.keys()]) if (!ids.has(id)) this.nodes.delete(id);
      for (const id of [...this.edges.keys()]) if (!edges.has(id)) this.edges.delete(id);
      for (const [id, node] of Object.entries(graph.nodes)) this.putNode(id, node);
      for (const edge of graph.edges) this.putEdge(edge);
    }, HERE);
  }

  private step(operation: Operation | null, move: () => void): void {
    if (!operation) return;
    this.current = operation;
    this.merging = null;
    move();
  }

  private redraw(events: Y.YEvent<Y.AbstractType<unknown>>[]): void {
    const touched = new Set<string>();
    for (const event of events) {
      if (event.target === (this.nodes as unknown)) for (const id of event.keys.keys()) touched.add(id);
      else touched.add(String(event.path[0]));
    }
    const nodes = { ...this.picture.nodes };
    for (const id of touched) {
      const entry = this.nodes.get(id);
      if (entry) nodes[id] = drawNode(id, entry);
      else delete nodes[id];
    }
    this.picture = { ...this.picture, nodes };
  }

  private redrawEdges(): void {
    this.picture = { ...this.picture, edges: [...this.edges.values()] };
  }

  private announce(): void {
    for (const listener of [...this.listeners]) listener();
  }
}

function operationOf(item: { meta: Map<unknown, unknown> } | undefined): Operation | null {
  return item ? ((item.meta.get('operation') as Operation | undefined) ?? { name: 'edit' }) : null;
}

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

export function nodeJson(node: NodePicture): GraphNode {
  return {
    kind: node.kind,
    params: node.params,
    ...(node.title === undefined ? {} : { title: node.title }),
    ...(node.position === undefined ? {} : { position: node.position }),
    ...node.rest,
  };
}
