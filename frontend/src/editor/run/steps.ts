import type { Attempt, RunError, RunEvent, StepState } from './events';
import { place, type StreamedText } from './stream';

/** A step after one more fact about it. */
export function stepAfter(step: StepState, event: RunEvent): StepState {
  switch (event.kind) {
    case 'step.started':
      return startedStep(step, event);
    case 'step.progress':
      return { ...step, fraction: event.fraction ?? null, note: event.note ?? step.note };
    case 'step.delta':
      return streamedStep(step, event);
    case 'step.chunk':
      return event.artifact ? { ...step, status: 'streaming', note: '', sounds: withPiece(step.sounds, event) } : step;
    case 'step.preview':
      return event.artifact
        ? { ...step, previews: [...step.previews, { type: 'Image', artifact: event.artifact }] }
        : step;
    case 'step.finished':
      return finishedStep(step, event);
    case 'step.failed':
      return failedStep(step, event);
    case 'step.waiting':
      return waitingStep(step, event);
    case 'step.answered':
      return answeredStep(step, event);
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

function waitingStep(step: StepState, event: RunEvent): StepState {
  const attempts = closed(step.attempts, event.at ?? 0, null);
  return { ...step, status: 'waiting', attempts, ask: event.ask ?? null, due: event.due ?? null, fraction: null };
}

function answeredStep(step: StepState, event: RunEvent): StepState {
  const answered = { by: event.by ?? '', timedOut: event.timed_out ?? false };
  return { ...step, status: step.status === 'waiting' ? 'queued' : step.status, ask: null, due: null, answered };
}

function streamedStep(step: StepState, event: RunEvent): StepState {
  const port = event.port ?? 'text';
  const before = step.streams[port];
  const after = place(before, event);
  if (after === before) return step;
  return { ...step, status: 'streaming', note: '', streams: { ...step.streams, [port]: after as StreamedText } };
}

/** The sounds with one more piece. A later attempt that starts at 0 voids the old pieces. */
function withPiece(sounds: StepState['sounds'], event: RunEvent): StepState['sounds'] {
  const { port = 'audio', artifact = '', index, attempt = 1 } = event;
  const before = sounds[port];
  if (before && attempt < before.attempt) return sounds;
  const fresh = !before || (attempt > before.attempt && (index ?? 0) === 0);
  const pieces = fresh ? [] : [...before.pieces];
  pieces[index ?? pieces.length] = artifact;
  return { ...sounds, [port]: { attempt, pieces } };
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
    changed: event.changed ?? [],
    error: null,
    usage: event.usage ?? null,
    ask: null,
    due: null,
  };
}

function failedStep(step: StepState, event: RunEvent): StepState {
  const error = event.error ?? { title: '' };
  const attempts = closed(step.attempts, event.at ?? 0, error);
  // A failure that isn't final is followed by another attempt: the node goes on working.
  if (event.final === false) return { ...step, status: 'running', attempts, error, fraction: null };
  return { ...step, status: 'failed', attempts, error, fraction: null };
}

/** Ends the attempt that is under way. */
export function closed(attempts: readonly Attempt[], at: number, error: RunError | null): readonly Attempt[] {
  return attempts.map((attempt) => (attempt.to === null ? { ...attempt, to: at, error } : attempt));
}
