import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

import { fragmentOf, readFragment } from '../document/clipboard';
import { PipelineDocument } from '../document/document';
import { sameGraph, type Graph } from '../document/graph';
import { merge } from '../document/merge';
import {
  addNode,
  connect,
  paste,
  pin,
  removeNodes,
  rename,
  setParam,
  setReliability,
  unpin,
} from '../document/operations';
import { addPart, freshPartName, removeParts, renamePart, unlinkPart, updatePart } from '../document/parts';
import type { Catalogue } from '../types/catalogue';
import { partFields, signatureOf, titleOfNode, unusedParts } from '../types/parts';
import { kindsThatFit, portsOf, tuningFor, whyNot } from '../types/ports';
import { endKind, newPart, turnIntoPart } from './turn';
import { unpack } from './unpack';

const CATALOGUE = JSON.parse(readFileSync('src/editor/parts/catalogue.sample.json', 'utf8')) as Catalogue;

const SENTENCE: Graph = {
  version: 1,
  nodes: {
    item: { kind: 'input.text', params: { name: 'item', default: '' }, position: [0, 0] },
    ask: { kind: 'text.template', params: { template: 'About {{thing}}' }, position: [360, 0] },
    out: { kind: 'output.text', params: { name: 'sentence' }, position: [720, 0] },
  },
  edges: [
    { source: 'item.text', target: 'ask.thing' },
    { source: 'ask.text', target: 'out.value' },
  ],
};

const MAP: Graph = {
  version: 1,
  nodes: {
    things: { kind: 'input.list', params: { name: 'things' }, position: [0, 0] },
    each: { kind: 'flow.map', params: { part: 'write' }, position: [360, 0] },
    out: { kind: 'output.list', params: { name: 'sentences' }, position: [720, 0] },
  },
  edges: [
    { source: 'things.items', target: 'each.item' },
    { source: 'each.sentence', target: 'out.value' },
  ],
  parts: { write: { title: 'Write', graph: SENTENCE } },
};

const opened = (graph: Graph = MAP) => new PipelineDocument({ name: 'Things', graph: structuredClone(graph) });
const inside = (document = opened()) => {
  document.open([{ node: 'each', part: 'write' }]);
  return document;
};
const namesOf = (ports: readonly { name: string; type: string }[]) => ports.map(({ name, type }) => `${name}: ${type}`);
const portsAt = (document: PipelineDocument, node: string) =>
  portsOf(CATALOGUE, document.picture.nodes[node], document.picture.parts);

test('a graph with parts in parts comes out as it went in', () => {
  const deep: Graph = {
    ...MAP,
    parts: { write: { graph: { ...SENTENCE, parts: { inner: { title: 'Inner', graph: SENTENCE } } } } },
  };
  expect(opened(deep).toJson()).toEqual(deep);
});

test('an edit in a part changes that part alone, and keeps the pictures of all else', () => {
  const document = inside();
  const { nodes } = document.root;
  setParam(document, 'ask', 'template', 'On {{thing}}');
  expect(document.root.nodes).toBe(nodes);
  expect(document.toJson().parts?.['write']?.graph.nodes['ask']?.params).toEqual({ template: 'On {{thing}}' });
  expect(document.toJson().nodes).toEqual(MAP.nodes);
});

test('undo goes back to where the edit was made', () => {
  const document = inside();
  rename(document, 'ask', 'Prompt');
  document.open([]);
  document.undo();
  expect(document.trail).toEqual([{ node: 'each', part: 'write' }]);
  expect(sameGraph(document.toJson(), MAP)).toBe(true);
});

test('when the open part goes, what held it is open', () => {
  const document = opened();
  removeNodes(document, ['each']);
  removeParts(document, unusedParts(CATALOGUE, document.picture));
  document.undo();
  document.open([{ node: 'each', part: 'write' }]);
  document.redo();
  expect(document.trail).toEqual([]);
  expect(document.picture.parts).toEqual({});
});

