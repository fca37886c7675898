import { expect, test } from 'vitest';

import type { LogEntry } from './events';
import { follow, type FollowTools, type Line, type Link } from './follow';

const LOG: LogEntry[] = Array.from({ length: 40 }, (_, index) => [
  `1-${index + 1}`,
  { kind: 'step.progress', node: 'a', fraction: index / 40 },
]);

/** A server that sends the log in batches of three and breaks the line after `life` batches. */
function brokenServer(life: number) {
  const asked: string[] = [];
  const queue: (() => void)[] = [];
  const tools: FollowTools = {
    open(url) {
      asked.push(url);
      const after = new URL(url).searchParams.get('after') ?? '';
      const line: Line = { onopen: null, onmessage: null, onclose: null, close: () => undefined };
      queue.push(() => serve(line, LOG.findIndex(([id]) => id === after) + 1));
      return line;
    },
    after: (_, call) => {
      queue.push(call);
      return () => undefined;
    },
    onWake: () => () => undefined,
  };
  const serve = (line: Line, from: number): void => {
    line.onopen?.();
    for (let batch = 0; batch < life; batch += 1) {
      const start = from + batch * 3;
      if (start >= LOG.length) return line.onclose?.({ code: 1000 });
      line.onmessage?.({ data: JSON.stringify(LOG.slice(start, start + 3)) });
    }
    line.onclose?.({ code: 1006 });
  };
  return {
    asked,
    tools,
    play: () => {
      for (let call = queue.shift(); call; call = queue.shift()) call();
    },
  };
}

test.each([1, 2, 5, 100])('a line that breaks after %i messages loses, doubles and mixes up nothing', (life) => {
  const server = brokenServer(life);
  const got: string[] = [];
  const links: Link[] = [];
  follow(
    'r1',
    '',
    { onEntries: (entries) => got.push(...entries.map(([id]) => id)), onLink: (link) => links.push(link) },
    server.tools,
  );
  server.play();
  expect(got).toEqual(LOG.map(([id]) => id));
  expect(links.at(-1)).toBe('ended');
  expect(server.asked[0]).toMatch(/^wss?:\/\/[^/]+\/ws\/runs\/r1$/);
});

test("a run that isn't ours is not asked for again", () => {
  const opened: Line[] = [];
  const links: Link[] = [];
  const tools: FollowTools = {
    open: () => {
      const line: Line = { onopen: null, onmessage: null, onclose: null, close: () => undefined };
      opened.push(line);
      return line;
    },
    after: () => () => undefined,
    onWake: () => () => undefined,
  };
  follow('r1', '', { onEntries: () => undefined, onLink: (link) => links.push(link) }, tools);
  opened[0]?.onclose?.({ code: 4404 });
  expect(links).toEqual(['connecting', 'refused']);
  expect(opened).toHaveLength(1);
});

test('after a night a waiting run is asked for anew from where it stood, and what the old line still says is not heard', () => {
  const lines: { url: string; line: Line; closed: boolean }[] = [];
  const got: string[] = [];
  let wake = (): void => undefined;
  const tools: FollowTools = {
    open(url) {
      const opened = { url, closed: false, line: {} as Line };
      opened.line = { onopen: null, onmessage: null, onclose: null, close: () => void (opened.closed = true) };
      lines.push(opened);
      return opened.line;
    },
    after: () => () => undefined,
    onWake: (call) => {
      wake = call;
      return () => undefined;
    },
  };
  const say = (line: Line | undefined, ...ids: string[]) =>
    line?.onmessage?.({ data: JSON.stringify(ids.map((id) => [id, { kind: 'step.waiting', node: 'ask' }])) });
  follow('r1', '', { onEntries: (entries) => got.push(...entries.map(([id]) => id)), onLink: () => undefined }, tools);
  say(lines[0]?.line, '1-1', '1-2');
  wake();
  expect(lines[0]?.closed).toBe(true);
  expect(lines[1]?.url).toMatch(/after=1-2$/);
  say(lines[0]?.line, '1-3');
  lines[0]?.line.onclose?.({ code: 1006 });
  say(lines[1]?.line, '1-3', '2-1');
  expect(got).toEqual(['1-1', '1-2', '1-3', '2-1']);
  expect(lines).toHaveLength(2);
});
