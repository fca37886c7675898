import { formOf } from '@/values/forms';
import type { Json } from '../document/graph';

/** How a value is changed by hand: as words, as a number, as yes or no, or as JSON. */
export type Sort = 'text' | 'number' | 'boolean' | 'json';

export function sortOf(value: Json): Sort {
  const { kind } = formOf(value);
  return kind === 'text' || kind === 'number' || kind === 'boolean' ? kind : 'json';
}

export function written(value: Json, sort: Sort): string {
  return sort === 'json' ? JSON.stringify(value, null, 2) : String(value);
}

/** The value that was typed; undefined while it is none. */
export function readAs(text: string, sort: Sort): Json | undefined {
  if (sort === 'text') return text;
  if (sort === 'boolean') return text === 'true';
  if (sort === 'number') {
    const number = Number(text.trim().replace(',', '.'));
    return text.trim() !== '' && Number.isFinite(number) ? number : undefined;
  }
  try {
    return JSON.parse(text) as Json;
  } catch {
    return undefined;
  }
}