test("a flow node's ports follow its part, live", () => {
  const document = opened();
  expect(namesOf(portsAt(document, 'each').inputs)).toEqual(['item: list[Text]']);
  expect(namesOf(portsAt(document, 'each').outputs)).toEqual(['sentence: list[Text]', 'errors: Json']);
  inside(document);
  addNode(document, { kind: 'input.number', position: [0, 200], params: { name: 'length' } });
  setParam(document, 'out', 'name', 'line');
  document.open([]);
  expect(namesOf(portsAt(document, 'each').inputs)).toEqual(['item: Text', 'length: Number']);
  setParam(document, 'each', 'over', 'item');
  expect(namesOf(portsAt(document, 'each').inputs)).toEqual(['item: list[Text]', 'length: Number']);
  expect(namesOf(portsAt(document, 'each').outputs)[0]).toBe('line: list[Text]');
});

test('a kind that is expected to fail has an output for that, any other has none', () => {
  const document = opened({
    version: 1,
    nodes: { a: { kind: 'text.generate' }, b: { kind: 'text.template' } },
    edges: [],
  });
  expect(portsAt(document, 'a').error).toMatchObject({ name: 'error', type: 'Text' });
  expect(portsAt(document, 'b').error).toBeNull();
  const edge = { source: 'a.error', target: 'b.question' };
  setParam(document, 'b', 'template', '{{question}}');
  expect(whyNot(CATALOGUE, document.picture, edge)).toBeNull();
});

test('a wire to a node of any type makes it one for what the wire carries, in one step', () => {
  const nodes = {
    things: { kind: 'input.list' },
    number: { kind: 'input.number' },
    way: { kind: 'flow.branch', params: {} },
  };
  const document = opened({ version: 1, nodes, edges: [] });
  const edge = { source: 'things.items', target: 'way.value' };
  const tuning = tuningFor(CATALOGUE, document.picture, edge);
  expect(tuning).toEqual({ node: 'way', param: 'type', value: 'list[Text]' });
  connect(document, edge, tuning);
  expect(namesOf(portsAt(document, 'way').outputs)).toEqual(['yes: list[Text]', 'no: list[Text]']);
  expect(whyNot(CATALOGUE, document.picture, { source: 'number.number', target: 'way.value' })).toBeNull();
  document.undo();
  expect(document.picture.nodes['way']?.params).toEqual({});
});

test('a node of any type that is wired already refuses another type', () => {
  const nodes = {
    text: { kind: 'input.text' },
    things: { kind: 'input.list' },
    way: { kind: 'flow.merge', params: {} },
  };
  const document = opened({ version: 1, nodes, edges: [{ source: 'text.text', target: 'way.first' }] });
  expect(whyNot(CATALOGUE, document.picture, { source: 'things.items', target: 'way.second' })?.code).toBe('listToOne');
});

test('a node of any type is offered for a wire, with its knob set', () => {
  const offer = kindsThatFit(CATALOGUE, { from: 'Documents' }).find(({ kind }) => kind.kind === 'flow.branch');
  expect(offer).toMatchObject({ port: 'value', params: { type: 'Documents' } });
});

test('a selection becomes a part with an input and an output for each wire that is cut', () => {
  const document = inside();
  const node = turnIntoPart(document, CATALOGUE, ['ask'], 'Compose it');
  expect(node).toBe('pipeline');
  const { nodes, edges, parts } = document.picture;
  expect(nodes['pipeline']?.params).toEqual({ part: 'compose_it' });
  expect(titleOfNode(CATALOGUE, document.picture, 'pipeline')).toBe('Compose it');
  expect(edges).toContainEqual({ source: 'item.text', target: 'pipeline.item' });
  expect(edges).toContainEqual({ source: 'pipeline.text', target: 'out.value' });
  expect(signatureOf(CATALOGUE, parts['compose_it']!.graph)).toMatchObject({
    inputs: [{ name: 'item', type: 'Text' }],
    outputs: [{ name: 'text', type: 'Text' }],
  });
  document.undo();
  expect(sameGraph(document.toJson(), MAP)).toBe(true);
});

test('a selection that something outside stands between is no part', () => {
  const nodes = Object.fromEntries(
    ['a', 'b', 'c'].map((id) => [id, { kind: 'text.template', params: { template: '{{x}}' } }]),
  );
  const edges = [
    { source: 'a.text', target: 'b.x' },
    { source: 'b.text', target: 'c.x' },
  ];
  const document = opened({ version: 1, nodes, edges });
  expect(turnIntoPart(document, CATALOGUE, ['a', 'c'], 'Part')).toEqual({ code: 'circle' });
  expect(turnIntoPart(document, CATALOGUE, [], 'Part')).toEqual({ code: 'nothing' });
});

