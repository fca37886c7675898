/** The edits a person can make to the parts of a pipeline. */
import * as Y from 'yjs';

import type { PipelineDocument } from './document';
import { samePart, type Graph, type Json, type Params, type Part, type Source } from './graph';
import { freshName } from './names';
import { partJson } from './picture';

/** The parameters of a kind whose values name parts. */
export type PartFields = (kind: string) => readonly string[];

/** Adds a part under a free name like `wanted`, lets `node`'s parameter name it, and returns that name. */
export function addPart(
  document: PipelineDocument,
  part: Part,
  { node, field }: { node: string; field: string },
): string {
  const name = freshPartName(document, part.title ?? 'part');
  document.perform({ name: 'addPart', subject: part.title ?? name }, () => {
    document.putPart(name, part);
    const params = document.nodes.get(node)?.get('params');
    if (params instanceof Y.Map) params.set(field, name);
  });
  return name;
}

export function removeParts(document: PipelineDocument, names: readonly string[]): void {
  if (names.length === 0) return;
  document.perform({ name: 'removeParts', count: names.length }, () =>
    names.forEach((name) => document.parts.delete(name)),
  );
}

/** Gives a part a title; its name, by which nodes know it, stays. */
export function renamePart(document: PipelineDocument, name: string, title: string): void {
  const entry = document.parts.get(name);
  const wanted = title.trim();
  if (!entry || !wanted || entry.get('title') === wanted) return;
  document.perform({ name: 'renamePart', subject: wanted }, () => entry.set('title', wanted));
}

/** Takes another version of the pipeline that a part is a copy of. */
export function updatePart(document: PipelineDocument, name: string, graph: Graph, source: Source): void {
  const part = document.picture.parts[name];
  if (!part) return;
  const title = part.title === undefined ? {} : { title: part.title };
  document.perform({ name: 'updatePart', subject: part.title ?? name }, () =>
    document.putPart(name, { graph, source, ...title }),
  );
}

/** Makes a linked part this pipeline's own, to be changed here. */
export function unlinkPart(document: PipelineDocument, name: string): void {
  const entry = document.parts.get(name);
  if (!entry?.has('source')) return;
  document.perform({ name: 'unlinkPart', subject: String(entry.get('title') ?? name) }, () => entry.delete('source'));
}

/** Puts parts down beside those that are there; an equal one is shared. Returns the name that each was given. */
export function putParts(document: PipelineDocument, parts: Readonly<Record<string, Part>>): Map<string, string> {
  const given = new Map<string, string>();
  for (const [name, part] of Object.entries(parts)) {
    const there = document.picture.parts[name];
    const shared = there !== undefined && samePart(partJson(there), part);
    const fresh = shared ? name : freshName(name, (taken) => document.parts.has(taken));
    if (!shared) document.putPart(fresh, part);
    given.set(name, fresh);
  }
  return given;
}

/** Parameters with the parts in `fields` called as they are called now. */
export function withPartNames(params: Params, fields: readonly string[], given: ReadonlyMap<string, string>): Params {
  const called = (value: Json): Json => {
    if (typeof value === 'string') return given.get(value) ?? value;
    return Array.isArray(value) ? value.map(called) : value;
  };
  return Object.fromEntries(
    Object.entries(params).map(([key, value]) => [key, fields.includes(key) ? called(value) : value]),
  );
}

/** `Sum it up!` → `sum_it_up`, or `sum_it_up_2` where that is taken. */
export function freshPartName(document: PipelineDocument, title: string): string {
  const plain = title
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '_')
    .replace(/^_+|_+$/g, '')
    .slice(0, 40);
  return freshName(/^[a-z]/.test(plain) ? plain : `part${plain && `_${plain}`}`, (taken) => document.parts.has(taken));
}
