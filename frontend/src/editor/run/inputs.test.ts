import { beforeEach, expect, test } from 'vitest';

import { PipelineDocument } from '../document/document';
import type { Catalogue, Kind } from '../types/catalogue';
import { createInputsStore, inputFields, inputsToSend, missingInputs, rememberInputs } from './inputs';

const kind = (name: string, type: string, properties = {}): Kind => ({
  kind: name,
  version: 1,
  title: name,
  family: 'input',
  description: '',
  params: { properties },
  inputs: [],
  outputs: [{ name: 'value', type, streams: false }],
});
const CATALOGUE: Catalogue = {
  types: { Text: { colour: '' }, Number: { colour: '' }, File: { colour: '' }, Image: { colour: '', extends: 'File' } },
  nodes: [
    kind('input.text', 'Text', { name: { default: 'input' }, default: { default: '' } }),
    kind('input.number', 'Number', { default: { default: 0 } }),
    kind('input.picture', 'Image'),
    { ...kind('text.join', 'Text'), family: 'tool' },
  ],
};
const { picture } = new PipelineDocument({
  name: 'p',
  graph: {
    version: 1,
    nodes: {
      number: { kind: 'input.number', params: { name: 'how_many' }, position: [0, 900] },
      picture: { kind: 'input.picture', params: { name: 'photo', accept: 'image/*' }, position: [0, 300] },
      ask: { kind: 'input.text', params: { name: 'question' }, title: 'Your question', position: [0, 0] },
      greet: { kind: 'input.text', params: { name: 'greeting', default: 'Hello' }, position: [0, 600] },
      join: { kind: 'text.join', params: { name: 'x' } },
    },
    edges: [],
  },
});
const fields = inputFields(CATALOGUE, picture);

beforeEach(() => localStorage.clear());

test('a run asks for its inputs in the order of the canvas', () => {
  expect(fields.map(({ name, label, control, required }) => [name, label, control, required])).toEqual([
    ['question', 'Your question', 'text', true],
    ['photo', 'Photo', 'file', true],
    ['greeting', 'Greeting', 'text', false],
    ['how_many', 'How many', 'number', false],
  ]);
  expect(fields[1]?.accept).toBe('image/*');
});

test('only what was given is sent, and what lacks is named', () => {
  const values = { question: 'Why?', greeting: '', gone: 'old', how_many: 0 };
  expect(inputsToSend(fields, values)).toEqual({ question: 'Why?', how_many: 0 });
  expect(missingInputs(fields, values).map((field) => field.name)).toEqual(['photo']);
});

test('what was given is remembered for each pipeline by itself', () => {
  createInputsStore('a').give('question', 'Why?');
  expect(createInputsStore('a').getState().values).toEqual({ question: 'Why?' });
  expect(createInputsStore('b').getState().values).toEqual({});
  createInputsStore('a').give('question', undefined);
  expect(createInputsStore('a').getState().values).toEqual({});
});

test('a form can begin with a sample, and a broken memory is an empty form', () => {
  rememberInputs('c', { question: 'How?' });
  expect(createInputsStore('c').getState().values).toEqual({ question: 'How?' });
  localStorage.setItem('genaisys.inputs.c', '{');
  expect(createInputsStore('c').getState().values).toEqual({});
});
