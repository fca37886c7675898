import { expect, test } from 'vitest';

import { fieldsOf } from '../inspector/fields';
import type { Catalogue } from './catalogue';
import zh from './kinds.zh.json';
import { localised } from './localise';

const CATALOGUE: Catalogue = {
  types: {},
  nodes: [
    {
      kind: 'text.route',
      version: 1,
      title: 'Route a text',
      family: 'control',
      description: 'Sends a text one way.',
      inputs: [],
      outputs: [],
      params: {
        properties: {
          how: { type: 'string', title: 'The text', enum: ['contains', 'never heard of'] },
          added: { type: 'string', title: 'Added later' },
        },
      },
    },
    {
      kind: 'made.elsewhere',
      version: 1,
      title: 'Made elsewhere',
      family: 'tool',
      description: '',
      inputs: [],
      outputs: [],
      params: {},
    },
  ],
};

test('kinds and knobs have their words, and what has none keeps the ones of the server', () => {
  const { nodes } = localised(CATALOGUE, zh);
  expect(nodes.map((kind) => kind.title)).toEqual(['文本分流', 'Made elsewhere']);
  const fields = fieldsOf(nodes[0]!);
  expect(fields.map((field) => field.label)).toEqual(['文本', 'Added later']);
  expect(fields[0]?.choices).toEqual([
    { value: 'contains', label: '包含' },
    { value: 'never heard of', label: 'never heard of' },
  ]);
});
