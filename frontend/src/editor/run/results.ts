import { documentsIn, type DocumentForm } from '@/values/forms';
import type { Picture } from '../document/document';
import { endpoint, nodeOf, wiresOf, type Edge, type Json } from '../document/graph';
import type { RunState, StepState } from './events';

export interface Result {
  readonly port: string;
  readonly value: Json | undefined;
  readonly streaming: boolean;
}

/** What a step has given so far at one of its ports: its value, or the text as it comes. */
export function resultAt(step: StepState | undefined, port: string): Result | null {
  if (!step) return null;
  const value = step.outputs?.[port];
  if (value !== undefined) return { port, value, streaming: false };
  const stream = step.streams[port];
  if (stream) return { port, value: stream.text, streaming: step.status === 'streaming' };
  return null;
}

/** What a node shows: its first output that says something, for an output node what is wired into it. */
export function resultOf(run: RunState, picture: Picture, node: string): Result | null {
  const step = run.steps[node];
  const into = wiresOf(picture.edges).into.get(node) ?? [];
  const isOutput = picture.nodes[node]?.kind.startsWith('output.') ?? false;
  if (isOutput) {
    const name = picture.nodes[node]?.params['name'];
    const given = typeof name === 'string' ? run.outputs[name] : undefined;
    if (given !== undefined) return { port: 'value', value: given, streaming: false };
    const source = into[0] && endpoint(into[0].source);
    return source ? resultAt(run.steps[source[0]], source[1]) : null;
  }
  const ports = [...Object.keys(step?.outputs ?? {}), ...Object.keys(step?.streams ?? {})];
  if (ports.length > 0) return resultAt(step, ports[0] as string);
  const preview = step?.previews.at(-1);
  return preview === undefined ? null : { port: '', value: preview, streaming: false };
}

/**
 * The documents that `[1]`, `[2]`, ... in a node's text mean: those it puts out itself, else those of the nearest node before it that has any.
 */
export function citedDocuments(run: RunState, edges: readonly Edge[], node: string): readonly DocumentForm[] {
  const seen = new Set<string>();
  let ring = [node];
  while (ring.length > 0) {
    for (const id of ring) {
      seen.add(id);
      const found = Object.values(run.steps[id]?.outputs ?? {})
        .map(documentsIn)
        .find((documents) => documents.length > 0);
      if (found) return found;
    }
    const before = ring.flatMap((id) => (wiresOf(edges).into.get(id) ?? []).map((edge) => nodeOf(edge.source)));
    ring = [...new Set(before)].filter((id) => !seen.has(id));
  }
  return [];
}
