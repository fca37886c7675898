import { expect, test } from 'vitest';

import { PipelineDocument } from '../document/document';
import type { Catalogue, InputPort, Kind, OutputPort } from './catalogue';
import { fit, refusalOf } from './compatibility';
import { kindsThatFit, portsOf, whyNot } from './ports';

const input = (name: string, type: string, required = true): InputPort => ({ name, type, required });
const output = (name: string, type: string): OutputPort => ({ name, type, streams: false });
const kind = (name: string, inputs: InputPort[], outputs: OutputPort[], more: Partial<Kind> = {}): Kind => ({
  kind: name,
  version: 1,
  title: name,
  family: 'tool',
  description: '',
  params: {},
  inputs,
  outputs,
  ...more,
});

const CATALOGUE: Catalogue = {
  types: {
    Text: { colour: '#0072B2', extends: null, becomes: ['Json'] },
    Number: { colour: '#7A7A7A', extends: null, becomes: ['Text', 'Json'] },
    File: { colour: '#64748B', extends: null, becomes: [] },
    Image: { colour: '#CC79A7', extends: 'File', becomes: [] },
    Documents: { colour: '#56B4E9', extends: null, becomes: ['Text'] },
    Json: { colour: '#8C6BB1', extends: null, becomes: [] },
  },
  nodes: [
    kind('input.file', [], [output('file', 'File')]),
    kind('document.read', [input('file', 'File')], [output('documents', 'Documents')], { title: 'Read document' }),
    kind('text.generate', [input('prompt', 'Text'), input('context', 'Documents', false)], [output('text', 'Text')]),
    kind('text.template', [input('topic', 'Text')], [output('text', 'Text')], {
      inputs_from: { param: 'template', pattern: '\\{\\{\\s*(\\w+)\\s*\\}\\}', type: 'Text' },
      params: { properties: { template: { type: 'string', default: '{{topic}}' } } },
    }),
    kind('image.describe', [input('image', 'Image')], [output('text', 'Text')]),
    kind('text.each', [input('texts', 'list[Text]')], [output('texts', 'list[Text]')]),
  ],
};

test.each([
  ['Text', 'Text', 'same'],
  ['Image', 'File', 'refines'],
  ['File', 'Image', null],
  ['Number', 'Text', 'becomes'],
  ['Text', 'Number', null],
  ['list[Image]', 'list[File]', 'refines'],
  ['list[Number]', 'list[Text]', 'becomes'],
  ['list[Text]', 'Text', null],
  ['Text', 'list[Text]', null],
  ['Unknown', 'Text', null],
])('%s into %s: %s', (source, target, wanted) => {
  expect(fit(CATALOGUE.types, source, target)).toBe(wanted);
});

test('a refusal names the kind that would stand between', () => {
  expect(refusalOf(CATALOGUE, 'File', 'Documents')).toEqual({
    code: 'types',
    source: 'File',
    target: 'Documents',
    through: 'Read document',
  });
  expect(refusalOf(CATALOGUE, 'list[Text]', 'Text')?.code).toBe('listToOne');
  expect(refusalOf(CATALOGUE, 'Text', 'list[Text]')?.code).toBe('oneToList');
});

const document = new PipelineDocument({
  name: 'p',
  graph: {
    version: 1,
    nodes: {
      file: { kind: 'input.file' },
      words: { kind: 'text.template', params: { template: '{{ a }} and {{b}} and {{a}}' } },
      first: { kind: 'text.generate' },
      second: { kind: 'text.generate' },
    },
    edges: [{ source: 'first.text', target: 'second.prompt' }],
  },
});

test('a template has a port for each word', () => {
  expect(portsOf(CATALOGUE, document.picture.nodes['words'], {}).inputs.map((port) => port.name)).toEqual(['a', 'b']);
});

test.each([
  ['first.text', 'first.prompt', 'itself'],
  ['second.text', 'first.prompt', 'circle'],
  ['file.file', 'first.prompt', 'types'],
  ['first.text', 'words.c', 'unknown'],
  ['first.text', 'words.b', undefined],
])('a wire from %s to %s: %s', (source, target, code) => {
  expect(whyNot(CATALOGUE, document.picture, { source, target })?.code).toBe(code);
});

test('what is offered at the end of a wire fits it', () => {
  expect(kindsThatFit(CATALOGUE, { from: 'Image' }).map((offer) => [offer.kind.kind, offer.port])).toEqual([
    ['document.read', 'file'],
    ['image.describe', 'image'],
  ]);
  expect(kindsThatFit(CATALOGUE, { from: 'Text' }).map((offer) => offer.kind.kind)).toEqual([
    'text.generate',
    'text.template',
  ]);
  expect(kindsThatFit(CATALOGUE, { into: 'Documents' }).map((offer) => offer.kind.kind)).toEqual(['document.read']);
});
