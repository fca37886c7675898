import type { TFunction } from 'i18next';

import type { Refusal } from '../types/compatibility';

/** Why a wire can't be drawn, in one line. */
export function refusalWords(t: TFunction<'editor'>, { code, source = '', target = '', through }: Refusal): string {
  const named = (type: string) => t(`types.${type}`, { defaultValue: type });
  const why = t(`refusal.${code}`, { source: named(source), target: named(target) });
  return through ? `${why} ${t('refusal.through', { title: through })}` : why;
}
