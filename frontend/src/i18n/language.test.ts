import { afterEach, beforeEach, expect, it, vi } from 'vitest';

const browserSpeaks = (...languages: string[]) => vi.spyOn(navigator, 'languages', 'get').mockReturnValue(languages);

/** The module as a fresh page has it. */
async function fresh() {
  vi.resetModules();
  const i18n = await import('./index');
  await i18n.startI18n();
  return i18n;
}

beforeEach(() => localStorage.clear());
// Tests of other files run in the same window, in any order.
afterEach(() => localStorage.clear());

it.each([
  [['zh-CN', 'en'], '流程', 'zh-Hans'],
  [['en-GB', 'zh'], 'Pipelines', 'en'],
  [['de-DE', 'zh-TW'], '流程', 'zh-Hans'],
  [['de-DE'], 'Pipelines', 'en'],
])('begins in the language of a browser that speaks %j', async (languages, word, tag) => {
  browserSpeaks(...languages);
  await fresh();
  const { default: i18n } = await import('i18next');
  expect(i18n.t('pages:pipelines.title')).toBe(word);
  expect(document.documentElement.lang).toBe(tag);
});

it('remembers what was chosen over what the browser speaks', async () => {
  browserSpeaks('en');
  await (await fresh()).chooseLanguage('zh');
  expect(document.documentElement.lang).toBe('zh-Hans');
  expect((await fresh()).currentLanguage()).toBe('zh');
});
