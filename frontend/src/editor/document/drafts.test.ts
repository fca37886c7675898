import { beforeEach, expect, test } from 'vitest';

import { createDrafts, nameTab, type Draft } from './drafts';

beforeEach(() => {
  localStorage.clear();
  sessionStorage.clear();
});

const draft = (name: string, at: number): Draft => ({
  name,
  graph: { version: 1, nodes: {}, edges: [] },
  revision: '1',
  at,
});

/** The locks of one browser, for tabs that live until they are told to end. */
class Locks {
  held = new Map<string, string>();

  of(tab: string) {
    const { held } = this;
    const request = async (name: string, _: unknown, granted: (lock: unknown) => unknown) => {
      const free = !held.has(name);
      if (free) held.set(name, tab);
      void granted(free ? { name } : null);
    };
    const query = async () => ({ held: [...held.keys()].map((name) => ({ name })) });
    return { request, query } as unknown as LockManager;
  }

  end(tab: string): void {
    for (const [name, by] of [...this.held]) if (by === tab) this.held.delete(name);
  }
}

async function opened(locks: Locks, tab: string) {
  return createDrafts(locks.of(tab), await nameTab(locks.of(tab), () => tab));
}

test('two tabs on one pipeline each keep their own edits', async () => {
  const locks = new Locks();
  const first = await opened(locks, 'first');
  sessionStorage.clear(); // each tab has its own
  const second = await opened(locks, 'second');
  first.keep('p1', draft('mine', 1));
  second.keep('p1', draft('other', 2));
  expect(first.read('p1')?.name).toBe('mine');
  expect(second.read('p1')?.name).toBe('other');
  second.drop('p1');
  expect(first.read('p1')?.name).toBe('mine');
});

test("a living tab's edits are left to it, a dead one's are taken up once", async () => {
  const locks = new Locks();
  const first = await opened(locks, 'first');
  first.keep('p1', draft('left', 1));
  sessionStorage.clear();
  const second = await opened(locks, 'second');
  expect(await second.inherit('p1')).toBeNull();
  locks.end('first');
  const inherited = await second.inherit('p1');
  expect(inherited?.draft.name).toBe('left');
  inherited?.forget();
  expect(await second.inherit('p1')).toBeNull();
});

test('a tab is the same after a reload, a duplicated one is another', async () => {
  const locks = new Locks();
  (await opened(locks, 'first')).keep('p1', draft('mine', 1));
  const copy = await opened(locks, 'copy'); // it begins with the session storage of the first
  expect(copy.read('p1')).toBeNull();
  locks.end('copy');
  locks.end('first');
  sessionStorage.setItem('genaisys.tab', 'first');
  expect((await opened(locks, 'again')).read('p1')?.name).toBe('mine');
});

test('where browsers have no locks, edits that nobody writes anew any more are taken up', async () => {
  const drafts = createDrafts(undefined, 'second');
  createDrafts(undefined, 'first').keep('p1', draft('old', Date.now() - 120_000));
  createDrafts(undefined, 'third').keep('p1', draft('new', Date.now()));
  expect((await drafts.inherit('p1'))?.draft.name).toBe('old');
});
