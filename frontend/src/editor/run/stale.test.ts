import { expect, test } from 'vitest';

import { PipelineDocument } from '../document/document';
import { moveNodes, setParam } from '../document/operations';
import { staleNodes } from './stale';

const GRAPH = {
  version: 1,
  nodes: {
    ask: { kind: 'input.text', params: { name: 'question' } },
    file: { kind: 'input.file', params: { name: 'handbook' } },
    answer: { kind: 'text.generate', params: { temperature: 0 } },
    out: { kind: 'output.text', params: { name: 'answer' } },
  },
  edges: [
    { source: 'ask.text', target: 'answer.prompt' },
    { source: 'answer.text', target: 'out.value' },
  ],
};
const INPUTS = { question: 'Why?', handbook: { artifact: 'abc' } };

const stale = (edit: (document: PipelineDocument) => void, inputs: Parameters<typeof staleNodes>[2] = INPUTS) => {
  const document = new PipelineDocument({ name: 'p', graph: GRAPH });
  edit(document);
  return [...staleNodes({ graph: GRAPH, inputs: INPUTS }, document.picture, inputs)].sort();
};

test('moving a node makes no result stale', () => {
  expect(stale((document) => moveNodes(document, { ask: [9, 9] }))).toEqual([]);
});

test('a changed parameter makes it and what hangs on it stale', () => {
  expect(stale((document) => setParam(document, 'answer', 'temperature', 1))).toEqual(['answer', 'out']);
});

test('another question makes the whole way stale, the same file under another name nothing', () => {
  expect(stale(() => undefined, { ...INPUTS, question: 'How?' })).toEqual(['answer', 'ask', 'out']);
  expect(stale(() => undefined, { ...INPUTS, handbook: { artifact: 'abc', name: 'copy.pdf' } })).toEqual([]);
});
