import { describe, expect, it } from 'vitest';
import type { Graph } from '@/api/types';
import type { Catalogue } from '@/editor/types/catalogue';
import { drawingOf } from './layout';

const catalogue: Catalogue = {
  types: {},
  nodes: [
    { kind: 'input.text', version: 1, title: 'Text', family: 'input', description: '', params: {}, inputs: [], outputs: [{ name: 'text', type: 'Text', streams: false }] },
    {
      kind: 'retrieve.passages', version: 1, title: 'Find passages', family: 'retrieval', description: '', params: {},
      inputs: [{ name: 'query', type: 'Text', required: true }],
      outputs: [{ name: 'documents', type: 'Documents', streams: false }],
    },
  ],
};

const rag: Graph = {
  version: 1,
  nodes: {
    ask: { kind: 'input.text' },
    find: { kind: 'retrieve.passages', title: 'Search the handbook' },
    answer: { kind: 'text.generate' },
  },
  edges: [
    { source: 'ask.text', target: 'find.query' },
    { source: 'ask.text', target: 'answer.prompt' },
    { source: 'find.documents', target: 'answer.context' },
  ],
};

const overlaps = (a: { x: number; y: number; width: number; height: number }, b: typeof a) =>
  a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height;

describe('the drawing of a graph', () => {
  it('lays out nodes that have no places, none upon another', () => {
    const { nodes } = drawingOf(rag, catalogue);
    expect(nodes.map((node) => node.id)).toEqual(['ask', 'find', 'answer']);
    for (const a of nodes) for (const b of nodes) if (a !== b) expect(overlaps(a, b), `${a.id} on ${b.id}`).toBe(false);
    const x = Object.fromEntries(nodes.map((node) => [node.id, node.x]));
    expect(x.ask).toBeLessThan(x.find!);
    expect(x.find).toBeLessThan(x.answer!);
  });

  it('keeps the places a person gave', () => {
    const placed: Graph = { version: 1, nodes: { a: { kind: 'input.text', position: [7, -30] }, b: { kind: 'x', position: [280, 12] } }, edges: [] };
    expect(drawingOf(placed).nodes.map(({ x, y }) => [x, y])).toEqual([[7, -30], [280, 12]]);
  });

  it('gives each wire the type of the port it comes from, from port to port', () => {
    const { wires, nodes } = drawingOf(rag, catalogue);
    expect(wires.map((wire) => wire.type)).toEqual(['Text', 'Text', 'Documents']);
    const [ask, find] = nodes;
    expect(wires[0]!.path.startsWith(`M${ask!.x + ask!.width} ${ask!.y + ask!.outputs[0]!.y}C`)).toBe(true);
    expect(wires[0]!.path.endsWith(` ${find!.x} ${find!.y + find!.inputs[0]!.y}`)).toBe(true);
    expect(find!.inputs[0]!.type).toBe('Text');
  });

  it('names a node by its title, its kind in the catalogue, or the bare kind', () => {
    expect(drawingOf(rag, catalogue).nodes.map((node) => node.title)).toEqual(['Text', 'Search the handbook', 'text.generate']);
  });

  it('holds every node inside its box, and shows a small graph small', () => {
    const { box, nodes } = drawingOf(rag, catalogue);
    for (const node of nodes) {
      expect(node.x).toBeGreaterThan(box[0]);
      expect(node.y).toBeGreaterThan(box[1]);
      expect(node.x + node.width).toBeLessThan(box[0] + box[2]);
      expect(node.y + node.height).toBeLessThan(box[1] + box[3]);
    }
    const one = drawingOf({ version: 1, nodes: { a: { kind: 'input.text' } }, edges: [] });
    expect(one.box[2]).toBeGreaterThanOrEqual(700);
    expect(one.nodes[0]!.x + 140).toBeCloseTo(one.box[0] + one.box[2] / 2);
  });

  it('presses a long row together until it fits its frame, still without overlaps', () => {
    const ids = [...Array(8).keys()].map((index) => `n${index}`);
    const row: Graph = {
      version: 1,
      nodes: Object.fromEntries(ids.map((id) => [id, { kind: 'input.text' }])),
      edges: ids.slice(1).map((id, index) => ({ source: `${ids[index]}.text`, target: `${id}.in` })),
    };
    const { box, nodes } = drawingOf(row, catalogue);
    expect(box[2] / box[3]).toBeLessThan(4);
    for (const a of nodes) for (const b of nodes) if (a !== b) expect(overlaps(a, b)).toBe(false);
  });

  it.each([
    ['nothing at all', {}],
    ['an edge to a node that is not there', { version: 1, nodes: { a: { kind: 'x' } }, edges: [{ source: 'a.text', target: 'gone.text' }] }],
    ['edges that are no edges', { version: 1, nodes: { a: { kind: 'x' } }, edges: [{}, { source: 3, target: 'a' }] }],
    ['a node that is no node', { version: 1, nodes: { a: null, b: { kind: 'x' } }, edges: [] }],
    ['a circle', { version: 1, nodes: { a: { kind: 'x' }, b: { kind: 'x' } }, edges: [{ source: 'a.o', target: 'b.i' }, { source: 'b.o', target: 'a.i' }] }],
    ['places that are no places', { version: 1, nodes: { a: { kind: 'x', position: ['1', null] } }, edges: [] }],
  ])('draws what can be drawn of %s', (_what, graph) => {
    const drawing = drawingOf(graph as unknown as Graph, catalogue);
    const numbers = [...drawing.box, ...drawing.nodes.flatMap((node) => [node.x, node.y, node.width, node.height])];
    expect(numbers.every(Number.isFinite)).toBe(true);
    expect(drawing.wires.every((wire) => !/NaN|undefined/.test(wire.path))).toBe(true);
  });
});
