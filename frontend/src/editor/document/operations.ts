/** Every edit a person can make to a pipeline. Nothing else writes to the document. */
import * as Y from 'yjs';

import type { Fragment } from './clipboard';
import type { PipelineDocument } from './document';
import { edgeId, endpoint, nodeOf, type Edge, type GraphNode, type Json, type Params, type Position } from './graph';
import { alignedPositions, layeredPositions, type Alignment, type Size } from './layout';
import { freshId, freshName } from './names';
import { putParts, withPartNames, type PartFields } from './parts';

type Positions = Readonly<Record<string, Position>>;

export interface NewNode {
  kind: string;
  position: Position;
  params?: Params;
  title?: string;
  /** What undo calls it; the kind's title. */
  named?: string;
  /** A wire drawn along with it: this output into `port` of the new node, or `port` of the new node into this input. */
  wire?: { from: string; port: string } | { to: string; port: string };
}

/** Adds a node and returns its id. */
export function addNode(document: PipelineDocument, node: NewNode): string {
  const id = freshId(node.kind, (taken) => document.nodes.has(taken));
  document.perform({ name: 'addNode', subject: node.title ?? node.named ?? node.kind }, () => {
    const params = withFreshName(document, node.kind, node.params ?? {});
    const title = node.title === undefined ? {} : { title: node.title };
    document.putNode(id, { kind: node.kind, params, position: rounded(node.position), ...title });
    if (node.wire && 'from' in node.wire) wire(document, { source: node.wire.from, target: `${id}.${node.wire.port}` });
    if (node.wire && 'to' in node.wire) wire(document, { source: `${id}.${node.wire.port}`, target: node.wire.to });
  });
  return id;
}

export function removeNodes(document: PipelineDocument, ids: readonly string[], edges: readonly string[] = []): void {
  const gone = new Set(ids.filter((id) => document.nodes.has(id)));
  const cut = new Set(edges.filter((id) => document.edges.has(id)));
  if (gone.size === 0 && cut.size === 0) return;
  const operation = gone.size > 0 ? { name: 'removeNodes', count: gone.size } : { name: 'disconnect', count: cut.size };
  document.perform(operation, () => {
    for (const id of gone) document.nodes.delete(id);
    for (const [id, edge] of [...document.edges.entries()]) {
      if (cut.has(id) || gone.has(nodeOf(edge.source)) || gone.has(nodeOf(edge.target))) document.edges.delete(id);
    }
  });
}

export function moveNodes(document: PipelineDocument, positions: Positions, mergeKey?: string): void {
  place(document, 'moveNodes', positions, mergeKey);
}

export function setParam(document: PipelineDocument, id: string, key: string, value: Json | undefined): void {
  const entry = document.nodes.get(id);
  const params = entry?.get('params');
  if (!(params instanceof Y.Map)) return;
  document.perform(
    { name: 'setParam', subject: key },
    () => (value === undefined ? params.delete(key) : params.set(key, value)),
    `setParam:${id}:${key}`,
  );
}

/** Gives a node a title of its own; an empty one brings its kind's title back. */
export function rename(document: PipelineDocument, id: string, title: string): void {
  const entry = document.nodes.get(id);
  const wanted = title.trim();
  if (!entry || (entry.get('title') ?? '') === wanted) return;
  document.perform({ name: 'rename', subject: wanted }, () => {
    if (wanted) entry.set('title', wanted);
    else entry.delete('title');
  });
}

export function renamePipeline(document: PipelineDocument, name: string): void {
  const wanted = name.trim();
  if (!wanted || wanted === document.picture.name) return;
  document.perform({ name: 'renamePipeline', subject: wanted }, () => document.about.set('name', wanted));
}

/** A knob that is set along with a wire. */
interface Tuning {
  readonly node: string;
  readonly param: string;
  readonly value: Json;
}

/** Draws a wire; an input that takes one wire gives up the one it had. */
export function connect(document: PipelineDocument, edge: Edge, tuning: Tuning | null = null): void {
  if (document.edges.has(edgeId(edge))) return;
  document.perform({ name: 'connect' }, () => {
    tune(document, tuning);
    wire(document, edge);
  });
}

function tune(document: PipelineDocument, tuning: Tuning | null): void {
  const params = tuning && document.nodes.get(tuning.node)?.get('params');
  if (params instanceof Y.Map) params.set(tuning?.param as string, tuning?.value);
}

export function disconnect(document: PipelineDocument, ids: readonly string[]): void {
  removeNodes(document, [], ids);
}

/** Moves one end of a wire in a single step. */
export function reconnect(document: PipelineDocument, old: string, edge: Edge, tuning: Tuning | null = null): void {
  document.perform({ name: 'reconnect' }, () => {
    document.edges.delete(old);
    tune(document, tuning);
    wire(document, edge);
  });
}

/** Puts copied nodes down with their top left corner at `at`, and the parts they need; returns the new ids. */
export function paste(
  document: PipelineDocument,
  fragment: Fragment,
  at: Position,
  partFields?: PartFields,
  name = 'paste',
): string[] {
  let ids: string[] = [];
  document.perform({ name, count: Object.keys(fragment.nodes).length }, () => {
    ids = putFragment(document, fragment, at, partFields);
  });
  return ids;
}

