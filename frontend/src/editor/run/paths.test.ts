import { expect, test } from 'vitest';

import { outputsOf, itemStates } from '../parts/items';
import type { PartPicture } from '../document/document';
import { pictureOf } from '../document/picture';
import { foldAll, NEW_RUN, type RunEvent } from './events';
import { itemsOf, itemsOn, lastOf, placeOf, trailTo, waitsWithin, wayOf } from './paths';
import { staleNodes } from './stale';
import { timelineRows } from './timelineRows';

/** The run that these facts tell, half a second apart. */
const told = (...events: RunEvent[]) =>
  foldAll(
    NEW_RUN,
    events.map((event, index) => [`1-${index + 1}`, { at: index / 2, ...event }]),
  );
const started = (node: string): RunEvent => ({ kind: 'step.started', node, attempt: 1 });
const finished = (node: string, more: Partial<RunEvent> = {}): RunEvent => ({
  kind: 'step.finished',
  node,
  seconds: 1,
  cached: false,
  ...more,
});

const MAPPED = told(
  { kind: 'run.started' },
  started('each'),
  started('each[0]/answer'),
  started('each[1]/answer'),
  started('each[1]/again'),
  started('each[1]/again[0]/ask'),
  finished('each[0]/answer'),
  finished('each[0]/out'),
);
const PART: PartPicture = {
  title: 'Write',
  source: undefined,
  graph: pictureOf({
    version: 1,
    nodes: {
      answer: { kind: 'text.generate' },
      again: { kind: 'flow.repeat', params: { part: 'inner' } },
      out: { kind: 'output.text', params: { name: 'sentence' } },
    },
    edges: [],
    parts: { inner: { graph: { version: 1, nodes: { ask: { kind: 'person.approve' } }, edges: [] } } },
  }),
};

test('steps are gathered by the node and the item that they ran in, to any depth', () => {
  expect(itemsOf(MAPPED.steps, 'each').map(({ at }) => at)).toEqual([0, 1]);
  expect(itemsOf(MAPPED.steps, 'each')[1]?.steps).toEqual(['each[1]/answer', 'each[1]/again']);
  expect(itemsOf(MAPPED.steps, 'each[1]/again')[0]?.steps).toEqual(['each[1]/again[0]/ask']);
  expect(itemsOf(MAPPED.steps, 'elsewhere')).toEqual([]);
});

test('an item is done when its outputs are, and waits when anything in it does', () => {
  expect(itemStates(MAPPED.steps, 'each', () => PART)).toEqual([
    { at: 0, state: 'done' },
    { at: 1, state: 'running' },
  ]);
  expect([...outputsOf(PART)]).toEqual(['out']);
  const asked = foldAll(MAPPED, [
    [
      '1-90',
      { kind: 'step.waiting', node: 'each[1]/again[0]/ask', ask: { kind: 'approve', question: 'Right?' }, due: 99 },
    ],
    ['1-91', { kind: 'run.waiting' }],
  ]);
  expect(itemStates(asked.steps, 'each', () => PART)[1]?.state).toBe('waiting');
  expect(waitsWithin(asked.steps, 'each')).toBe(true);
  expect(waitsWithin(MAPPED.steps, 'each')).toBe(false);
});

test('the open graph shows the item that was chosen, else the first that ran', () => {
  const trail = [
    { node: 'each', part: 'write' },
    { node: 'again', part: 'inner' },
  ];
  expect(placeOf(trail.slice(0, 1), {}, MAPPED.steps)).toBe('each[0]/');
  expect(placeOf(trail, { each: 1 }, MAPPED.steps)).toBe('each[1]/again[0]/');
  expect(placeOf(trail, {}, {})).toBe('each/again/');
  expect(placeOf([], { each: 1 }, MAPPED.steps)).toBe('');
  // Of a node with several parts it is the part that was opened, also before it has run.
  expect(placeOf([{ node: 'each', part: 'other', index: 2 }], {}, MAPPED.steps)).toBe('each[2]/');
});

