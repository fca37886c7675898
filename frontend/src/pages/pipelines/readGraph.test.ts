import { expect, it } from 'vitest';
import { NoGraph, readGraph } from './readGraph';

const graph = { version: 1, nodes: { a: { kind: 'input.text' } }, edges: [] };

it('reads a bare graph and names it by its file', () => {
  expect(readGraph(JSON.stringify(graph), 'My pipeline.json')).toEqual({ name: 'My pipeline', graph });
});

it('reads a pipeline with its own name', () => {
  expect(readGraph(JSON.stringify({ name: 'Ask', graph, id: 7 }), 'x.json')).toEqual({ name: 'Ask', graph });
});

it('falls back to the file where the name is none', () => {
  expect(readGraph(JSON.stringify({ name: '  ', graph }), 'x.JSON').name).toBe('x');
});

it.each([
  ['not JSON at all', 'notJson'],
  ['', 'notJson'],
  ['[]', 'notGraph'],
  ['null', 'notGraph'],
  ['{"nodes": [], "edges": []}', 'notGraph'],
  ['{"name": "x", "graph": {"nodes": {}}}', 'notGraph'],
])('says of %j why it is no graph', (text, reason) => {
  expect(() => readGraph(text, 'x.json')).toThrowError(expect.objectContaining({ reason }) as NoGraph);
});
