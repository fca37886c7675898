import { createStore, type StoreApi } from 'zustand/vanilla';

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

/** Watches one run at a time, and tells when it ends. */
export function createRunStore(onEnd: (id: string, run: RunState) => void = () => undefined) {
  const store = createStore<WatchedRun>(() => NOTHING);
  const arrivals = gathered((entries) => takeIn(store, entries, onEnd));
  let stop = (): void => undefined;
  const clear = (): void => {
    stop();
    stop = () => undefined;
    arrivals.drop();
  };
  return Object.assign(store, {
    watch({ id, number = null, graph = null, inputs = {} }: RunToWatch): void {
      clear();
      store.setState({ ...NOTHING, id, number, graph, inputs, entries: [] });
      stop = follow(id, '', {
        onEntries: arrivals.add,
        onLink: (link) => {
          if (link === 'ended') arrivals.flush();
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

function takeIn(
  store: StoreApi<WatchedRun>,
  arrived: readonly LogEntry[],
  onEnd: (id: string, run: RunState) => void,
): void {
  const { run: before, entries, id } = store.getState();
  const run = foldAll(before, arrived);
  const log = entries as LogEntry[];
  log.push(...arrived);
  store.setState({ run, entryCount: log.length, zero: performance.now() - run.at * 1000 });
  if (run.finished && !before.finished && id) onEnd(id, run);
}

/** Entries that arrive together are handed on together, once a frame, so tokens cost one drawing. */
function gathered(take: (entries: readonly LogEntry[]) => void) {
  let waiting: LogEntry[] = [];
  let frame: number | null = null;
  const drop = (): void => {
    if (frame !== null) cancelPicture(frame);
    frame = null;
    waiting = [];
  };
  const flush = (): void => {
    const entries = waiting;
    drop();
    if (entries.length > 0) take(entries);
  };
  const add = (entries: readonly LogEntry[]): void => {
    waiting.push(...entries);
    frame ??= nextPicture(flush);
  };
  return { add, flush, drop };
}

// A hidden tab draws no frames, but its run must go on being read.
const nextPicture = (call: () => void): number =>
  document.visibilityState === 'visible' ? requestAnimationFrame(call) : -window.setTimeout(call, 100);
const cancelPicture = (id: number): void => (id < 0 ? window.clearTimeout(-id) : cancelAnimationFrame(id));
