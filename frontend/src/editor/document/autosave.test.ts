import { expect, test } from 'vitest';

import { Autosave, PAUSE, type SaveAnswer, type SaveTools, type Stored } from './autosave';
import { PipelineDocument, type Content } from './document';
import type { Draft } from './drafts';
import { merge } from './merge';
import { addNode, rename, setParam } from './operations';

const GRAPH = { version: 1, nodes: { ask: { kind: 'input.text', params: { name: 'question' } } }, edges: [] };
const STORED: Stored = { name: 'Ask', graph: GRAPH, revision: '1' };

/** A server with one pipeline that can be cut off, and a clock that is wound by hand. */
class Server {
  stored: Stored = structuredClone(STORED);
  reachable = true;
  losesAnswers = false;
  sent: { content: Content; revision: string }[] = [];
  drafts = new Map<string, Draft>();
  left: Draft | null = null;
  timers: { at: number; call: () => void }[] = [];

  tools: SaveTools = {
    send: async (content, revision) => this.take(structuredClone(content), revision),
    drafts: {
      read: (id) => this.drafts.get(id) ?? null,
      keep: (id, draft) => Boolean(this.drafts.set(id, structuredClone(draft))),
      drop: (id) => void this.drafts.delete(id),
      inherit: async () => this.left && { draft: this.left, forget: () => void (this.left = null) },
    },
    after: (at, call) => {
      const timer = { at, call };
      this.timers.push(timer);
      return () => void (this.timers = this.timers.filter((each) => each !== timer));
    },
  };

  take(content: Content, revision: string): SaveAnswer {
    if (!this.reachable) throw new TypeError('unreachable');
    this.sent.push({ content, revision });
    if (revision !== this.stored.revision) return { kind: 'stale', theirs: structuredClone(this.stored) };
    this.stored = { ...content, revision: String(Number(revision) + 1) };
    if (this.losesAnswers) throw new TypeError('the line broke before the answer');
    return { kind: 'saved', stored: structuredClone(this.stored) };
  }

  async ring(): Promise<void> {
    const due = this.timers;
    this.timers = [];
    for (const timer of due) timer.call();
    for (let turn = 0; turn < 10; turn += 1) await Promise.resolve();
  }
}

function opened(server: Server, stored = server.stored) {
  const document = new PipelineDocument(stored);
  const autosave = new Autosave('p1', document, stored, server.tools);
  autosave.start();
  return { document, autosave };
}

test('edits made within the pause are sent as one', async () => {
  const server = new Server();
  const { document, autosave } = opened(server);
  rename(document, 'ask', 'Question');
  setParam(document, 'ask', 'default', 'Why?');
  expect(autosave.state.kind).toBe('unsaved');
  expect(server.timers.map((timer) => timer.at)).toEqual([PAUSE]);
  await server.ring();
  expect(server.sent).toHaveLength(1);
  expect(server.stored.graph.nodes['ask']?.title).toBe('Question');
  expect(autosave.state.kind).toBe('saved');
  expect(server.drafts.size).toBe(0);
});

test('an edit lies in the browser before the server has it', () => {
  const server = new Server();
  const { document } = opened(server);
  rename(document, 'ask', 'Question');
  expect(server.drafts.get('p1')?.graph.nodes['ask']?.title).toBe('Question');
  expect(server.sent).toHaveLength(0);
});

test('an edit that is undone before the pause is not sent', async () => {
  const server = new Server();
  const { document, autosave } = opened(server);
  rename(document, 'ask', 'Question');
  document.undo();
  await server.ring();
  expect(server.sent).toHaveLength(0);
  expect(autosave.state.kind).toBe('saved');
});

test('without a server edits are kept here and sent when it is back', async () => {
  const server = new Server();
  const { document, autosave } = opened(server);
  server.reachable = false;
  rename(document, 'ask', 'Question');
  await server.ring();
  expect(autosave.state).toEqual({ kind: 'offline', kept: true });
  setParam(document, 'ask', 'default', 'Why?');
  server.reachable = true;
  autosave.reconnected();
  await server.ring();
  expect(server.stored.graph.nodes['ask']).toMatchObject({ title: 'Question', params: { default: 'Why?' } });
  expect(autosave.state.kind).toBe('saved');
});

test('a tab that was killed finds its edits again and sends them', async () => {
  const server = new Server();
  server.reachable = false;
  rename(opened(server).document, 'ask', 'Question');
  server.reachable = true;
  const again = opened(server);
  expect(again.document.picture.nodes['ask']?.title).toBe('Question');
  expect(await again.autosave.flush()).toBe(true);
  expect(server.stored.graph.nodes['ask']?.title).toBe('Question');
});