export function duplicate(document: PipelineDocument, fragment: Fragment, partFields?: PartFields): string[] {
  const [left, top] = cornerOf(fragment);
  return paste(document, fragment, [left + 32, top + 32], partFields, 'duplicate');
}

/** What `paste` does, within an edit; with `keep` ids stay as they are where they are free. */
export function putFragment(
  document: PipelineDocument,
  fragment: Fragment,
  at: Position,
  partFields?: PartFields,
  keep = false,
): string[] {
  const renamed = new Map<string, string>();
  const parts = putParts(document, fragment.parts ?? {});
  const [left, top] = cornerOf(fragment);
  for (const [id, node] of Object.entries(fragment.nodes)) {
    const free = keep && !document.nodes.has(id);
    const fresh = free ? id : freshId(node.kind, (taken) => document.nodes.has(taken));
    renamed.set(id, fresh);
    const [x, y] = node.position ?? [left, top];
    const named = partFields ? withPartNames(node.params ?? {}, partFields(node.kind), parts) : (node.params ?? {});
    const params = withFreshName(document, node.kind, named);
    document.putNode(fresh, { ...node, params, position: rounded([at[0] + x - left, at[1] + y - top]) });
  }
  for (const edge of fragment.edges) {
    const [source, target] = [endpoint(edge.source), endpoint(edge.target)];
    const ends = [renamed.get(source[0]), renamed.get(target[0])];
    if (ends[0] && ends[1]) document.putEdge({ source: `${ends[0]}.${source[1]}`, target: `${ends[1]}.${target[1]}` });
  }
  return [...renamed.values()];
}

type Extra = 'pinned' | 'reliability';

/** Says something more of a node: its pinned outputs, how hard it is tried. An empty object says nothing. */
function setExtra(
  document: PipelineDocument,
  id: string,
  key: Extra,
  value: GraphNode[Extra],
  mergeKey?: string,
): void {
  const entry = document.nodes.get(id);
  if (!entry) return;
  const empty = !value || Object.keys(value as object).length === 0;
  document.perform(
    { name: key === 'pinned' && empty ? 'unpin' : key },
    () => (empty ? entry.delete(key) : entry.set(key, value)),
    mergeKey,
  );
}

/** Keeps these outputs, by port: from now on the node gives them without working. */
export const pin = (document: PipelineDocument, id: string, outputs: Readonly<Record<string, Json>>): void =>
  setExtra(document, id, 'pinned', { ...outputs });

export const unpin = (document: PipelineDocument, id: string): void => setExtra(document, id, 'pinned', undefined);

/** How hard a node is tried; without a value its family's own measure holds. */
export function setReliability(document: PipelineDocument, id: string, key: string, value: number | undefined): void {
  const { [key]: _, ...others } = (document.picture.nodes[id]?.rest['reliability'] ?? {}) as Record<string, Json>;
  const next = value === undefined ? others : { ...others, [key]: value };
  setExtra(document, id, 'reliability', next, `reliability:${id}:${key}`);
}

/** Lays all nodes out from left to right by what they hang on. `sizes` in pixels, as measured on the canvas. */
export function autoLayout(document: PipelineDocument, sizes: Readonly<Record<string, Size>>): void {
  place(document, 'autoLayout', layeredPositions(Object.keys(document.picture.nodes), document.picture.edges, sizes));
}

export function align(
  document: PipelineDocument,
  how: Alignment,
  boxes: Readonly<Record<string, Size & { at: Position }>>,
): void {
  place(document, 'align', alignedPositions(how, boxes));
}

function place(document: PipelineDocument, name: string, positions: Positions, mergeKey?: string): void {
  const moved = Object.entries(positions).filter(([id, to]) => {
    const at = document.picture.nodes[id]?.position;
    return document.nodes.has(id) && !(at && at[0] === Math.round(to[0]) && at[1] === Math.round(to[1]));
  });
  if (moved.length === 0) return;
  document.perform(
    { name, count: moved.length },
    () => moved.forEach(([id, to]) => document.nodes.get(id)?.set('position', rounded(to))),
    mergeKey,
  );
}

function wire(document: PipelineDocument, edge: Edge): void {
  for (const [id, other] of [...document.edges.entries()]) if (other.target === edge.target) document.edges.delete(id);
  document.putEdge(edge);
}

/** Inputs and outputs of a pipeline are told apart by name, so a second "question" becomes "question_2". */
function withFreshName(document: PipelineDocument, kind: string, params: Params): Params {
  const { name } = params;
  const family = kind.split('.')[0];
  if (typeof name !== 'string' || (family !== 'input' && family !== 'output')) return params;
  const taken = new Set<unknown>();
  for (const node of document.nodes.values()) {
    const others = node.get('params');
    if (String(node.get('kind')).startsWith(`${family}.`) && others instanceof Y.Map) taken.add(others.get('name'));
  }
  return { ...params, name: freshName(name, (candidate) => taken.has(candidate)) };
}

export function cornerOf(fragment: Pick<Fragment, 'nodes'>): Position {
  const positions = Object.values(fragment.nodes).map((node) => node.position ?? [0, 0]);
  return [Math.min(...positions.map(([x]) => x)), Math.min(...positions.map(([, y]) => y))];
}

const rounded = ([x, y]: Position): Position => [Math.round(x), Math.round(y)];
