import { expect, test } from 'vitest';

import { fragmentOf, readFragment } from './clipboard';
import { PipelineDocument } from './document';
import { sameGraph, type Graph } from './graph';
import {
  addNode,
  align,
  autoLayout,
  connect,
  disconnect,
  duplicate,
  moveNodes,
  paste,
  reconnect,
  removeNodes,
  rename,
  renamePipeline,
  setParam,
} from './operations';

const RAG: Graph = {
  version: 1,
  nodes: {
    ask: { kind: 'input.text', params: { name: 'question' }, position: [0, 0] },
    find: { kind: 'retrieve.passages', params: { collection: 'handbook', limit: 4 } },
    answer: { kind: 'text.generate', params: { model: 'smollm2-135m-instruct' }, title: 'Answer' },
    out: { kind: 'output.text', params: { name: 'answer' } },
  },
  edges: [
    { source: 'ask.text', target: 'find.query' },
    { source: 'ask.text', target: 'answer.prompt' },
    { source: 'find.documents', target: 'answer.context' },
    { source: 'answer.text', target: 'out.value' },
  ],
};

const opened = (graph: Graph = RAG) => new PipelineDocument({ name: 'Ask', graph });

test('a graph comes out as it went in', () => {
  expect(opened().toJson()).toEqual(RAG);
});

test('a graph that went through an edit and its undo is the same graph', () => {
  const document = opened();
  removeNodes(document, ['find', 'answer']);
  expect(document.toJson().edges).toEqual([]);
  document.undo();
  expect(sameGraph(document.toJson(), RAG)).toBe(true);
});

test('opening is no step that could be undone', () => {
  expect(opened().undoable).toBeNull();
});

test('undo and redo carry the name of what they take back', () => {
  const document = opened();
  moveNodes(document, { ask: [10, 20], find: [30, 40] });
  expect(document.undoable).toEqual({ name: 'moveNodes', count: 2 });
  document.undo();
  expect(document.undoable).toBeNull();
  expect(document.redoable).toEqual({ name: 'moveNodes', count: 2 });
  document.redo();
  expect(document.picture.nodes['ask']?.position).toEqual([10, 20]);
  expect(document.undoable).toEqual({ name: 'moveNodes', count: 2 });
});

test('typing in one field is one step, another field is another', () => {
  const document = opened();
  for (const text of ['h', 'ha', 'han']) setParam(document, 'find', 'collection', text);
  setParam(document, 'find', 'limit', 5);
  document.undo();
  expect(document.picture.nodes['find']?.params).toEqual({ collection: 'han', limit: 4 });
  document.undo();
  expect(document.picture.nodes['find']?.params).toEqual({ collection: 'handbook', limit: 4 });
});

test("a node that didn't change keeps its picture, so it isn't drawn again", () => {
  const document = opened();
  const before = document.picture.nodes;
  setParam(document, 'find', 'limit', 9);
  expect(document.picture.nodes['ask']).toBe(before['ask']);
  expect(document.picture.nodes['find']).not.toBe(before['find']);
});

test('a node added at the end of a wire comes with the wire, in one step', () => {
  const document = opened();
  const id = addNode(document, {
    kind: 'text.join',
    position: [1.4, 2.6],
    wire: { from: 'answer.text', port: 'first' },
  });
  expect(id).toBe('join');
  expect(document.picture.nodes['join']?.position).toEqual([1, 3]);
  expect(document.toJson().edges).toContainEqual({ source: 'answer.text', target: 'join.first' });
  document.undo();
  expect(sameGraph(document.toJson(), RAG)).toBe(true);
});

test('ids and the names of inputs stay apart', () => {
  const document = opened();
  expect(addNode(document, { kind: 'input.text', position: [0, 0], params: { name: 'question' } })).toBe('text');
  expect(addNode(document, { kind: 'input.text', position: [0, 0], params: { name: 'question' } })).toBe('text_2');
  expect(document.picture.nodes['text']?.params['name']).toBe('question_2');
  expect(document.picture.nodes['text_2']?.params['name']).toBe('question_3');
});

