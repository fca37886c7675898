import * as Y from 'yjs';

import { edgeId, sameJson, type Edge, type Graph, type GraphNode, type Json, type Part } from './graph';
import { Drawer, graphJson, mapsOf, NO_GRAPH, nodeJson, type GraphMaps, type GraphPicture } from './picture';

export type { GraphPicture, NodePicture, PartPicture, Parts } from './picture';

/** What an edit is called, for undo and for whoever edits along. `count` and `name` fill the sentence. */
export interface Operation {
  name: string;
  count?: number;
  subject?: string;
}

/** The graph that is open, with the name of the pipeline it belongs to. */
export interface Picture extends GraphPicture {
  readonly name: string;
}

/** One step down: the part that was opened, and the node that it was opened at. */
export interface Opened {
  readonly node: string;
  readonly part: string;
  /** Which of the node's parts it is, from 0; absent where the node has only one. */
  readonly index?: number;
}

/** What is saved as one: the pipeline's name and its graph. */
export interface Content {
  name: string;
  graph: Graph;
}

const HERE = Symbol('an edit made in this tab');
const NOTHING_TOUCHED = new Map<object, unknown>();
/** Edits with the same merge key within this many milliseconds are one step back. */
const MERGE_WINDOW = 1200;

/**
 * The pipeline being edited: a Y.Doc with maps of nodes, edges and parts, each part with maps of its own, read as immutable
 * pictures. Every change goes through `perform`, so undo, autosave and other editors see the same named operations. `nodes`,
 * `edges`, `parts` and `picture` are those of the graph that is open: the pipeline's own, or a part's after `open`.
 */
export class PipelineDocument {
  readonly y = new Y.Doc();
  readonly about = this.y.getMap<string>('about');
  private readonly top: GraphMaps = {
    nodes: this.y.getMap<Y.Map<unknown>>('nodes'),
    edges: this.y.getMap<Edge>('edges'),
    parts: this.y.getMap<Y.Map<unknown>>('parts'),
  };
  readonly history = new Y.UndoManager([this.top.nodes, this.top.edges, this.top.parts, this.about], {
    captureTimeout: Number.MAX_SAFE_INTEGER,
    // Else a wire that was cut, drawn again and taken back twice would not come back: its place counts as somebody else's.
    ignoreRemoteMapChanges: true,
    trackedOrigins: new Set([HERE]),
  });
  /** The whole pipeline, whichever part is open. */
  root: Picture = { name: '', ...NO_GRAPH };
  picture: Picture = this.root;
  /** How the open graph was come to; empty for the pipeline's own. */
  trail: readonly Opened[] = [];
  private maps: GraphMaps = this.top;
  private readonly drawer = new Drawer();
  private version = 1;
  private current: Operation = { name: 'edit' };
  private merging: { key: string; at: number } | null = null;
  private readonly listeners = new Set<() => void>();

  constructor(content: Content) {
    this.history.on('stack-item-added', ({ stackItem }) => {
      stackItem.meta.set('operation', this.current);
      if (!stackItem.meta.has('trail')) stackItem.meta.set('trail', this.trail);
    });
    this.y.on('afterTransaction', (transaction) => {
      if (transaction.changed.size === 0) return;
      this.redraw(transaction.changedParentTypes);
      this.announce();
    });
    this.load(content);
    this.history.clear();
    this.history.stopCapturing();
  }

  get nodes(): GraphMaps['nodes'] {
    return this.maps.nodes;
  }

  get edges(): GraphMaps['edges'] {
    return this.maps.edges;
  }

  get parts(): GraphMaps['parts'] {
    return this.maps.parts;
  }