test('every type of the catalogue can cross the border of a part', () => {
  for (const type of [...Object.keys(CATALOGUE.types), 'list[Text]', 'list[Documents]']) {
    expect(endKind(CATALOGUE, 'input', type), type).not.toBeNull();
    expect(endKind(CATALOGUE, 'output', type), type).not.toBeNull();
  }
});

/** A small generator of numbers, so that a failing case is the same case the next time. */
function dice(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return Math.floor((state / 2_147_483_648) * below);
  };
}

/** A chain of templates with wires from earlier ones, between an input and an output. */
function randomGraph(throwDice: (below: number) => number): Graph {
  const count = 3 + throwDice(5);
  const ids = Array.from({ length: count }, (_, index) => `n${index}`);
  const nodes: Graph['nodes'] = {
    in: { kind: 'input.text', params: { name: 'question' }, position: [0, 0] },
    out: { kind: 'output.text', params: { name: 'answer' }, position: [2000, 0] },
  };
  const edges: Graph['edges'] = [];
  ids.forEach((id, index) => {
    nodes[id] = { kind: 'text.template', params: { template: '{{a}} {{b}}' }, position: [300 * index, throwDice(500)] };
    const before = () => (index === 0 || throwDice(4) === 0 ? 'in' : ids[throwDice(index)]);
    edges.push({ source: `${before()}.text`, target: `${id}.a` }, { source: `${before()}.text`, target: `${id}.b` });
  });
  edges.push({ source: `${ids.at(-1)}.text`, target: 'out.value' });
  return { version: 1, nodes, edges };
}

test('a part that is made and unpacked again leaves the graph as it was, whatever the graph', () => {
  for (let seed = 1; seed <= 60; seed += 1) {
    const throwDice = dice(seed);
    const graph = randomGraph(throwDice);
    const document = opened(graph);
    const chosen = Object.keys(graph.nodes).filter((id) => id.startsWith('n') && throwDice(2) === 0);
    const made = turnIntoPart(document, CATALOGUE, chosen, 'Part');
    if (typeof made !== 'string') {
      expect(['nothing', 'circle'], `seed ${seed}`).toContain(made.code);
      continue;
    }
    const broken = document.picture.edges.filter((edge) => {
      const without = { ...document.picture, edges: document.picture.edges.filter((each) => each !== edge) };
      return whyNot(CATALOGUE, without, edge) !== null;
    });
    expect(broken, `seed ${seed}`).toEqual([]);
    unpack(document, CATALOGUE, made);
    const after = document.toJson();
    const wires = (each: Graph) => each.edges.map(({ source, target }) => `${source}>${target}`).sort();
    expect(wires(after), `seed ${seed}`).toEqual(wires(graph));
    expect(Object.keys(after.nodes).sort(), `seed ${seed}`).toEqual(Object.keys(graph.nodes).sort());
    expect(after.parts, `seed ${seed}`).toBeUndefined();
    document.undo();
    document.undo();
    expect(document.toJson(), `seed ${seed}`).toEqual(graph);
  }
});

test('whatever is edited, in parts and outside, undo takes all of it back and redo brings it again', () => {
  for (let seed = 1; seed <= 40; seed += 1) {
    const throwDice = dice(seed);
    const document = opened();
    for (let step = 0; step < 12; step += 1) randomEdit(document, throwDice);
    const made = document.toJson();
    while (document.undoable) document.undo();
    expect(sameGraph(document.toJson(), MAP), `seed ${seed}`).toBe(true);
    while (document.redoable) document.redo();
    expect(sameGraph(document.toJson(), made), `seed ${seed}`).toBe(true);
  }
});

function randomEdit(document: PipelineDocument, throwDice: (below: number) => number): void {
  const ids = Object.keys(document.picture.nodes);
  const id = ids[throwDice(ids.length)] ?? '';
  const edits = [
    () => document.open(document.trail.length > 0 ? [] : [{ node: 'each', part: 'write' }]),
    () => addNode(document, { kind: 'text.template', position: [throwDice(900), throwDice(900)] }),
    () => removeNodes(document, [id]),
    () => rename(document, id, `Title ${throwDice(9)}`),
    () => pin(document, id, { text: `value ${throwDice(9)}` }),
    () => unpin(document, id),
    () => setReliability(document, id, 'attempts', 1 + throwDice(5)),
    () => turnIntoPart(document, CATALOGUE, ids.slice(0, throwDice(ids.length + 1)), 'Part'),
    () => unpack(document, CATALOGUE, id),
    () => removeParts(document, unusedParts(CATALOGUE, document.picture)),
    () => paste(document, fragmentOf(document.picture, ids), [9, 9], partFields(CATALOGUE)),
  ];
  edits[throwDice(edits.length)]?.();
}

