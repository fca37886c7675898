import { createStore } from 'zustand/vanilla';

import type { Graph, Json } from '../document/graph';
import { foldAll, NEW_RUN, type LogEntry, type RunState } from './events';
import { follow, type Link } from './follow';

/** A run as it is being watched: live, picked up again or replayed, always by folding its events. */
export interface WatchedRun {
  readonly id: string | null;
  readonly number: number | null;
  /** The graph that this run ran; null until it is known. */
  readonly graph: Graph | null;
  readonly inputs: Readonly<Record<string, Json>>;
  readonly run: RunState;
  readonly link: Link | null;
  /** All entries so far, in order; the array grows in place, `entryCount` says how far. */
  readonly entries: readonly LogEntry[];
  readonly entryCount: number;
  /** Performance clock at which second 0 of the run was, as near as this browser can tell; for clocks that tick. */
  readonly zero: number;
}

const NOTHING: WatchedRun = {
  id: null,
  number: null,
  graph: null,
  inputs: {},
  run: NEW_RUN,
  link: null,
  entries: [],
  entryCount: 0,
  zero: 0,
};

export type RunStore = ReturnType<typeof createRunStore>;

export interface RunToWatch {
  id: string;
  number?: number | null;
  graph?: Graph | null;
  inputs?: Record<string, Json>;
}

/** Watches one run at a time. Entries that arrive together are folded together, once a frame, so tokens cost one drawing. */
export function createRunStore(onEnd: (id: string, run: RunState) => void = () => undefined) {
  const store = createStore<WatchedRun>(() => NOTHING);
  let stop = (): void => undefined;
  let waiting: LogEntry[] = [];
  let frame: number | null = null;

  const takeIn = (): void => {
    frame = null;
    const { run: before, entries, id } = store.getState();
    const run = foldAll(before, waiting);
    const log = entries as LogEntry[];
    log.push(...waiting);
    waiting = [];
    store.setState({ run, entryCount: log.length, zero: performance.now() - run.at * 1000 });
    if (run.finished && !before.finished && id) onEnd(id, run);
  };

  const clear = (): void => {
    stop();
    stop = () => undefined;
    if (frame !== null) cancelPicture(frame);
    frame = null;
    waiting = [];
  };

  return Object.assign(store, {
    watch(target: RunToWatch): void {
      clear();
      store.setState({ ...NOTHING, ...target, number: target.number ?? null, graph: target.graph ?? null, entries: [], inputs: target.inputs ?? {} });
      stop = follow(target.id, '', {
        onEntries: (entries) => {
          waiting.push(...entries);
          frame ??= nextPicture(takeIn);
        },
        onLink: (link) => {
          if (link === 'ended' && waiting.length > 0) takeIn();
          store.setState({ link });
        },
      });
    },
    forget(): void {
      clear();
      store.setState(NOTHING);
    },
  });
}

// A hidden tab draws no frames, but its run must go on being read.
const nextPicture = (call: () => void): number =>
  document.visibilityState === 'visible' ? requestAnimationFrame(call) : -window.setTimeout(call, 100);
const cancelPicture = (id: number): void => (id < 0 ? window.clearTimeout(-id) : cancelAnimationFrame(id));
