import type { TFunction } from 'i18next';

import { seconds } from './duration';
import type { StepState } from './events';

/** What a step cost, in a few words each: `1.2 s`, `38 tokens/s`, `first word 0.3 s`, `from cache`. */
export function costOf(step: StepState, t: TFunction<'editor'>, language: string): string[] {
  const { usage, seconds: took, cached } = step;
  const number = (value: number, digits = 0) =>
    new Intl.NumberFormat(language, { maximumFractionDigits: digits }).format(value);
  const told = [
    took !== null && took >= 0.01 && !cached ? seconds(took, language) : '',
    usage?.rate && !cached ? t('usage.rate', { rate: number(usage.rate, usage.rate < 10 ? 1 : 0) }) : '',
    usage?.first != null && !cached ? t('usage.first', { seconds: seconds(usage.first, language) }) : '',
    usage?.cost ? money(usage.cost, language) : '',
    cached ? t('node.cached') : '',
    step.attempt > 1 ? t('node.attempts', { count: step.attempt }) : '',
  ];
  return told.filter(Boolean);
}

/** The rest of it, for hover: waiting for its turn and for the model, how much was written, how much memory it took. */
export function costInFull({ usage }: StepState, t: TFunction<'editor'>, language: string): string[] {
  if (!usage) return [];
  const number = new Intl.NumberFormat(language);
  const told = [
    usage.queued ? t('usage.queued', { seconds: seconds(usage.queued, language) }) : '',
    usage.loaded ? t('usage.loaded', { seconds: seconds(usage.loaded, language) }) : '',
    usage.tokens ? t('usage.tokens', { count: usage.tokens, number: number.format(usage.tokens) }) : '',
    usage.memory ? t('usage.memory', { size: `${number.format(Math.round(usage.memory / 1e6))} MB` }) : '',
  ];
  return told.filter(Boolean);
}

function money({ amount, currency }: { amount: number; currency: string }, language: string): string {
  const digits = amount > 0 && amount < 0.01 ? 6 : 2;
  try {
    return new Intl.NumberFormat(language, { style: 'currency', currency, maximumFractionDigits: digits }).format(
      amount,
    );
  } catch {
    return `${amount} ${currency}`; // a currency that this browser doesn't know
  }
}

/** Why a step was taken from the cache or was not, in a sentence. */
export function reasonOf(step: StepState, t: TFunction<'editor'>, titleOf: (path: string) => string): string {
  if (!step.reason) return '';
  if (step.reason === 'new' && step.changed.length > 0)
    return t('reason.changed', { nodes: step.changed.map(titleOf).join(', ') });
  return t(`reason.${step.reason}`, { node: titleOf(step.because), defaultValue: step.reason });
}
