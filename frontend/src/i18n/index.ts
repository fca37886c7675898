import i18next from 'i18next';
import { initReactI18next } from 'react-i18next';
import enCommon from './en/common.json';
import enEditor from './en/editor.json';
import enPages from './en/pages.json';

export const LANGUAGES = [
  { code: 'en', name: 'English' },
  { code: 'zh', name: '简体中文' },
] as const;
export type Language = (typeof LANGUAGES)[number]['code'];

const KEY = 'language';
const TAGS: Record<Language, string> = { en: 'en', zh: 'zh-Hans' };

function preferred(): Language {
  try {
    const remembered = localStorage.getItem(KEY);
    if (remembered === 'en' || remembered === 'zh') return remembered;
  } catch {
    // Without storage the browser's own language is the best guess.
  }
  return navigator.languages.find((tag) => /^(en|zh)/i.test(tag))?.toLowerCase().startsWith('zh') ? 'zh' : 'en';
}

/** English is always there, as what a missing word falls back to; the rest is loaded when it is chosen. */
async function load(language: Language): Promise<void> {
  if (language === 'en' || i18next.hasResourceBundle(language, 'common')) return;
  const words = await import('./zh');
  for (const [namespace, bundle] of Object.entries(words.default)) i18next.addResourceBundle(language, namespace, bundle);
}

export async function startI18n(): Promise<void> {
  const language = preferred();
  await i18next.use(initReactI18next).init({
    lng: 'en',
    fallbackLng: 'en',
    ns: ['common', 'pages', 'editor'],
    defaultNS: 'common',
    resources: { en: { common: enCommon, pages: enPages, editor: enEditor } },
    interpolation: { escapeValue: false },
    returnNull: false,
  });
  await show(language);
}

async function show(language: Language): Promise<void> {
  await load(language);
  await i18next.changeLanguage(language);
  document.documentElement.lang = TAGS[language];
}

/** Switches the words, and remembers it. */
export async function chooseLanguage(language: Language): Promise<void> {
  await show(language);
  try {
    localStorage.setItem(KEY, language);
  } catch {
    // The choice lasts for this page.
  }
}

export const currentLanguage = (): Language => (i18next.language === 'zh' ? 'zh' : 'en');
