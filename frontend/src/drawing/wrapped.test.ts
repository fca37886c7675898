import { expect, it } from 'vitest';
import { wrapped } from './wrapped';

it('leaves a short title on one line', () => {
  expect(wrapped('Answer', 150)).toEqual(['Answer']);
});

it('breaks between words', () => {
  expect(wrapped('Split into passages', 112)).toEqual(['Split into', 'passages']);
});

it('breaks a long word and Chinese between letters', () => {
  expect(wrapped('Internationalisation', 107)).toEqual(['Internatio', 'nalisation']);
  expect(wrapped('把文档切分成段落', 80)).toEqual(['把文档切', '分成段落']);
});

it('says with an ellipsis that there is more', () => {
  expect(wrapped('Find the passages that fit the question best', 112)).toEqual(['Find the', 'passages…']);
});
