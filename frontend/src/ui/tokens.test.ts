import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

const read = (path: string) => readFileSync(path, 'utf8');
const tokens = read('src/ui/tokens.css');
const entry = read('../webapp/static/entry.css');

/** Custom properties of the first block after `start`. */
function properties(css: string, start: string): Map<string, string> {
  const from = css.indexOf(start);
  const block = css.slice(css.indexOf('{', from) + 1, css.indexOf('}', from));
  return new Map([...block.matchAll(/(--[\w-]+):\s*([^;]+);/g)].map((found) => [found[1]!, found[2]!]));
}

const light = properties(tokens, ":root[data-theme='light']");
const dark = properties(tokens, ":root[data-theme='dark']");

function luminance(hex: string): number {
  const channel = (at: number) => {
    const value = parseInt(hex.slice(at, at + 2), 16) / 255;
    return value <= 0.03928 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  };
  return 0.2126 * channel(1) + 0.7152 * channel(3) + 0.0722 * channel(5);
}

function contrast(a: string, b: string): number {
  const [low, high] = [luminance(a), luminance(b)].sort((x, y) => x - y) as [number, number];
  return (high + 0.05) / (low + 0.05);
}

describe.each([
  ['light', light],
  ['dark', dark],
])('the %s theme', (_name, theme) => {
  const at = (name: string) => theme.get(name) ?? '';
  const grounds = ['--bg', '--surface', '--raised', '--sunken', '--canvas'];

  it.each(['--text', '--text-2', '--text-3', '--danger-ink', '--running-ink', '--success-ink', '--warning-ink'])(
    'lets %s be read on every ground',
    (ink) => {
      for (const ground of grounds) expect(contrast(at(ink), at(ground)), `${ink} on ${ground}`).toBeGreaterThanOrEqual(4.5);
    },
  );

  it('lets reading text be read with ease', () => {
    for (const ground of grounds) expect(contrast(at('--text'), at(ground))).toBeGreaterThanOrEqual(7);
  });

  it.each(['running', 'success', 'warning', 'danger'])('lets words about %s be read on its own tint', (state) => {
    expect(contrast(at(`--${state}-ink`), at(`--${state}-soft`))).toBeGreaterThanOrEqual(4.5);
  });

  it('lets buttons be read', () => {
    expect(contrast(at('--on-primary'), at('--primary'))).toBeGreaterThanOrEqual(4.5);
    expect(contrast(at('--on-danger'), at('--danger'))).toBeGreaterThanOrEqual(4.5);
  });

  it('sets every value type apart from every ground', () => {
    const types = [...theme.keys()].filter((name) => name.startsWith('--type-'));
    expect(types).toHaveLength(13);
    for (const type of types) {
      for (const ground of grounds) expect(contrast(at(type), at(ground)), `${type} on ${ground}`).toBeGreaterThanOrEqual(3);
    }
  });
});

it('gives both themes the same names', () => {
  expect([...dark.keys()]).toEqual([...light.keys()]);
});

it('gives the pages before the app the same values', () => {
  const entryLight = properties(entry, ':root {');
  const nested = entry.slice(entry.indexOf('@media (prefers-color-scheme: dark)'));
  const entryDark = properties(nested.slice(nested.indexOf(':root')), ':root');
  expect(entryLight.size).toBeGreaterThan(15);
  expect([...entryDark.keys()]).toEqual([...entryLight.keys()]);
  for (const [name, value] of entryLight) expect(light.get(name), name).toBe(value);
  for (const [name, value] of entryDark) expect(dark.get(name), name).toBe(value);
});
