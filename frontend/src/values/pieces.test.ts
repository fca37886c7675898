import { expect, test } from 'vitest';

import { PiecePlayer, type SoundTools } from './pieces';

/** A clock that is wound by hand, and what was begun on it when. Every piece lasts two seconds. */
function desk() {
  const begun: { piece: string; at: number }[] = [];
  const endings: (() => void)[] = [];
  const clock = { currentTime: 0, state: 'running' };
  const context = Object.assign(clock, {
    destination: {},
    resume: async () => undefined,
    suspend: async () => undefined,
    close: async () => undefined,
    decodeAudioData: async (bytes: ArrayBuffer) => ({ duration: 2, piece: new TextDecoder().decode(bytes) }),
    createBufferSource() {
      const source = {
        buffer: null as unknown as { piece: string },
        onended: () => undefined,
        connect: () => undefined,
        start: (at: number) => {
          begun.push({ piece: source.buffer.piece, at });
          endings.push(() => source.onended());
        },
      };
      return source;
    },
  });
  const tools = {
    read: async (artifact: string) => new TextEncoder().encode(artifact).buffer,
    context: () => context,
  } as unknown as SoundTools;
  return { tools, begun, clock, end: () => endings.splice(0).forEach((ended) => ended()) };
}

const settled = () => new Promise((done) => setTimeout(done));

test('nothing is read before somebody presses play; then each piece follows the one before it without a gap', async () => {
  const { tools, begun } = desk();
  const player = new PiecePlayer(tools);
  player.give(['a', 'b'], false);
  await settled();
  expect(begun).toEqual([]);
  await player.play();
  await settled();
  player.give(['a', 'b', 'c'], false);
  await settled();
  expect(begun).toEqual([
    { piece: 'a', at: 0 },
    { piece: 'b', at: 2 },
    { piece: 'c', at: 4 },
  ]);
});

test('a piece that comes late is played at once, and the sound has ended when all is told and played', async () => {
  const { tools, begun, clock, end } = desk();
  const player = new PiecePlayer(tools);
  player.give(['a'], false);
  await player.play();
  await settled();
  end();
  expect(player.state).toBe('playing'); // more may come
  clock.currentTime = 7;
  player.give(['a', 'b'], true);
  await settled();
  expect(begun.at(-1)).toEqual({ piece: 'b', at: 7 });
  end();
  expect(player.state).toBe('ended');
  await player.play();
  await settled();
  expect(begun.slice(-2).map(({ piece }) => piece)).toEqual(['a', 'b']);
});

test('a piece that is gone is said, and does not stop the page', async () => {
  const { tools } = desk();
  tools.read = () => Promise.reject(new Error('gone'));
  const player = new PiecePlayer(tools);
  player.give(['a'], true);
  await player.play();
  await settled();
  expect(player.state).toBe('broken');
});
