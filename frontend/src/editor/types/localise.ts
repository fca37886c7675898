import { useQuery } from '@tanstack/react-query';
import { useMemo } from 'react';
import { useTranslation } from 'react-i18next';

import { useCatalogue } from '@/api/queries';
import type { Catalogue, Kind, ParamSchema } from './catalogue';

interface ParamWords {
  label?: string;
  help?: string;
  choices?: Record<string, string>;
}

type Words = Readonly<Record<string, KindWords>>;

/** What a language calls a kind and its knobs; what it has no word for keeps the server's. */
export interface KindWords {
  title?: string;
  description?: string;
  params?: Record<string, ParamWords>;
}

/** English is the server's own; other languages are read when they are wanted. */
const wordsIn = async (language: string): Promise<Words> =>
  language === 'zh' ? (await import('./kinds.zh.json')).default : {};

/** The catalogue in the language of the interface. */
export function useLocalCatalogue() {
  const { i18n } = useTranslation('editor');
  const read = useCatalogue();
  const words = useQuery({
    queryKey: ['kinds', i18n.language],
    queryFn: () => wordsIn(i18n.language),
    staleTime: Infinity,
  });
  const data = useMemo(
    () => (read.data && words.data ? localised(read.data, words.data) : undefined),
    [read.data, words.data],
  );
  return { data, error: read.error, refetch: read.refetch };
}

export function localised(catalogue: Catalogue, words: Words): Catalogue {
  return { ...catalogue, nodes: catalogue.nodes.map((kind) => inWords(kind, words[kind.kind])) };
}

function inWords(kind: Kind, words: KindWords | undefined): Kind {
  if (!words) return kind;
  const properties = Object.entries(kind.params.properties ?? {}).map(([name, schema]) => [
    name,
    told(schema, words.params?.[name]),
  ]);
  return {
    ...kind,
    title: words.title ?? kind.title,
    description: words.description ?? kind.description,
    params: { ...kind.params, properties: Object.fromEntries(properties) as Record<string, ParamSchema> },
  };
}

const told = (schema: ParamSchema, words: ParamWords | undefined): ParamSchema => ({
  ...schema,
  ...(words?.label ? { title: words.label } : {}),
  ...(words?.help ? { description: words.help } : {}),
  ...(words?.choices ? { 'x-labels': words.choices } : {}),
});
