import type { Ask } from '@/api/work';
import type { Json } from '../document/graph';
import { closed, stepAfter } from './steps';
import type { StreamedText } from './stream';

/** What the server tells about a run, one fact each, as the contract lists them. */
export interface RunEvent {
  kind: string;
  node?: string;
  port?: string;
  /** Seconds since the run began. */
  at?: number;
  attempt?: number;
  offset?: number;
  text?: string;
  fraction?: number | null;
  note?: string;
  seconds?: number;
  cached?: boolean;
  reason?: string;
  /** The node that a step was skipped for. */
  because?: string;
  /** The steps before a new one, or itself, that are other than in the run before. */
  changed?: string[];
  status?: string;
  outputs?: Record<string, Json>;
  artifact?: string;
  index?: number;
  error?: RunError | null;
  final?: boolean;
  usage?: Usage;
  /** What is asked of a person, and until when, in seconds since 1970. */
  ask?: Ask;
  due?: number | null;
  by?: string;
  timed_out?: boolean;
}

/** What a step took: seconds until it was its turn, until the model was there and until the first word; what it wrote, and its price. */
export interface Usage {
  queued?: number;
  loaded?: number;
  first?: number;
  tokens?: number;
  /** Tokens a second. */
  rate?: number;
  /** Bytes. */
  memory?: number;
  cost?: { amount: number; currency: string };
}

export interface RunError {
  title: string;
  detail?: string;
  hint?: string;
  node?: string;
}

/** `[event id, event]`; ids are `<claim>-<number>` and ordered. */
export type LogEntry = readonly [id: string, event: RunEvent];

export type StepStatus = 'queued' | 'running' | 'streaming' | 'waiting' | 'done' | 'failed' | 'skipped';

export interface Attempt {
  readonly number: number;
  /** Seconds since the run began. */
  readonly from: number;
  readonly to: number | null;
  readonly error: RunError | null;
}

export interface StreamedSound {
  readonly attempt: number;
  readonly pieces: readonly string[];
}

export interface StepState {
  readonly status: StepStatus;
  readonly attempt: number;
  readonly attempts: readonly Attempt[];
  /** Share done, 0 to 1; null while it can't be told. */
  readonly fraction: number | null;
  readonly note: string;
  readonly streams: Readonly<Record<string, StreamedText>>;
  /** Pictures of what is being made, as values, the newest last. */
  readonly previews: readonly Json[];
  /** Sounds as they come: the artifacts of their pieces in order, by port. */
  readonly sounds: Readonly<Record<string, StreamedSound>>;
  readonly outputs: Readonly<Record<string, Json>> | null;
  readonly seconds: number | null;
  readonly cached: boolean;
  /** Why the result is from the cache or not, or why there is none: a word of the engine's. */
  readonly reason: string;
  readonly because: string;
  /** What is other than in the run before, where that is why it was run again: paths of steps. */
  readonly changed: readonly string[];
  readonly error: RunError | null;
  readonly usage: Usage | null;
  /** What it waits for; null once that has come. */
  readonly ask: Ask | null;
  /** Seconds since 1970. */
  readonly due: number | null;
  /** How the waiting ended. */
  readonly answered: { readonly by: string; readonly timedOut: boolean } | null;
}

export interface RunState {
  readonly lastId: string;
  readonly started: boolean;
  readonly finished: boolean;
  readonly status: string;
  readonly steps: Readonly<Record<string, StepState>>;
  readonly outputs: Readonly<Record<string, Json>>;
  readonly error: RunError | null;
  /** Seconds since the run began, of the latest fact. */
  readonly at: number;
}

export const NEW_RUN: RunState = {
  lastId: '',
  started: false,
  finished: false,
  status: 'queued',
  steps: {},
  outputs: {},
  error: null,
  at: 0,
};

export const NEW_STEP: StepState = {
  status: 'queued',
  attempt: 0,
  attempts: [],
  fraction: null,
  note: '',
  streams: {},
  previews: [],
  sounds: {},
  outputs: null,
  seconds: null,
  cached: false,
  reason: '',
  because: '',
  changed: [],
  error: null,
  usage: null,
  ask: null,
  due: null,
  answered: null,
};

/** The run after one more fact. An entry that isn't newer than the last changes nothing, so doubles are harmless. */
export const fold = (run: RunState, entry: LogEntry): RunState => foldAll(run, [entry]);

/** The run after these facts. The steps are copied once for all of them: a map over a list has thousands. */
export function foldAll(run: RunState, entries: readonly LogEntry[]): RunState {
  let now = run;
  let own = false;
  for (const [id, event] of entries) {
    if (now.lastId && compareIds(id, now.lastId) <= 0) continue;
    now = { ...now, lastId: id, at: Math.max(now.at, event.at ?? 0) };
    if (event.kind.startsWith('run.')) {
      now = runAfter(now, event);
      own = false;
    } else if (event.node !== undefined) {
      const before = now.steps[event.node] ?? NEW_STEP;
      const after = stepAfter(before, event);
      if (after === before) continue;
      if (!own) now = { ...now, steps: { ...now.steps } };
      own = true;
      (now.steps as Record<string, StepState>)[event.node] = after;
    }
  }
  return now;
}

function runAfter(run: RunState, event: RunEvent): RunState {
  if (event.kind === 'run.started') return begun(run);
  if (event.kind === 'run.waiting') return { ...run, status: 'waiting' };
  return event.kind === 'run.finished' ? ended(run, event) : run;
}

/** Orders `<claim>-<number>` ids. */
export function compareIds(a: string, b: string): number {
  const [left, right] = [a.split('-').map(Number), b.split('-').map(Number)];
  return (left[0] ?? 0) - (right[0] ?? 0) || (left[1] ?? 0) - (right[1] ?? 0);
}

/** A run begins, goes on after a wait, or another worker takes it over: what was under way then has its turn again. */
function begun(run: RunState): RunState {
  const steps = Object.entries(run.steps).map(([node, step]): [string, StepState] => [
    node,
    step.status === 'running' || step.status === 'streaming' ? { ...step, status: 'queued', fraction: null } : step,
  ]);
  return { ...run, started: true, finished: false, status: 'running', steps: Object.fromEntries(steps) };
}

function ended(run: RunState, event: RunEvent): RunState {
  const status = event.status ?? 'succeeded';
  const steps = Object.entries(run.steps).map(([node, step]): [string, StepState] => [
    node,
    step.status === 'done' || step.status === 'failed' || step.status === 'skipped' ? step : stopped(step, run.at),
  ]);
  return {
    ...run,
    finished: true,
    status,
    steps: Object.fromEntries(steps),
    outputs: event.outputs ?? run.outputs,
    error: event.error ?? null,
  };
}

const stopped = (step: StepState, at: number): StepState => ({
  ...step,
  status: 'skipped',
  reason: 'stopped',
  fraction: null,
  attempts: closed(step.attempts, at, null),
});