test('a copied node brings its part; a part that is there and is the same is shared, another is put beside it', () => {
  const fragment = readFragment(JSON.stringify(fragmentOf(opened().picture, ['each'])));
  expect(Object.keys(fragment?.parts ?? {})).toEqual(['write']);
  const same = opened();
  paste(same, fragment!, [0, 0], partFields(CATALOGUE));
  expect(Object.keys(same.picture.parts)).toEqual(['write']);
  const other = opened({ ...MAP, parts: { write: { graph: { version: 1, nodes: {}, edges: [] } } } });
  const [id] = paste(other, fragment!, [0, 0], partFields(CATALOGUE));
  expect(other.picture.nodes[id!]?.params).toEqual({ part: 'write_2' });
  expect(other.picture.parts['write_2']?.title).toBe('Write');
});

test('a linked part takes a newer version, and becomes its own when it is wanted so', () => {
  const document = opened();
  const source = { pipeline: 'p2', version: 3 };
  const name = addPart(document, { title: 'Summarise', graph: SENTENCE, source }, { node: 'each', field: 'part' });
  expect(document.picture.nodes['each']?.params).toEqual({ part: 'summarise' });
  updatePart(document, name, { ...SENTENCE, edges: [] }, { ...source, version: 5 });
  expect(document.toJson().parts?.[name]).toMatchObject({
    title: 'Summarise',
    source: { version: 5 },
    graph: { edges: [] },
  });
  unlinkPart(document, name);
  expect(document.toJson().parts?.[name]?.source).toBeUndefined();
  renamePart(document, name, 'Shorten');
  expect(document.picture.parts[name]?.title).toBe('Shorten');
});

test('the name of a part is one that the server takes', () => {
  const document = opened();
  for (const title of ['Sum it up!', '2 ways', '摘要', 'Write', '']) {
    expect(freshPartName(document, title)).toMatch(/^[A-Za-z_][A-Za-z0-9_-]{0,63}$/);
  }
  expect(freshPartName(document, 'Write')).toBe('write_2');
});

test('a new part has what it takes to be wired', () => {
  const document = opened({ version: 1, nodes: { each: { kind: 'flow.map' } }, edges: [] });
  addPart(document, newPart('New part', 'item', 'result'), { node: 'each', field: 'part' });
  expect(namesOf(portsAt(document, 'each').inputs)).toEqual(['item: list[Text]']);
  expect(namesOf(portsAt(document, 'each').outputs)).toEqual(['result: list[Text]', 'errors: Json']);
});

test('two versions that changed different nodes of one part go together; clashes in it are named by the way to them', () => {
  const content = (change: (document: PipelineDocument) => void) => {
    const document = inside();
    change(document);
    return document.content;
  };
  const ours = content((document) => rename(document, 'ask', 'Prompt'));
  const theirs = content((document) => rename(document, 'out', 'Line'));
  const together = merge(MAP, ours, theirs);
  expect(together.clashes).toEqual([]);
  expect(together.content.graph.parts?.['write']?.graph.nodes).toMatchObject({
    ask: { title: 'Prompt' },
    out: { title: 'Line' },
  });
  const clash = merge(
    MAP,
    ours,
    content((document) => rename(document, 'ask', 'Question')),
  );
  expect(clash.clashes).toEqual(['write/ask']);
  expect(clash.content.graph.parts?.['write']?.graph.nodes['ask']?.title).toBe('Prompt');
});

test('what is pinned and how hard a node is tried are said in the graph, and not at all when nothing is', () => {
  const document = opened();
  pin(document, 'each', { sentence: ['a'] });
  setReliability(document, 'each', 'attempts', 5);
  expect(document.toJson().nodes['each']).toMatchObject({ pinned: { sentence: ['a'] }, reliability: { attempts: 5 } });
  unpin(document, 'each');
  setReliability(document, 'each', 'attempts', undefined);
  expect(document.toJson().nodes['each']).toEqual(MAP.nodes['each']);
});
