import type { LogEntry } from './events';

export type Link = 'connecting' | 'live' | 'reconnecting' | 'ended' | 'refused';

/** The part of WebSocket that is used, so that a test can cut the line. */
export interface Line {
  onopen: (() => void) | null;
  onmessage: ((message: { data: unknown }) => void) | null;
  onclose: ((close: { code: number }) => void) | null;
  close(): void;
}

export interface FollowTools {
  open(url: string): Line;
  after(milliseconds: number, call: () => void): () => void;
}

export interface Follower {
  onEntries(entries: readonly LogEntry[]): void;
  onLink(link: Link): void;
}

const FIRST_PAUSE = 250;
const LAST_PAUSE = 5000;
const ENDED = 1000;
const REFUSED = new Set([4401, 4403, 4404]);

const browserTools: FollowTools = {
  open: (url) => new WebSocket(url) as unknown as Line,
  after: (milliseconds, call) => {
    const timer = setTimeout(call, milliseconds);
    return () => clearTimeout(timer);
  },
};

/**
 * Follows a run from its first event, or from just after `after`, to its last. A line that breaks is opened again from the last
 * id that arrived, so nothing is lost; live runs, runs picked up after a reload and old ones are all read this way.
 * Returns what stops it.
 */
export function follow(run: string, after: string, follower: Follower, tools: FollowTools = browserTools): () => void {
  let last = after;
  let pause = FIRST_PAUSE;
  let stopped = false;
  let line: Line | null = null;
  let callOff = (): void => undefined;

  const connect = (): void => {
    line = tools.open(socketUrl(run, last));
    line.onopen = () => follower.onLink('live');
    line.onmessage = ({ data }) => {
      if (stopped) return;
      const entries = JSON.parse(String(data)) as LogEntry[];
      last = entries.at(-1)?.[0] ?? last;
      pause = FIRST_PAUSE;
      follower.onEntries(entries);
    };
    line.onclose = ({ code }) => closed(code);
  };
  const closed = (code: number): void => {
    if (stopped) return;
    if (code === ENDED) return follower.onLink('ended');
    if (REFUSED.has(code)) return follower.onLink('refused');
    follower.onLink('reconnecting');
    callOff = tools.after(pause, connect);
    pause = Math.min(pause * 2, LAST_PAUSE);
  };

  follower.onLink('connecting');
  connect();
  return () => {
    stopped = true;
    callOff();
    line?.close();
  };
}

export function socketUrl(run: string, after: string): string {
  const { protocol, host } = window.location;
  const query = after ? `?after=${encodeURIComponent(after)}` : '';
  return `${protocol === 'https:' ? 'wss' : 'ws'}://${host}/ws/runs/${run}${query}`;
}
