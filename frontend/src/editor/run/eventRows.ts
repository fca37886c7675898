import type { LogEntry } from './events';

/** A line of the list of events: one event, or the pieces of one text that came in a row. */
export interface EventRow {
  readonly id: string;
  readonly at: number;
  readonly kind: string;
  readonly node: string;
  readonly words: string;
  /** How many events this line stands for. */
  readonly count: number;
}

export function eventRows(entries: readonly LogEntry[]): EventRow[] {
  const rows: EventRow[] = [];
  for (const [id, event] of entries) {
    const last = rows.at(-1);
    const node = event.node ?? '';
    const text = event.text ?? '';
    if (event.kind === 'step.delta' && last?.kind === 'step.delta' && last.node === node) {
      rows[rows.length - 1] = { ...last, words: last.words + text, count: last.count + 1 };
    } else {
      rows.push({ id, at: event.at ?? 0, kind: event.kind, node, words: text || wordsOf(event), count: 1 });
    }
  }
  return rows;
}

function wordsOf(event: LogEntry[1]): string {
  if (event.error) return event.error.title;
  if (event.kind === 'step.progress')
    return [event.fraction == null ? '' : `${Math.round(event.fraction * 100)} %`, event.note]
      .filter(Boolean)
      .join(' ');
  if (event.kind === 'run.finished') return event.status ?? '';
  if (event.kind === 'step.started') return (event.attempt ?? 1) > 1 ? `#${event.attempt}` : '';
  return event.reason ?? '';
}
