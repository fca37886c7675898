import type { Content } from './document';

/** Edits that the server doesn't have yet, as they lie in this browser. */
export interface Draft extends Content {
  /** Revision of the pipeline that these edits were made on. */
  revision: string;
  /** Milliseconds since 1970. */
  at: number;
}

/** What this tab keeps. A draft belongs to the tab that made it: two tabs on one pipeline never write over each other's. */
export interface Drafts {
  read(pipeline: string): Draft | null;
  /** False when the browser has no room or keeps nothing for this page. */
  keep(pipeline: string, draft: Draft): boolean;
  drop(pipeline: string): void;
  /** The newest draft of a tab that is no more; null when there is none. */
  inherit(pipeline: string): Promise<Inherited | null>;
}

export interface Inherited {
  readonly draft: Draft;
  /** Drops it where it was left: it has been taken up. */
  forget(): void;
}

const keysOf = (pipeline: string): string => `genaisys.draft.${pipeline}.`;
const TAB = 'genaisys.tab';
const lockOf = (tab: string): string => `genaisys.tab.${tab}`;
/** Without locks, a draft this old is taken for a dead tab's: a living one that is offline writes its own anew every 30 s. */
const LEFT_ALONE = 60_000;

/** What tells which tabs there are; in a page that isn't secure browsers have no locks. */
type Locks = Pick<LockManager, 'request' | 'query'> | undefined;

/**
 * Drafts in `localStorage`: writing there is done when the call returns, so a tab that is killed a moment later loses nothing.
 * IndexedDB would promise that only once its transaction has ended. Each tab holds a lock for as long as it lives.
 */
export function createDrafts(locks: Locks, tab: string): Drafts {
  const keyOf = (pipeline: string): string => keysOf(pipeline) + tab;
  return {
    read: (pipeline) => readAt(keyOf(pipeline)),
    keep(pipeline, draft) {
      try {
        localStorage.setItem(keyOf(pipeline), JSON.stringify(draft));
        return true;
      } catch {
        return false;
      }
    },
    drop: (pipeline) => dropAt(keyOf(pipeline)),
    async inherit(pipeline) {
      const left = await leftAlone(locks, pipeline, keyOf(pipeline));
      const [newest] = left.sort((a, b) => b.draft.at - a.draft.at);
      return newest ? { draft: newest.draft, forget: () => dropAt(newest.key) } : null;
    },
  };
}

/** The drafts of other tabs that are gone. */
async function leftAlone(locks: Locks, pipeline: string, own: string): Promise<{ key: string; draft: Draft }[]> {
  const drafts = keys(keysOf(pipeline)).flatMap((key) => {
    const draft = key === own ? null : readAt(key);
    return draft ? [{ key, draft }] : [];
  });
  if (drafts.length === 0) return [];
  if (!locks) return drafts.filter(({ draft }) => Date.now() - draft.at > LEFT_ALONE);
  const held = new Set((await locks.query()).held?.map((lock) => lock.name));
  return drafts.filter(({ key }) => !held.has(lockOf(key.slice(key.lastIndexOf('.') + 1))));
}

function keys(beginning: string): string[] {
  try {
    return Object.keys(localStorage).filter((key) => key.startsWith(beginning));
  } catch {
    return [];
  }
}

function readAt(key: string): Draft | null {
  try {
    const text = localStorage.getItem(key);
    const draft: unknown = text === null ? null : JSON.parse(text);
    return isDraft(draft) ? draft : null;
  } catch {
    return null;
  }
}

function dropAt(key: string): void {
  try {
    localStorage.removeItem(key);
  } catch {
    // A browser that keeps nothing has nothing to drop.
  }
}

function isDraft(value: unknown): value is Draft {
  if (typeof value !== 'object' || value === null) return false;
  const { revision, name, graph } = value as Partial<Draft>;
  return (
    typeof revision === 'string' &&
    typeof name === 'string' &&
    typeof graph?.nodes === 'object' &&
    Array.isArray(graph.edges)
  );
}

const RELEASED = 150;
const pause = (milliseconds: number) => new Promise((done) => setTimeout(done, milliseconds));

/**
 * Who this tab is, the same after a reload. A tab that was duplicated finds the name taken by the one it was made from, and
 * takes one of its own.
 */
export async function nameTab(locks: Locks, fresh: () => string): Promise<string> {
  const name = remembered() ?? fresh();
  // Right after a reload the page before may still hold it for a moment.
  const held = (await hold(locks, name)) || (await pause(RELEASED).then(() => hold(locks, name)));
  const own = held ? name : fresh();
  if (!held) await hold(locks, own);
  try {
    sessionStorage.setItem(TAB, own);
  } catch {
    // Without storage a reload is another tab, which inherits from this one.
  }
  return own;
}

function remembered(): string | null {
  try {
    return sessionStorage.getItem(TAB);
  } catch {
    return null;
  }
}

/** Holds the lock of a tab for as long as the page lives; tells whether it was free. */
function hold(locks: Locks, tab: string): Promise<boolean> {
  if (!locks) return Promise.resolve(true);
  return new Promise((told) => {
    const forLife = (lock: Lock | null) => {
      told(lock !== null);
      return lock === null ? undefined : new Promise<void>(() => undefined);
    };
    void locks.request(lockOf(tab), { ifAvailable: true }, forLife).catch(() => told(true));
  });
}

let opened: Promise<Drafts> | null = null;

/** The drafts of this tab. */
export function browserDrafts(): Promise<Drafts> {
  const locks = 'locks' in navigator ? navigator.locks : undefined;
  const fresh = () => Math.random().toString(36).slice(2, 12);
  opened ??= nameTab(locks, fresh).then((tab) => createDrafts(locks, tab));
  return opened;
}
