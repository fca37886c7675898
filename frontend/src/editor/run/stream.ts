import type { RunEvent } from './events';

/** A text as it comes, piece by piece. */
export interface StreamedText {
  readonly text: string;
  /** Characters as the server counts them (code points), not UTF-16 units. */
  readonly length: number;
  readonly attempt: number;
  /** Pieces that arrived ahead of the ones before them, by offset. */
  readonly ahead: Readonly<Record<number, string>>;
  readonly pieces: number;
  readonly firstAt: number;
  readonly lastAt: number;
}

/**
 * Puts a piece where it belongs. A later attempt that starts at 0 voids the old text; one that goes on keeps what lies before its offset.
 * The same piece twice changes nothing; a piece that is ahead of the text waits for the ones before it.
 */
export function place(stream: StreamedText | undefined, event: RunEvent): StreamedText | undefined {
  const { text: piece = '', offset = stream?.length ?? 0, at = 0 } = event;
  const attempt = event.attempt ?? stream?.attempt ?? 1;
  if (stream && attempt < stream.attempt) return stream;
  const fresh = { text: '', length: 0, attempt, ahead: {}, pieces: 0, firstAt: at, lastAt: at };
  let base: StreamedText = stream ?? fresh;
  if (stream && attempt > stream.attempt)
    base = offset === 0 ? fresh : { ...stream, ...cut(stream, offset), attempt, ahead: {} };
  if (offset > base.length) return { ...base, ahead: { ...base.ahead, [offset]: piece } };
  const placed = overlaid(base, piece, offset);
  if (placed === base && stream && base === stream) return stream;
  return caughtUp({ ...placed, pieces: base.pieces + 1, lastAt: at });
}

function overlaid(base: StreamedText, piece: string, offset: number): StreamedText {
  if (offset === base.length) return { ...base, text: base.text + piece, length: base.length + lengthOf(piece) };
  const points = Array.from(base.text);
  const added = Array.from(piece);
  if (added.every((point, index) => points[offset + index] === point)) return base;
  const text = [...points.slice(0, offset), ...added, ...points.slice(offset + added.length)];
  return { ...base, text: text.join(''), length: text.length };
}

function caughtUp(stream: StreamedText): StreamedText {
  const waiting = Object.keys(stream.ahead)
    .map(Number)
    .sort((a, b) => a - b);
  const next = waiting.find((offset) => offset <= stream.length);
  if (next === undefined) return stream;
  const { [next]: piece = '', ...ahead } = stream.ahead;
  return caughtUp({ ...overlaid(stream, piece, next), ahead });
}

function cut(stream: StreamedText, length: number): Pick<StreamedText, 'text' | 'length'> {
  if (length >= stream.length) return { text: stream.text, length: stream.length };
  return { text: Array.from(stream.text).slice(0, length).join(''), length };
}

/** Code points, because that is how the server counts. */
function lengthOf(text: string): number {
  let length = 0;
  for (const _ of text) length += 1;
  return length;
}
