import type { Content, PipelineDocument } from './document';
import type { Draft, Drafts } from './drafts';
import { sameGraph, type Graph } from './graph';

/** A version as the server has it. */
export interface Stored extends Content {
  revision: string;
}

export type SaveAnswer =
  { kind: 'saved'; stored: Stored } | { kind: 'stale'; theirs: Stored } | { kind: 'refused'; detail: string };

export type SaveState =
  | { kind: 'saved' }
  | { kind: 'unsaved' }
  | { kind: 'saving' }
  | { kind: 'offline'; kept: boolean }
  | { kind: 'conflict'; theirs: Stored }
  | { kind: 'refused'; detail: string };

export interface SaveTools {
  /** Sends a version made on `revision`. Rejects when the server can't be reached. */
  send(content: Content, revision: string, leaving: boolean): Promise<SaveAnswer>;
  drafts: Drafts;
  /** Calls back after so many milliseconds; returns what calls that off. */
  after(milliseconds: number, call: () => void): () => void;
}

export const PAUSE = 700;
const LONGEST_WAIT = 4000;
/** What a draft was made on is no longer there when another version has been saved since. */
const UNKNOWN_BASE: Graph = { version: 1, nodes: {}, edges: [] };
const FIRST_RETRY = 1000;
const LAST_RETRY = 30_000;

/**
 * Keeps the server's copy up to date with the document. Each edit lies in the browser at once and goes to the server after a
 * short pause; what the server can't take now stays in the browser and is sent again; what somebody else changed meanwhile is never written over.
 */
export class Autosave {
  state: SaveState = { kind: 'saved' };
  private waiting: (() => void) | null = null;
  private waitingSince = 0;
  private sending: Promise<void> | null = null;
  private retry = FIRST_RETRY;
  private readonly listeners = new Set<() => void>();
  private unwatch: () => void = () => undefined;

  constructor(
    private readonly pipeline: string,
    private readonly document: PipelineDocument,
    private stored: Stored,
    private readonly tools: SaveTools,
    private readonly onStored: (stored: Stored) => void = () => undefined,
  ) {}

  /** Begins to watch the document, and takes up what an earlier tab left unsaved in this browser. */
  start(): void {
    this.unwatch();
    this.unwatch = this.document.subscribe(() => this.edited());
    const own = this.tools.drafts.read(this.pipeline);
    if (own) this.takeUp(own, () => this.tools.drafts.drop(this.pipeline));
    else void this.inherit();
  }

  /** The version that the edits here were made on; null when only its revision is known. */
  get base(): Content | null {
    return this.stored.graph === UNKNOWN_BASE ? null : this.stored;
  }

  get dirty(): boolean {
    return !sameContent(this.document.content, this.stored);
  }

  /** Sends what isn't sent yet; resolves to whether the server now has it all. */
  async flush(leaving = false): Promise<boolean> {
    this.cancelWait();
    await this.sending;
    if (this.state.kind === 'conflict') return false;
    if (this.dirty) await (this.sending = this.save(leaving));
    else if (this.state.kind !== 'saved') this.settle();
    return !this.dirty;
  }

  /** Ends a conflict with this browser's version. */
  async keepMine(): Promise<void> {
    if (this.state.kind !== 'conflict') return;
    this.stored = this.state.theirs;
    this.become({ kind: 'unsaved' });
    await this.flush();
  }

  /** Ends a conflict with the server's version, or with one made of both; undo brings the other back. */
  async take(content: Content): Promise<void> {
    if (this.state.kind !== 'conflict') return;
    this.stored = this.state.theirs;
    this.state = { kind: 'unsaved' };
    this.document.replace(content, { name: 'takeVersion' });
    if (this.dirty) await this.flush();
    else this.settle();
  }

  /** Tries again at once, as when the network is back. */
  reconnected(): void {
    if (this.state.kind === 'offline') void this.flush();
  }

  /** Writes the draft, so that closing the page loses nothing. */
  keepDraft(): boolean {
    return this.tools.drafts.keep(this.pipeline, {
      ...this.document.content,
      revision: this.stored.revision,
      at: Date.now(),
    });
  }

  stop(): void {
    this.cancelWait();
    this.unwatch();
    if (this.dirty) this.keepDraft();
  }

  subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  /** Takes up what another tab left when it was killed, unless something has been begun here. */
  private async inherit(): Promise<void> {
    const inherited = await this.tools.drafts.inherit(this.pipeline);
    if (!inherited || this.dirty || this.state.kind !== 'saved') return;
    this.takeUp(inherited.draft, () => undefined);
    inherited.forget();
  }

  private takeUp(draft: Draft, drop: () => void): void {
    if (sameContent(draft, this.stored)) return drop();
    const theirs = this.stored;
    if (draft.revision === theirs.revision) {
      this.document.replace(draft, { name: 'takeUpDraft' });
      return;
    }
    this.stored = { name: '', graph: UNKNOWN_BASE, revision: draft.revision };
    this.state = { kind: 'conflict', theirs };
    this.document.replace(draft, { name: 'takeUpDraft' });
  }

  private edited(): void {
    if (this.state.kind === 'conflict') {
      this.keepDraft();
      return;
    }
    this.keepDraft();
    if (this.state.kind === 'saved' || this.state.kind === 'refused') this.become({ kind: 'unsaved' });
    this.wait(PAUSE);
  }

  private wait(pause: number): void {
    const now = Date.now();
    if (!this.waiting) this.waitingSince = now;
    this.waiting?.();
    const left = Math.max(0, this.waitingSince + Math.max(LONGEST_WAIT, pause) - now);
    this.waiting = this.tools.after(Math.min(pause, left), () => {
      this.waiting = null;
      void this.flush();
    });
  }

  private cancelWait(): void {
    this.waiting?.();
    this.waiting = null;
  }

  private async save(leaving: boolean): Promise<void> {
    const content = this.document.content;
    this.become({ kind: 'saving' });
    try {
      this.received(await this.tools.send(content, this.stored.revision, leaving), content);
    } catch {
      this.become({ kind: 'offline', kept: this.keepDraft() });
      this.wait(this.retry);
      this.retry = Math.min(this.retry * 2, LAST_RETRY);
    } finally {
      this.sending = null;
    }
  }

  private received(answer: SaveAnswer, sent: Content): void {
    if (answer.kind === 'refused') {
      this.keepDraft();
      return this.become(answer);
    }
    if (answer.kind === 'stale' && !sameContent(answer.theirs, sent)) {
      this.keepDraft();
      return this.become({ kind: 'conflict', theirs: answer.theirs });
    }
    // A stale answer whose version is ours came from a save whose answer was lost.
    this.stored = { ...sent, revision: answer.kind === 'saved' ? answer.stored.revision : answer.theirs.revision };
    this.retry = FIRST_RETRY;
    this.onStored(answer.kind === 'saved' ? answer.stored : answer.theirs);
    if (!this.dirty) return this.settle();
    this.keepDraft();
    this.become({ kind: 'unsaved' });
    this.wait(PAUSE);
  }

  private settle(): void {
    this.cancelWait();
    this.tools.drafts.drop(this.pipeline);
    this.become({ kind: 'saved' });
  }

  private become(state: SaveState): void {
    this.state = state;
    for (const listener of [...this.listeners]) listener();
  }
}

export function sameContent(a: Content, b: Content): boolean {
  return a.name === b.name && sameGraph(a.graph, b.graph);
}
