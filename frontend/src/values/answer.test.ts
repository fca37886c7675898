import { describe, expect, it } from 'vitest';
import type { AskField } from '@/api/work';
import { answered, complete } from './answer';

const field = (name: string, type: AskField['type'], required = false): AskField => ({ name, label: name, type, required });

describe('an answer to a form', () => {
  const fields = [field('why', 'text', true), field('price', 'number'), field('sure', 'boolean')];

  it('sends numbers as numbers, with either decimal mark', () => {
    expect(answered(fields, { why: 'x', price: ' 4,5 ' })).toEqual({ why: 'x', price: 4.5, sure: false });
  });

  it('leaves out what was left empty', () => {
    expect(answered(fields, { why: '  ', price: '' })).toEqual({ sure: false });
  });

  it('sends what is no number as it was typed, for the server to judge', () => {
    expect(answered(fields, { price: 'many' })).toMatchObject({ price: 'many' });
  });

  it('is complete once everything required is there', () => {
    expect(complete(fields, { price: '3' })).toBe(false);
    expect(complete(fields, { why: 'because' })).toBe(true);
  });
});
