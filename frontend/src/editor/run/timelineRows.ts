import type { Attempt, StepState } from './events';
import { itemsOf, type Item, type Steps } from './paths';

/** A line of the timeline: a step, or one item of several that a part was run for. */
export interface TimelineRow {
  readonly path: string;
  /** How far inside. */
  readonly depth: number;
  /** Null for an item: it is its steps. */
  readonly step: StepState | null;
  /** Number of the item, from 0; null for a step. */
  readonly item: number | null;
  /** Whether it holds further lines. */
  readonly holds: boolean;
  readonly bars: readonly Attempt[];
}

/** The lines to draw, in the order in which they began; what is inside a line follows it where `opened` has its path. */
export function timelineRows(steps: Steps, opened: ReadonlySet<string>): TimelineRow[] {
  const rows: TimelineRow[] = [];
  const addSteps = (paths: readonly string[], depth: number): void => {
    const begun = paths.filter((path) => (steps[path]?.attempts.length ?? 0) > 0 || itemsOf(steps, path).length > 0);
    for (const path of begun.sort((a, b) => startOf(steps, a) - startOf(steps, b))) {
      const step = steps[path];
      const items = itemsOf(steps, path);
      if (!step) continue;
      rows.push({ path, depth, step, item: null, holds: items.length > 0, bars: step.attempts });
      if (opened.has(path)) for (const item of items) addItem(path, item, depth + 1);
    }
  };
  const addItem = (path: string, item: Item, depth: number): void => {
    if (item.at === null) return addSteps(item.steps, depth);
    const own = `${path}[${item.at}]`;
    rows.push({ path: own, depth, step: null, item: item.at, holds: true, bars: spanOf(steps, item) });
    if (opened.has(own)) addSteps(item.steps, depth + 1);
  };
  addSteps(
    Object.keys(steps).filter((path) => !path.includes('/')),
    0,
  );
  return rows;
}

const startOf = (steps: Steps, path: string): number => steps[path]?.attempts[0]?.from ?? Infinity;

/** From the first step's beginning to the last one's end, as one bar. */
function spanOf(steps: Steps, item: Item): Attempt[] {
  const all = item.steps.flatMap((path) => steps[path]?.attempts ?? []);
  if (all.length === 0) return [];
  const open = all.some((attempt) => attempt.to === null);
  const failed = item.steps.map((path) => steps[path]).find((step) => step?.status === 'failed');
  return [
    {
      number: 1,
      from: Math.min(...all.map((attempt) => attempt.from)),
      to: open ? null : Math.max(...all.map((attempt) => attempt.to ?? 0)),
      error: failed?.error ?? null,
    },
  ];
}
