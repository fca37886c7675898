import type { Json } from '../document/graph';
import { place, type StreamedText } from './stream';

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
  status?: string;
  outputs?: Record<string, Json>;
  artifact?: string;
  index?: number;
  error?: RunError | null;
  final?: boolean;
}

export interface RunError {
  title: string;
  detail?: string;
  hint?: string;
  node?: string;
}

/** `[event id, event]`; ids are `<claim>-<number>` and ordered. */
export type LogEntry = readonly [id: string, event: RunEvent];

export type StepStatus = 'queued' | 'running' | 'streaming' | 'done' | 'failed' | 'skipped';

export interface Attempt {
  readonly number: number;
  /** Seconds since the run began. */
  readonly from: number;
  readonly to: number | null;
  readonly error: RunError | null;
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
  readonly chunks: readonly string[];
  readonly outputs: Readonly<Record<string, Json>> | null;
  readonly seconds: number | null;
  readonly cached: boolean;
  /** Why the result is from the cache or not, or why there is none: a word of the engine's. */
  readonly reason: string;
  readonly because: string;
  readonly error: RunError | null;
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
  chunks: [],
  outputs: null,
  seconds: null,
  cached: false,
  reason: '',
  because: '',
  error: null,
};

/** The run after one more fact. An entry that isn't newer than the last changes nothing, so doubles are harmless. */
export function fold(run: RunState, [id, event]: LogEntry): RunState {
  if (run.lastId && compareIds(id, run.lastId) <= 0) return run;
  const next = { ...run, lastId: id, at: Math.max(run.at, event.at ?? 0) };
  if (event.kind === 'run.started') return begun(next);
  if (event.kind === 'run.finished') return ended(next, event);
  if (event.node === undefined) return next;
  const before = run.steps[event.node] ?? NEW_STEP;
  const after = stepAfter(before, event);
  return after === before ? next : { ...next, steps: { ...run.steps, [event.node]: after } };
}

export function foldAll(run: RunState, entries: readonly LogEntry[]): RunState {
  return entries.reduce(fold, run);
}

/** Orders `<claim>-<number>` ids. */
export function compareIds(a: string, b: string): number {
  const [left, right] = [a.split('-').map(Number), b.split('-').map(Number)];
  return (left[0] ?? 0) - (right[0] ?? 0) || (left[1] ?? 0) - (right[1] ?? 0);
}

/** A run begins, or another worker takes it over: what was under way then waits again. */
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

function stepAfter(step: StepState, event: RunEvent): StepState {
  switch (event.kind) {
    case 'step.started':
      return startedStep(step, event);
    case 'step.progress':
      return { ...step, fraction: event.fraction ?? null, note: event.note ?? step.note };
    case 'step.delta':
      return streamedStep(step, event);
    case 'step.chunk':
      return event.artifact ? { ...step, status: 'streaming', chunks: withChunk(step.chunks, event) } : step;
    case 'step.preview':
      return event.artifact
        ? { ...step, previews: [...step.previews, { type: 'Image', artifact: event.artifact }] }
        : step;
    case 'step.finished':
      return finishedStep(step, event);
    case 'step.failed':
      return failedStep(step, event);
    case 'step.skipped':
      return { ...step, status: 'skipped', reason: event.reason ?? '', because: event.because ?? '' };
    default:
      return step;
  }
}

function startedStep(step: StepState, event: RunEvent): StepState {
  const number = event.attempt ?? step.attempt + 1;
  const at = event.at ?? 0;
  return {
    ...step,
    status: 'running',
    attempt: number,
    attempts: [...closed(step.attempts, at, null), { number, from: at, to: null, error: null }],
    fraction: null,
    note: '',
    error: null,
  };
}

function streamedStep(step: StepState, event: RunEvent): StepState {
  const port = event.port ?? 'text';
  const before = step.streams[port];
  const after = place(before, event);
  if (after === before) return step;
  return { ...step, status: 'streaming', streams: { ...step.streams, [port]: after as StreamedText } };
}

function withChunk(chunks: readonly string[], event: RunEvent): readonly string[] {
  const copy = [...chunks];
  copy[event.index ?? copy.length] = event.artifact as string;
  return copy;
}

function finishedStep(step: StepState, event: RunEvent): StepState {
  const at = event.at ?? 0;
  const seconds = event.seconds ?? null;
  const attempts =
    step.attempts.length > 0
      ? step.attempts
      : [{ number: 1, from: Math.max(0, at - (seconds ?? 0)), to: null, error: null }];
  return {
    ...step,
    status: 'done',
    attempts: closed(attempts, at, null),
    fraction: null,
    note: '',
    outputs: event.outputs ?? step.outputs,
    seconds,
    cached: event.cached ?? false,
    reason: event.reason ?? '',
    error: null,
  };
}

function failedStep(step: StepState, event: RunEvent): StepState {
  const error = event.error ?? { title: '' };
  const attempts = closed(step.attempts, event.at ?? 0, error);
  // A failure that isn't final is followed by another attempt: the node goes on working.
  if (event.final === false) return { ...step, status: 'running', attempts, error, fraction: null };
  return { ...step, status: 'failed', attempts, error, fraction: null };
}

function closed(attempts: readonly Attempt[], at: number, error: RunError | null): readonly Attempt[] {
  return attempts.map((attempt) => (attempt.to === null ? { ...attempt, to: at, error } : attempt));
}
