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
  /** Calls when the network or the machine is back, as after a night; returns what ends that. */
  onWake(call: () => void): () => void;
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
  onWake: woken,
};

/** A page that was out of sight so long may have slept, and a line that broke meanwhile looks as if it stood. */
const SLEPT = 60_000;

function woken(call: () => void): () => void {
  let hidden = Date.now();
  const seen = () => {
    if (document.visibilityState === 'hidden') hidden = Date.now();
    else if (Date.now() - hidden > SLEPT) call();
  };
  window.addEventListener('online', call);
  document.addEventListener('visibilitychange', seen);
  return () => {
    window.removeEventListener('online', call);
    document.removeEventListener('visibilitychange', seen);
  };
}

/**
 * Follows a run from its first event, or from just after `after`, to its last. A line that breaks is opened again from the last
 * id that arrived, so nothing is lost; live runs, runs picked up after a reload and old ones are all read this way. A run that waits
 * for a person is followed through its wait, for hours.
 * Returns what stops it.
 */
export function follow(run: string, after: string, follower: Follower, tools: FollowTools = browserTools): () => void {
  let last = after;
  let pause = FIRST_PAUSE;
  let stopped = false;
  let line: Line | null = null;
  let callOff = (): void => undefined;

  const connect = (): void => {
    const opened = tools.open(socketUrl(run, last));
    line = opened;
    opened.onopen = () => line === opened && follower.onLink('live');
    opened.onmessage = ({ data }) => {
      if (stopped || line !== opened) return;
      const entries = JSON.parse(String(data)) as LogEntry[];
      last = entries.at(-1)?.[0] ?? last;
      pause = FIRST_PAUSE;
      follower.onEntries(entries);
    };
    opened.onclose = ({ code }) => line === opened && closed(code);
  };
  /** Lets go of the line; what it still says is said to nobody. */
  const hangUp = (): void => {
    callOff();
    const before = line;
    line = null;
    before?.close();
  };
  const end = (): void => {
    stopped = true;
    sleepless();
    hangUp();
  };
  const closed = (code: number): void => {
    if (stopped) return;
    if (code === ENDED || REFUSED.has(code)) {
      end();
      return follower.onLink(code === ENDED ? 'ended' : 'refused');
    }
    follower.onLink('reconnecting');
    callOff = tools.after(pause, connect);
    pause = Math.min(pause * 2, LAST_PAUSE);
  };

  const sleepless = tools.onWake(() => {
    hangUp();
    pause = FIRST_PAUSE;
    connect();
  });

  follower.onLink('connecting');
  connect();
  return end;
}

export function socketUrl(run: string, after: string): string {
  const { protocol, host } = window.location;
  const query = after ? `?after=${encodeURIComponent(after)}` : '';
  return `${protocol === 'https:' ? 'wss' : 'ws'}://${host}/ws/runs/${run}${query}`;
}
