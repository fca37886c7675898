import { expect, test } from 'vitest';

import { blocks, pieces, spans } from './markdown';

test('citations are told from other brackets', () => {
  expect(spans('Takes 4.2 l [1], see [2, 3] and [note].')).toEqual([
    { kind: 'text', text: 'Takes 4.2 l ' },
    { kind: 'citation', number: 1 },
    { kind: 'text', text: ', see ' },
    { kind: 'citation', number: 2 },
    { kind: 'citation', number: 3 },
    { kind: 'text', text: ' and [note].' },
  ]);
});

test('only web addresses become links, and markup stays text', () => {
  expect(spans('[a](https://example.org) [b](javascript:alert(1)) <b>c</b>')).toEqual([
    { kind: 'link', text: 'a', href: 'https://example.org' },
    { kind: 'text', text: ' [b](javascript:alert(1)) <b>c</b>' },
  ]);
});

test("a full stop after an address isn't part of it, and snake_case isn't emphasis", () => {
  expect(spans('see https://example.org/a. max_new_tokens **now** *soon*')).toEqual([
    { kind: 'text', text: 'see ' },
    { kind: 'link', text: 'https://example.org/a', href: 'https://example.org/a' },
    { kind: 'text', text: '. max_new_tokens ' },
    { kind: 'strong', spans: [{ kind: 'text', text: 'now' }] },
    { kind: 'text', text: ' ' },
    { kind: 'emphasis', spans: [{ kind: 'text', text: 'soon' }] },
  ]);
});

test('blocks of every sort, one after the other without blank lines', () => {
  const text = '# Title\nwords\nmore\n- a\n- b\n  c\n1. x\n2. y\n> said\n```py\nx = 1\n```\n|a|b|\n|-|-|\n|1|2|';
  expect(blocks(text).map((block) => block.kind)).toEqual([
    'heading',
    'paragraph',
    'list',
    'list',
    'quote',
    'code',
    'paragraph',
  ]);
  expect(blocks('|a|b|\n|---|---|\n|1|2|')).toEqual([{ kind: 'table', head: ['a', 'b'], rows: [['1', '2']] }]);
});

test('a growing text keeps all its pieces but the last', () => {
  const text = 'One.\n\nTwo.\n\n```\na\n\nb\n```\n\nThree';
  expect(pieces(text)).toEqual(['One.', 'Two.', '```\na\n\nb\n```', 'Three']);
  for (let end = 1; end <= text.length; end += 1) {
    const grown = pieces(text.slice(0, end));
    expect(pieces(text).slice(0, grown.length - 1)).toEqual(grown.slice(0, -1));
  }
});

test('no text, however odd, is lost or never ends', () => {
  for (const text of ['```', '- ', '|', '>', '#', '* * *', '1.', '**', '[', '`a', '\n\n\n']) {
    for (const piece of pieces(text)) expect(blocks(piece).length).toBeGreaterThan(0);
  }
});
