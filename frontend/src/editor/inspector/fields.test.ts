import { expect, test } from 'vitest';

import type { Kind, ParamSchema } from '../types/catalogue';
import { fieldsOf, numberFrom, primaryFields, slides, valueOf, type Field } from './fields';

const kind = (properties: Record<string, ParamSchema>, $defs = {}): Kind => ({
  kind: 'k',
  version: 1,
  title: 'K',
  family: 'tool',
  description: '',
  inputs: [],
  outputs: [],
  params: { properties, $defs },
});
const only = (schema: ParamSchema, $defs = {}): Field => fieldsOf(kind({ knob: schema }, $defs))[0]!;

test.each([
  [{ type: 'string' }, 'line'],
  [{ type: 'string', 'x-widget': 'textarea' }, 'lines'],
  [{ type: 'string', 'x-ref': 'model', 'x-task': 'text' }, 'model'],
  [{ type: 'string', 'x-ref': 'collection' }, 'collection'],
  [{ type: 'string', enum: ['a', 'b'] }, 'choice'],
  [{ type: 'boolean' }, 'switch'],
  [{ type: ['integer', 'null'] }, 'number'],
  [{ anyOf: [{ type: 'number' }, { type: 'null' }] }, 'number'],
  [{ $ref: '#/$defs/How' }, 'choice'],
  [{ type: 'array', items: { type: 'string' } }, 'list'],
  [{ type: 'object' }, 'json'],
] as [ParamSchema, Field['control']][])('%j is drawn as %s', (schema, control) => {
  expect(only(schema, { How: { type: 'string', enum: ['x'] } }).control).toBe(control);
});

test('a knob is called by its title, else by its name', () => {
  expect(only({ type: 'string', title: 'Top p', description: 'Help' })).toMatchObject({ label: 'Top p', help: 'Help' });
  expect(fieldsOf(kind({ max_new_tokens: { type: 'integer' } }))[0]?.label).toBe('Max new tokens');
});

test('a value that is set goes before the standard one, also when it is null', () => {
  const field = only({ type: ['integer', 'null'], default: 7 });
  expect(valueOf(field, {})).toBe(7);
  expect(valueOf(field, { knob: null })).toBeNull();
});

test('a node shows at most two knobs', () => {
  const many = kind(Object.fromEntries(['a', 'b', 'c'].map((name) => [name, { type: 'string', 'x-primary': true }])));
  expect(primaryFields(many).map((field) => field.name)).toEqual(['a', 'b']);
});

test('a typed number is kept within its range, and nonsense is not taken', () => {
  const field = only({ type: 'integer', minimum: 1, maximum: 10 });
  expect(['3', '99', '-4', '2.6', '4,2', 'x', ''].map((text) => numberFrom(text, field))).toEqual([
    3,
    10,
    1,
    3,
    4,
    undefined,
    undefined,
  ]);
  expect(numberFrom('', only({ type: ['number', 'null'] }))).toBeNull();
});

test('a slider needs both ends, near enough', () => {
  expect(slides(only({ type: 'number', minimum: 0, maximum: 2 }))).toBe(true);
  expect(slides(only({ type: 'integer', minimum: 1, maximum: 32768 }))).toBe(false);
  expect(slides(only({ type: 'number', minimum: 0 }))).toBe(false);
});
