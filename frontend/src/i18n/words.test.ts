import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

type Words = { [key: string]: string | Words };

const read = (path: string) => JSON.parse(readFileSync(path, 'utf8')) as Words;
const PLURAL = /_(zero|one|two|few|many|other)$/;

/** `a.b` → text, for every text in there. */
function flat(words: Words, prefix = ''): Map<string, string> {
  return new Map(
    Object.entries(words).flatMap(([key, value]): [string, string][] =>
      typeof value === 'string' ? [[prefix + key, value]] : [...flat(value, `${prefix}${key}.`)],
    ),
  );
}

const singular = (words: Map<string, string>) => new Set([...words.keys()].map((key) => key.replace(PLURAL, '')));
const blanks = (text: string) => [...text.matchAll(/\{\{\s*([\w.]+)/g)].map((found) => found[1]).sort();

describe.each(['common', 'pages', 'editor'])('the words of %s', (namespace) => {
  const en = flat(read(`src/i18n/en/${namespace}.json`));
  const zh = flat(read(`src/i18n/zh/${namespace}.json`));

  it('are all there in both languages', () => {
    expect([...singular(zh)].sort()).toEqual([...singular(en)].sort());
  });

  it('are empty nowhere', () => {
    for (const [key, text] of [...en, ...zh]) expect(text.trim(), key).not.toBe('');
  });

  it('have every plural that their language asks for', () => {
    const plurals = [...en.keys()].filter((key) => PLURAL.test(key)).map((key) => key.replace(PLURAL, ''));
    for (const key of plurals) {
      expect(en.has(`${key}_one`) && en.has(`${key}_other`), `${key} in English`).toBe(true);
      expect(zh.has(`${key}_other`) || zh.has(key), `${key} in Chinese`).toBe(true);
    }
  });

  it('leave the same blanks in both languages', () => {
    for (const [key, text] of zh) {
      const english = en.get(key) ?? en.get(key.replace(PLURAL, '_other')) ?? en.get(`${key}_other`);
      expect(english, key).toBeDefined();
      expect(blanks(text), key).toEqual(blanks(english ?? ''));
    }
  });
});

/** Every source file of the front end but the tests. */
function sources(folder: string): string[] {
  return readdirSync(folder).flatMap((name) => {
    const path = join(folder, name);
    if (statSync(path).isDirectory()) return sources(path);
    return /\.tsx?$/.test(name) && !name.includes('.test.') ? [path] : [];
  });
}

it('has words for everything the pages ask for', () => {
  const known = new Set(
    ['common', 'pages', 'editor'].flatMap((namespace) => [...flat(read(`src/i18n/en/${namespace}.json`)).keys()].map((key) => key.replace(PLURAL, ''))),
  );
  const missing = sources('src').flatMap((path) =>
    [...readFileSync(path, 'utf8').matchAll(/\bt\(\s*'([\w:.]+)'/g)]
      .map((found) => found[1]!.replace(/^\w+:/, ''))
      .filter((key) => !known.has(key))
      .map((key) => `${path}: ${key}`),
  );
  expect(missing).toEqual([]);
});