test('a tab finds what another left when it was killed, unless something was begun here', async () => {
  const server = new Server();
  const draft = { name: 'Ask', graph: { ...GRAPH, nodes: {} }, revision: '1', at: 0 };
  server.left = draft;
  const { document, autosave } = opened(server);
  await Promise.resolve();
  expect(document.picture.nodes).toEqual({});
  expect(server.left).toBeNull();
  expect(await autosave.flush()).toBe(true);
  server.left = { ...draft, revision: '2', graph: GRAPH };
  const other = opened(server, server.stored);
  addNode(other.document, { kind: 'text.generate', position: [0, 0] });
  await Promise.resolve();
  expect(Object.keys(other.document.picture.nodes)).toEqual(['generate']);
  expect(server.left).not.toBeNull();
});

test('a save whose answer was lost is no conflict', async () => {
  const server = new Server();
  const { document, autosave } = opened(server);
  server.losesAnswers = true;
  rename(document, 'ask', 'Question');
  await server.ring();
  expect(autosave.state.kind).toBe('offline');
  server.losesAnswers = false;
  await server.ring();
  expect(autosave.state.kind).toBe('saved');
  rename(document, 'ask', 'Your question');
  await server.ring();
  expect(server.stored.graph.nodes['ask']?.title).toBe('Your question');
});

async function conflicted() {
  const server = new Server();
  const mine = opened(server, structuredClone(server.stored));
  const other = opened(server, structuredClone(server.stored));
  addNode(other.document, { kind: 'text.generate', position: [0, 0] });
  await server.ring();
  rename(mine.document, 'ask', 'Question');
  await server.ring();
  return { server, ...mine };
}

test('a version that somebody else made meanwhile is not written over', async () => {
  const { server, autosave, document } = await conflicted();
  expect(autosave.state.kind).toBe('conflict');
  expect(Object.keys(server.stored.graph.nodes)).toEqual(['ask', 'generate']);
  expect(document.picture.nodes['ask']?.title).toBe('Question');
  rename(document, 'ask', 'My question');
  await server.ring();
  expect(server.sent).toHaveLength(2);
  expect(server.drafts.get('p1')?.graph.nodes['ask']?.title).toBe('My question');
});

test('a conflict can end with mine', async () => {
  const { server, autosave } = await conflicted();
  await autosave.keepMine();
  expect(autosave.state.kind).toBe('saved');
  expect(Object.keys(server.stored.graph.nodes)).toEqual(['ask']);
});

test('a conflict can end with theirs, and undo brings mine back', async () => {
  const { server, autosave, document } = await conflicted();
  await autosave.take(server.stored);
  expect(autosave.state.kind).toBe('saved');
  expect(Object.keys(document.picture.nodes).sort()).toEqual(['ask', 'generate']);
  document.undo();
  expect(document.picture.nodes['ask']?.title).toBe('Question');
});

test('a conflict can end with both', async () => {
  const { server, autosave, document } = await conflicted();
  const merged = merge(GRAPH, document.content, server.stored);
  expect(merged.clashes).toEqual([]);
  await autosave.take(merged.content);
  expect(autosave.state.kind).toBe('saved');
  expect(server.stored.graph.nodes['ask']?.title).toBe('Question');
  expect(server.stored.graph.nodes['generate']).toBeDefined();
});

test('a draft on an old revision asks instead of writing over', () => {
  const server = new Server();
  server.drafts.set('p1', { name: 'Ask', graph: { ...GRAPH, nodes: {} }, revision: '0', at: 0 });
  const { autosave, document } = opened(server);
  expect(autosave.state.kind).toBe('conflict');
  expect(document.picture.nodes).toEqual({});
});

test('what the server refuses is said and kept', async () => {
  const server = new Server();
  server.tools.send = async () => ({ kind: 'refused', detail: 'You may read this pipeline, not change it.' });
  const { document, autosave } = opened(server);
  rename(document, 'ask', 'Question');
  await server.ring();
  expect(autosave.state).toEqual({ kind: 'refused', detail: 'You may read this pipeline, not change it.' });
  expect(server.drafts.has('p1')).toBe(true);
});

test('a merge names the nodes that both changed and takes ours there', () => {
  const ours = { name: 'Ask', graph: { ...GRAPH, nodes: { ask: { kind: 'input.text', title: 'Mine' } } } };
  const theirs = { name: 'Ask', graph: { ...GRAPH, nodes: { ask: { kind: 'input.text', title: 'Theirs' } } } };
  const { content, clashes } = merge(GRAPH, ours, theirs);
  expect(clashes).toEqual(['ask']);
  expect(content.graph.nodes['ask']?.title).toBe('Mine');
});