test('an input that is wired again gives up its old wire', () => {
  const document = opened();
  connect(document, { source: 'find.documents', target: 'out.value' });
  expect(document.toJson().edges.filter((edge) => edge.target === 'out.value')).toEqual([
    { source: 'find.documents', target: 'out.value' },
  ]);
  document.undo();
  expect(sameGraph(document.toJson(), RAG)).toBe(true);
});

test('an end of a wire is moved in one step, and a wire is cut in one', () => {
  const document = opened();
  reconnect(document, 'answer.text>out.value', { source: 'ask.text', target: 'out.value' });
  expect(document.picture.edges).toHaveLength(4);
  disconnect(document, ['ask.text>out.value']);
  expect(document.picture.edges).toHaveLength(3);
  document.undo();
  document.undo();
  expect(sameGraph(document.toJson(), RAG)).toBe(true);
});

test('a copy keeps the wires inside it and none to the outside', () => {
  const document = opened();
  const fragment = readFragment(JSON.stringify(fragmentOf(document.picture, ['find', 'answer'])));
  expect(fragment?.edges).toEqual([{ source: 'find.documents', target: 'answer.context' }]);
  const ids = paste(document, fragment!, [100, 100]);
  expect(ids).toEqual(['passages', 'generate']);
  expect(document.toJson().edges).toContainEqual({ source: 'passages.documents', target: 'generate.context' });
  expect(document.picture.nodes['generate']?.title).toBe('Answer');
});

test('what lies in the clipboard and is no graph is left alone', () => {
  for (const text of [
    'hello',
    'null',
    '[]',
    '{"nodes": 1, "edges": []}',
    '{"nodes": {}, "edges": []}',
    '{"nodes": {"a": {}}, "edges": []}',
  ]) {
    expect(readFragment(text)).toBeNull();
  }
});

test('a duplicate stands beside the original', () => {
  const document = opened();
  duplicate(document, fragmentOf(document.picture, ['ask']));
  expect(document.picture.nodes['text']?.position).toEqual([32, 32]);
  expect(document.undoable).toEqual({ name: 'duplicate', count: 1 });
});

test("the pipeline's name and a node's title are undone like the rest", () => {
  const document = opened();
  renamePipeline(document, ' Ask the handbook ');
  rename(document, 'ask', 'Question');
  rename(document, 'ask', '');
  expect(document.picture.nodes['ask']?.title).toBeUndefined();
  document.undo();
  document.undo();
  expect(document.picture.name).toBe('Ask the handbook');
  document.undo();
  expect(document.content).toEqual({ name: 'Ask', graph: RAG });
});

test('a layout goes from left to right and no two nodes overlap', () => {
  const document = opened();
  autoLayout(document, { answer: { width: 280, height: 400 } });
  const at = (id: string) => document.picture.nodes[id]!.position!;
  expect(at('ask')[0]).toBeLessThan(at('find')[0]);
  expect(at('find')[0]).toBeLessThan(at('answer')[0]);
  expect(at('answer')[0]).toBeLessThan(at('out')[0]);
});

test('a layout of a graph with a circle ends', () => {
  const graph: Graph = {
    version: 1,
    nodes: { a: { kind: 'text.join' }, b: { kind: 'text.join' } },
    edges: [
      { source: 'a.text', target: 'b.first' },
      { source: 'b.text', target: 'a.first' },
    ],
  };
  const document = opened(graph);
  autoLayout(document, {});
  expect(Object.values(document.picture.nodes).every((node) => node.position)).toBe(true);
});

test('aligned nodes share a line, spread ones share their gaps', () => {
  const document = opened();
  const box = (x: number, y: number, width: number) => ({ at: [x, y] as const, width, height: 100 });
  align(document, 'right', { ask: box(0, 0, 100), find: box(50, 200, 300) });
  expect(document.picture.nodes['ask']?.position).toEqual([250, 0]);
  align(document, 'spreadAcross', { ask: box(0, 0, 100), find: box(110, 0, 100), answer: box(400, 0, 100) });
  expect(document.picture.nodes['find']?.position).toEqual([200, 0]);
});