  /** Opens a part, or with an empty trail the pipeline's own graph; as far down as the trail leads. */
  open(trail: readonly Opened[]): void {
    this.trail = trail;
    this.merging = null;
    this.redraw(NOTHING_TOUCHED);
    this.announce();
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

  /** Takes back the last edit, where it was made. */
  undo(): void {
    this.step(this.history.undoStack.at(-1), () => this.history.undo());
  }

  redo(): void {
    this.step(this.history.redoStack.at(-1), () => this.history.redo());
  }

  get undoable(): Operation | null {
    return operationOf(this.history.undoStack.at(-1));
  }

  get redoable(): Operation | null {
    return operationOf(this.history.redoStack.at(-1));
  }

  /** The whole graph as the contract writes it. */
  toJson(): Graph {
    return graphJson(this.root, this.version);
  }

  get content(): Content {
    return { name: this.root.name, graph: this.toJson() };
  }

  subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  putNode(id: string, node: GraphNode): void {
    putNode(this.maps, id, node);
  }

  putEdge(edge: Edge): void {
    putEdge(this.maps, edge);
  }

  putPart(name: string, part: Part): void {
    putPart(this.maps, name, part);
  }

  private load({ name, graph }: Content): void {
    this.y.transact(() => {
      this.about.set('name', name);
      this.version = graph.version;
      const [nodes, parts] = [this.root.nodes, graph.parts ?? {}];
      const edges = new Set(graph.edges.map(edgeId));
      for (const id of [...this.top.nodes.keys()]) if (!graph.nodes[id]) this.top.nodes.delete(id);
      for (const id of [...this.top.edges.keys()]) if (!edges.has(id)) this.top.edges.delete(id);
      for (const id of [...this.top.parts.keys()]) if (!parts[id]) this.top.parts.delete(id);
      for (const [id, node] of Object.entries(graph.nodes))
        if (!nodes[id] || !sameJson(nodeJson(nodes[id]), node)) putNode(this.top, id, node);
      for (const edge of graph.edges) putEdge(this.top, edge);
      for (const [id, part] of Object.entries(parts)) putPart(this.top, id, part);
    }, HERE);
  }

  private step(item: StackItem | undefined, move: () => void): void {
    if (!item) return;
    this.current = operationOf(item) ?? this.current;
    this.trail = (item.meta.get('trail') as readonly Opened[] | undefined) ?? [];
    this.merging = null;
    move();
  }

  private redraw(touched: ReadonlyMap<object, unknown>): void {
    this.root = { name: this.about.get('name') ?? '', ...this.drawer.graph(this.top, touched) };
    this.maps = this.top;
    let graph: GraphPicture = this.root;
    const reached: Opened[] = [];
    for (const opened of this.trail) {
      const entry = this.maps.parts.get(opened.part);
      const part = graph.parts[opened.part];
      if (!entry || !part) break; // the part is gone: what held it is open
      this.maps = mapsOf(entry);
      graph = part.graph;
      reached.push(opened);
    }
    if (reached.length < this.trail.length) this.trail = reached;
    const { nodes, edges, parts } = graph;
    const { name } = this.root;
    const same =
      name === this.picture.name &&
      nodes === this.picture.nodes &&
      edges === this.picture.edges &&
      parts === this.picture.parts;
    if (!same) this.picture = { name, nodes, edges, parts };
  }

  private announce(): void {
    for (const listener of [...this.listeners]) listener();
  }
}

type StackItem = { meta: Map<unknown, unknown> };

function operationOf(item: StackItem | undefined): Operation | null {
  return item ? ((item.meta.get('operation') as Operation | undefined) ?? { name: 'edit' }) : null;
}

function putNode({ nodes }: GraphMaps, id: string, node: GraphNode): void {
  const entry = new Y.Map<unknown>();
  const params = new Y.Map<Json>();
  for (const [key, value] of Object.entries(node.params ?? {})) params.set(key, value);
  for (const [key, value] of Object.entries(node)) {
    if (key !== 'params' && value !== undefined) entry.set(key, value);
  }
  entry.set('params', params);
  nodes.set(id, entry);
}

function putEdge({ edges }: GraphMaps, edge: Edge): void {
  edges.set(edgeId(edge), { source: edge.source, target: edge.target });
}

function putPart({ parts }: GraphMaps, name: string, { graph, title, source }: Part): void {
  const entry = new Y.Map<unknown>();
  const maps: GraphMaps = { nodes: new Y.Map(), edges: new Y.Map(), parts: new Y.Map() };
  for (const [key, map] of Object.entries(maps)) entry.set(key, map);
  if (title !== undefined) entry.set('title', title);
  if (source !== undefined) entry.set('source', source);
  parts.set(name, entry);
  for (const [id, node] of Object.entries(graph.nodes)) putNode(maps, id, node);
  for (const edge of graph.edges) putEdge(maps, edge);
  for (const [inner, part] of Object.entries(graph.parts ?? {})) putPart(maps, inner, part);
}
