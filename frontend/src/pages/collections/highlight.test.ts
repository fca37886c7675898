import { expect, it } from 'vitest';
import { highlighted } from './highlight';

const hits = (text: string, query: string) => highlighted(text, query).filter((piece) => piece.hit).map((piece) => piece.text);

it('marks the words of a question, whatever their case', () => {
  expect(hits('The Pump takes 4.2 litres. Pumps wear.', 'How much does the pump take?')).toEqual(['Pump', 'take', 'Pump']);
});

it('marks nothing in the middle of a word', () => {
  expect(hits('startling art', 'art')).toEqual(['art']);
});

it('marks Chinese by pairs of letters', () => {
  expect(hits('这台水泵需要四升油。', '水泵要多少油')).toEqual(['水泵']);
});

it('takes what looks like a pattern literally', () => {
  expect(hits('a (b) c++ [d]', 'c++ (b) .*')).toEqual([]);
  expect(hits('say hello.', '.* hello')).toEqual(['hello']);
});

it.each(['', '   ', 'the of', '\\', '((('])('gives the whole text back for %j', (query) => {
  const pieces = highlighted('one two', query);
  expect(pieces).toEqual([{ text: 'one two', hit: false }]);
});

it('loses nothing of the text', () => {
  const text = 'Oil, oil 油 and  OIL—oil';
  expect(highlighted(text, 'oil 油').map((piece) => piece.text).join('')).toBe(text);
});
