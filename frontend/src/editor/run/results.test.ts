import { expect, test } from 'vitest';

import { PipelineDocument } from '../document/document';
import { eventRows } from './eventRows';
import { foldAll, NEW_RUN, type LogEntry } from './events';
import { citedDocuments, resultOf } from './results';

const { picture } = new PipelineDocument({
  name: 'p',
  graph: {
    version: 1,
    nodes: {
      find: { kind: 'retrieve.passages' },
      write: { kind: 'text.generate' },
      cite: { kind: 'text.cite' },
      out: { kind: 'output.text', params: { name: 'answer' } },
    },
    edges: [
      { source: 'find.documents', target: 'write.context' },
      { source: 'write.text', target: 'cite.text' },
      { source: 'cite.text', target: 'out.value' },
    ],
  },
});
const documents = (...texts: string[]) => ({ type: 'Documents', documents: texts.map((text) => ({ text })) });
const LOG: LogEntry[] = [
  ['1-1', { kind: 'run.started', at: 0 }],
  ['1-2', { kind: 'step.finished', node: 'find', at: 1, outputs: { documents: documents('a', 'b', 'c') } }],
  ['1-3', { kind: 'step.delta', node: 'write', port: 'text', text: 'It is ', offset: 0, attempt: 1 }],
  ['1-4', { kind: 'step.delta', node: 'write', port: 'text', text: 'b [2]', offset: 6, attempt: 1 }],
  ['1-5', { kind: 'step.finished', node: 'write', at: 2, outputs: { text: 'It is b [2]' } }],
  ['1-6', { kind: 'step.finished', node: 'cite', at: 2, outputs: { text: 'It is b [1]', documents: documents('b') } }],
  ['1-7', { kind: 'run.finished', at: 3, status: 'succeeded', outputs: { answer: 'It is b [1]' } }],
];
const after = (count: number) => foldAll(NEW_RUN, LOG.slice(0, count));

test('an output node shows what is being written before it, then its own value', () => {
  expect(resultOf(after(2), picture, 'out')).toBeNull();
  expect(resultOf(after(4), picture, 'write')).toEqual({ port: 'text', value: 'It is b [2]', streaming: true });
  expect(resultOf(after(6), picture, 'out')).toMatchObject({ value: 'It is b [1]', streaming: false });
  expect(resultOf(after(7), picture, 'out')).toEqual({ port: 'value', value: 'It is b [1]', streaming: false });
});

test('while a node between is still to work on it, an output shows the text that is being written', () => {
  expect(resultOf(after(4), picture, 'out')).toEqual({ port: 'text', value: 'It is b [2]', streaming: true });
  expect(resultOf(after(5), picture, 'out')).toMatchObject({ value: 'It is b [2]', streaming: true });
  const ended = foldAll(after(5), [['1-9', { kind: 'run.finished', status: 'failed' }]]);
  expect(resultOf(ended, picture, 'out')).toBeNull();
});

test('a number in an answer means the passages its writer saw; after citing, those that were cited', () => {
  expect(citedDocuments(after(5), picture.edges, 'write').map((each) => each.text)).toEqual(['a', 'b', 'c']);
  expect(citedDocuments(after(7), picture.edges, 'out').map((each) => each.text)).toEqual(['b']);
  expect(citedDocuments(NEW_RUN, picture.edges, 'out')).toEqual([]);
});

test('pieces of one text are one line in the list of events', () => {
  expect(eventRows(LOG).map((row) => [row.kind, row.node, row.count, row.words])).toContainEqual([
    'step.delta',
    'write',
    2,
    'It is b [2]',
  ]);
});
