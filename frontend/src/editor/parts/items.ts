import type { PartPicture } from '../document/document';
import { itemsOf, waitsWithin, type Item, type Steps } from '../run/paths';

export type ItemState = 'running' | 'waiting' | 'done' | 'failed';

/** How one run of a part stands, told from its steps: it is done when its outputs are. */
export function stateOf(steps: Steps, item: Item, outputs: ReadonlySet<string>): ItemState {
  const inner = item.steps.map((path) => ({ path, id: path.slice(path.lastIndexOf('/') + 1), step: steps[path] }));
  if (inner.some(({ path, step }) => step?.status === 'waiting' || waitsWithin(steps, path))) return 'waiting';
  const ends = inner.filter(({ id }) => outputs.has(id));
  if (ends.length > 0 && ends.length === outputs.size && ends.every(({ step }) => step?.status === 'done'))
    return 'done';
  const under = inner.some(({ step }) => step && ['running', 'streaming', 'queued'].includes(step.status));
  if (!under && inner.some(({ step }) => step?.status === 'failed')) return 'failed';
  return 'running';
}

/** The output nodes of a part: what it is run for. */
export const outputsOf = (part: PartPicture | undefined): ReadonlySet<string> =>
  new Set(
    Object.values(part?.graph.nodes ?? {})
      .filter((node) => node.kind.startsWith('output.'))
      .map((node) => node.id),
  );

/** What ran inside a flow node, each with how it stands; while the node is done nothing in it is under way. */
export function itemStates(
  steps: Steps,
  path: string,
  partFor: (at: number | null) => PartPicture | undefined,
): { at: number | null; state: ItemState }[] {
  const ended = ['done', 'failed', 'skipped'].includes(steps[path]?.status ?? '');
  return itemsOf(steps, path).map((item) => {
    const state = stateOf(steps, item, outputsOf(partFor(item.at)));
    return { at: item.at, state: ended && state === 'running' ? 'done' : state };
  });
}

/** How many items there are to be, where the step says it: `3 of 12`. */
export function totalIn(note: string): number | null {
  const found = / (\d+)\D*$/.exec(note.split(',')[0] ?? '');
  return found ? Number(found[1]) : null;
}
