/** From what stands in the controls of a form to the answer that is sent. */
import type { AskField } from '@/api/work';

export type Given = Readonly<Record<string, string | boolean>>;

/** What is sent: numbers as numbers, switches as they stand, and nothing for what was left empty. */
export function answered(fields: AskField[], given: Given): Record<string, string | number | boolean> {
  const entries = fields.flatMap((field): [string, string | number | boolean][] => {
    const value = given[field.name];
    if (field.type === 'boolean') return [[field.name, value === true]];
    if (typeof value !== 'string' || value.trim() === '') return [];
    const number = Number(value.trim().replace(',', '.'));
    // What is no number goes as it was typed: the server says what is wrong with it.
    return [[field.name, field.type === 'number' && !Number.isNaN(number) ? number : value]];
  });
  return Object.fromEntries(entries);
}

/** Whether everything that must be given is. */
export function complete(fields: AskField[], given: Given): boolean {
  const sent = answered(fields, given);
  return fields.every((field) => !field.required || field.name in sent);
}
