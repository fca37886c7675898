import { documentsIn, type DocumentForm } from '@/values/forms';
import type { GraphPicture } from '../document/picture';
import { endpoint, nodeOf, wiresOf, type Edge, type Json } from '../document/graph';
import type { RunState, StepState } from './events';

export interface Result {
  readonly port: string;
  readonly value: Json | undefined;
  readonly streaming: boolean;
  /** Of a sound that comes in pieces: their artifacts so far. */
  readonly pieces?: readonly string[];
}

/** What a step has given so far at one of its ports: its value, or the text as it comes. */
export function resultAt(step: StepState | undefined, port: string): Result | null {
  if (!step) return null;
  const value = step.outputs?.[port];
  const sound = step.sounds[port];
  if (sound) return { port, value, streaming: value === undefined, pieces: sound.pieces };
  if (value !== undefined) return { port, value, streaming: false };
  const stream = step.streams[port];
  if (stream) return { port, value: stream.text, streaming: step.status === 'streaming' };
  return null;
}

/**
 * What a node shows: its first output that says something, for an output node what is wired into it. `place` is what the paths of
 * the graph's steps begin with, where it is a part's; `order` are the node's outputs as its kind has them.
 */
export function resultOf(
  run: RunState,
  picture: GraphPicture,
  node: string,
  place = '',
  order: readonly string[] = [],
): Result | null {
  const step = run.steps[place + node];
  if (picture.nodes[node]?.kind.startsWith('output.')) return resultOfOutput(run, picture, node, place);
  const there = [step?.outputs, step?.streams, step?.sounds].flatMap((each) => Object.keys(each ?? {}));
  // What comes out of the database has its fields in an order of its own.
  const ports = [...order.filter((port) => there.includes(port)), ...there];
  const first = ports.find((port) => step?.outputs?.[port] !== '') ?? ports[0];
  if (first !== undefined) return resultAt(step, first);
  const preview = step?.previews.at(-1);
  return preview === undefined ? null : { port: '', value: preview, streaming: false };
}

function resultOfOutput(run: RunState, picture: GraphPicture, node: string, place: string): Result | null {
  const { kind, params } = picture.nodes[node] ?? {};
  const name = params?.['name'];
  const told = run.steps[place + node]?.outputs?.['value'];
  const given = place === '' && typeof name === 'string' ? run.outputs[name] : told;
  const wire = wiresOf(picture.edges).into.get(node)?.[0];
  const source = wire && endpoint(wire.source);
  const there = source ? resultAt(run.steps[place + source[0]], source[1]) : null;
  if (given !== undefined)
    return { port: 'value', value: given, streaming: false, ...(there?.pieces ? { pieces: there.pieces } : {}) };
  return there ?? (kind === 'output.text' ? draftFor(run, picture.edges, node, place) : null);
}

/** The text on its way to an output while nodes between are still to work on it: what the nearest node before it is writing. */
function draftFor(run: RunState, edges: readonly Edge[], node: string, place: string): Result | null {
  if (run.finished) return null;
  for (const id of nearestFirst(edges, node)) {
    const [port, stream] = Object.entries(run.steps[place + id]?.streams ?? {})[0] ?? [];
    if (port !== undefined && stream) return { port, value: stream.text, streaming: true };
  }
  return null;
}

/** A node, then what feeds it, then what feeds that, each once. */
function* nearestFirst(edges: readonly Edge[], node: string): Generator<string> {
  const seen = new Set<string>();
  for (let ring = [node]; ring.length > 0;) {
    yield* ring;
    for (const id of ring) seen.add(id);
    const before = ring.flatMap((id) => (wiresOf(edges).into.get(id) ?? []).map((edge) => nodeOf(edge.source)));
    ring = [...new Set(before)].filter((id) => !seen.has(id));
  }
}

/**
 * The documents that `[1]`, `[2]`, ... in a node's text mean: those it puts out itself, else those of the nearest node before it that has any.
 */
export function citedDocuments(
  run: RunState,
  edges: readonly Edge[],
  node: string,
  place = '',
): readonly DocumentForm[] {
  for (const id of nearestFirst(edges, node)) {
    const outputs = Object.values(run.steps[place + id]?.outputs ?? {});
    const found = outputs.map(documentsIn).find((documents) => documents.length > 0);
    if (found) return found;
  }
  return [];
}
