import { expect, test } from 'vitest';

import { foldAll, NEW_RUN, type LogEntry, type RunEvent } from './events';

const log = (...events: RunEvent[]): LogEntry[] => events.map((event, index) => [`1-${index + 1}`, event]);
const delta = (text: string, offset: number, attempt = 1): RunEvent => ({
  kind: 'step.delta',
  node: 'answer',
  port: 'text',
  text,
  offset,
  attempt,
});
const textOf = (entries: readonly LogEntry[]) => foldAll(NEW_RUN, entries).steps['answer']?.streams['text']?.text;

const WHOLE = log(
  { kind: 'run.started', at: 0 },
  { kind: 'step.started', node: 'answer', attempt: 1, at: 0.1 },
  delta('The ', 0),
  delta('pump 🚰 ', 4),
  delta('takes ', 11),
  delta('4.2 l', 17),
  {
    kind: 'step.finished',
    node: 'answer',
    at: 1.3,
    seconds: 1.2,
    cached: false,
    outputs: { text: 'The pump 🚰 takes 4.2 l' },
  },
  { kind: 'run.finished', status: 'succeeded', at: 1.4, outputs: { answer: 'The pump 🚰 takes 4.2 l' } },
);

test('pieces are put together as characters are counted by the server', () => {
  expect(textOf(WHOLE)).toBe('The pump 🚰 takes 4.2 l');
});

test('wherever the line is cut, doubles after it change nothing', () => {
  const whole = foldAll(NEW_RUN, WHOLE);
  for (let cut = 0; cut <= WHOLE.length; cut += 1) {
    for (let back = 0; back <= cut; back += 1) {
      expect(foldAll(foldAll(NEW_RUN, WHOLE.slice(0, cut)), WHOLE.slice(cut - back))).toEqual(whole);
    }
  }
});

test('a new attempt that starts at 0 voids the old text', () => {
  expect(textOf(log(delta('The pomp', 0), delta('A ', 0, 2), delta('pump', 2, 2)))).toBe('A pump');
});

test('a new attempt that goes on keeps what lies before it', () => {
  expect(textOf(log(delta('The pump ta', 0), delta('takes', 9, 2)))).toBe('The pump takes');
});

test('a late piece of an older attempt is ignored', () => {
  expect(textOf(log(delta('The', 0), delta('A pump', 0, 2), delta(' pomp', 3, 1)))).toBe('A pump');
});

test('the same piece under another id is laid over itself', () => {
  expect(textOf(log(delta('The ', 0), delta('pump', 4), delta('pump', 4)))).toBe('The pump');
});

test('a piece that is ahead waits for the one before it', () => {
  expect(textOf(log(delta('The ', 0), delta('takes', 9), delta('pump ', 4)))).toBe('The pump takes');
});

test('ids are ordered by claim, then by number', () => {
  const entries: LogEntry[] = [
    ['2-10', delta('A', 0, 2)],
    ['2-9', delta('never', 0, 2)],
    ['10-1', { kind: 'run.finished', status: 'failed' }],
  ];
  const run = foldAll(NEW_RUN, entries);
  expect(run.steps['answer']?.streams['text']?.text).toBe('A');
  expect(run.status).toBe('failed');
});

test('attempts are told apart, and the last error stands when it is final', () => {
  const error = { title: 'The model did not answer', hint: 'Try again' };
  const entries = log(
    { kind: 'step.started', node: 'answer', attempt: 1, at: 0 },
    { kind: 'step.failed', node: 'answer', attempt: 1, at: 2, error, final: false },
    { kind: 'step.started', node: 'answer', attempt: 2, at: 3 },
    { kind: 'step.failed', node: 'answer', attempt: 2, at: 4, error, final: true },
  );
  expect(foldAll(NEW_RUN, entries.slice(0, 2)).steps['answer']?.status).toBe('running');
  const step = foldAll(NEW_RUN, entries).steps['answer'];
  expect(step?.status).toBe('failed');
  expect(step?.error).toEqual(error);
  expect(step?.attempts).toEqual([
    { number: 1, from: 0, to: 2, error },
    { number: 2, from: 3, to: 4, error },
  ]);
});

test('a result from the cache is told with its reason', () => {
  const step = foldAll(
    NEW_RUN,
    log({ kind: 'step.finished', node: 'answer', at: 0.2, seconds: 0, cached: true, reason: 'same inputs' }),
  ).steps['answer'];
  expect(step).toMatchObject({ status: 'done', cached: true, reason: 'same inputs' });
});

test('a run taken over by another worker goes on, and a cancelled one leaves nothing running', () => {
  const taken = foldAll(NEW_RUN, [
    ['1-1', { kind: 'run.started', at: 0 }],
    ['1-2', { kind: 'step.started', node: 'answer', attempt: 1, at: 0.1 }],
    ['2-1', { kind: 'run.started', at: 0 }],
  ]);
  expect(taken.steps['answer']?.status).toBe('queued');
  const ended = foldAll(taken, [
    ['2-2', { kind: 'step.started', node: 'answer', attempt: 2, at: 3 }],
    ['2-3', { kind: 'run.finished', status: 'cancelled', at: 4 }],
  ]);
  expect(ended).toMatchObject({ finished: true, status: 'cancelled' });
  expect(ended.steps['answer']?.status).toBe('skipped');
});

test("an event of a kind that isn't known yet changes nothing but the place", () => {
  expect(foldAll(NEW_RUN, log({ kind: 'step.pondered', node: 'answer' })).lastId).toBe('1-1');
});