test('a path leads to the parts to open, and to the items on the way', () => {
  const root = {
    name: '',
    nodes: {
      each: {
        id: 'each',
        kind: 'flow.map',
        params: { part: 'write' },
        title: undefined,
        position: undefined,
        rest: {},
      },
    },
    edges: [],
    parts: { write: PART },
  };
  const parts = { parts: ['part'], over: null, lists: false, adds: [] };
  const kind = { version: 1, title: '', family: 'control', description: '', params: {}, inputs: [], outputs: [] };
  const catalogue = {
    types: {},
    nodes: ['flow.map', 'flow.repeat'].map((name) => ({ ...kind, kind: name, ports_of_parts: parts })),
  };
  expect(trailTo(catalogue, root, 'each[1]/again[0]/ask')).toEqual([
    { node: 'each', part: 'write' },
    { node: 'again', part: 'inner' },
  ]);
  expect(trailTo(catalogue, root, 'each[1]/gone')).toBeNull();
  expect(itemsOn('each[1]/again[0]/ask')).toEqual({ each: 1, 'each[1]/again': 0 });
  expect(wayOf('each[1]/again[0]/ask')).toBe('each/again/ask');
  expect(lastOf('a/each[12]')).toEqual({ node: 'a/each', at: 12 });
});

test('a run waits, is answered and goes on, also in another claim and read once more', () => {
  const waiting: RunEvent[] = [
    { kind: 'run.started' },
    started('ask'),
    { kind: 'step.waiting', node: 'ask', ask: { kind: 'choose', question: 'Which?', choices: ['a', 'b'] }, due: 1700 },
    { kind: 'run.waiting' },
  ];
  const paused = told(...waiting);
  expect(paused).toMatchObject({ status: 'waiting', finished: false });
  expect(paused.steps['ask']).toMatchObject({ status: 'waiting', due: 1700, ask: { choices: ['a', 'b'] } });
  const after: [string, RunEvent][] = [
    ['2-1', { kind: 'run.started', at: 60 }],
    ['2-2', { kind: 'step.answered', node: 'ask', by: 'Alice', timed_out: false, at: 60 }],
    ['2-3', { ...finished('ask', { outputs: { chosen: 'a' } }), at: 60 }],
    ['2-4', { kind: 'run.finished', status: 'succeeded', outputs: {}, at: 60 }],
  ];
  const done = foldAll(paused, after);
  expect(done).toMatchObject({ status: 'succeeded', finished: true });
  expect(done.steps['ask']).toMatchObject({ status: 'done', ask: null, answered: { by: 'Alice', timedOut: false } });
  expect(foldAll(foldAll(paused, after), after)).toEqual(done);
});

test('facts that come together are folded as they would be one by one, and what was before is left as it was', () => {
  const entries = Array.from({ length: 40 }, (_, index): [string, RunEvent] => [
    `1-${index + 1}`,
    { at: index, ...(index % 2 === 0 ? started(`each[${index >> 1}]/x`) : finished(`each[${index >> 1}]/x`)) },
  ]);
  const before = JSON.stringify(MAPPED);
  const start = foldAll(NEW_RUN, entries.slice(0, 9));
  const kept = JSON.stringify(start);
  expect(foldAll(start, entries)).toEqual(entries.reduce((run, entry) => foldAll(run, [entry]), NEW_RUN));
  expect(JSON.stringify(start)).toBe(kept);
  expect(JSON.stringify(MAPPED)).toBe(before);
});

test('the timeline shows what is inside a step once it is opened, item by item', () => {
  const paths = (...opened: string[]) =>
    timelineRows(MAPPED.steps, new Set(opened)).map(({ path, depth }) => `${depth} ${path}`);
  expect(paths()).toEqual(['0 each']);
  expect(paths('each')).toEqual(['0 each', '1 each[0]', '1 each[1]']);
  expect(paths('each', 'each[1]', 'each[1]/again')).toEqual([
    '0 each',
    '1 each[0]',
    '1 each[1]',
    '2 each[1]/answer',
    '2 each[1]/again',
    '3 each[1]/again[0]',
  ]);
  const [, first, second] = timelineRows(MAPPED.steps, new Set(['each']));
  expect(first?.bars).toEqual([{ number: 1, from: 1, to: 3.5, error: null }]);
  expect(second?.bars[0]?.to).toBeNull();
});

test('a node is out of date when the part that it runs has changed, and not when that part was only tidied up', () => {
  const graph = (template: string, x: number) => ({
    version: 1,
    nodes: { each: { kind: 'flow.map', params: { part: 'write' } } },
    edges: [],
    parts: {
      write: {
        graph: {
          version: 1,
          nodes: { ask: { kind: 'text.template', params: { template }, position: [x, 0] as const } },
          edges: [],
        },
      },
    },
  });
  const ran = { graph: graph('About {{x}}', 0), inputs: {} };
  expect([...staleNodes(ran, pictureOf(graph('On {{x}}', 0)), {})]).toEqual(['each']);
  expect([...staleNodes(ran, pictureOf(graph('About {{x}}', 500)), {})]).toEqual([]);
});
