import { Zap } from 'lucide-react';
import { useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';

import { usePicture, useRun, useSession } from '../session';
import { kindNamed } from '../types/catalogue';
import { seconds } from './duration';
import type { StepState } from './events';
import styles from './run.module.css';

/** A bar a step, each attempt by itself, on one scale. */
export function Timeline({ onShow }: { onShow: (ids: readonly string[]) => void }) {
  const { t, i18n } = useTranslation('editor');
  const { catalogue } = useSession();
  const steps = useRun(({ run }) => run.steps);
  const nodes = usePicture((picture) => picture.nodes);
  const now = useNow();
  const rows = Object.entries(steps).filter(([, step]) => step.attempts.length > 0).sort(([, a], [, b]) => startOf(a) - startOf(b));
  if (rows.length === 0) return <p className={styles.nothing}>{t('timeline.none')}</p>;
  const end = Math.max(now, ...rows.map(([, step]) => step.attempts.at(-1)?.to ?? 0), 0.001);
  return (
    <ol className={styles.timeline}>
      {rows.map(([id, step]) => {
        const title = nodes[id]?.title ?? kindNamed(catalogue, nodes[id]?.kind ?? '')?.title ?? id;
        return (
          <li key={id}>
            <button type="button" className={styles.timelineName} onClick={() => onShow([id])} disabled={!nodes[id]}>
              {title}
            </button>
            <span className={styles.track}>
              {step.attempts.map((attempt) => {
                const to = attempt.to ?? end;
                const words = t('timeline.bar', { number: attempt.number, from: seconds(attempt.from, i18n.language), seconds: seconds(to - attempt.from, i18n.language) });
                return (
                  <span
                    key={attempt.number}
                    className={styles.barOfStep}
                    data-state={attempt.error ? 'failed' : attempt.to === null ? 'running' : step.cached ? 'cached' : 'done'}
                    style={{ left: `${(attempt.from / end) * 100}%`, width: `${Math.max(0, ((to - attempt.from) / end) * 100)}%` }}
                    title={[words, attempt.error?.title].filter(Boolean).join(': ')}
                  />
                );
              })}
            </span>
            <span className={styles.timelineTime} title={step.reason ? t(`reason.${step.reason}`, { defaultValue: step.reason }) : undefined}>
              {step.cached && <Zap size={12} aria-label={t('state.cached')} />}
              {step.seconds === null ? '' : seconds(step.seconds, i18n.language)}
            </span>
          </li>
        );
      })}
    </ol>
  );
}

const startOf = (step: StepState): number => step.attempts[0]?.from ?? 0;

/** Seconds since the run began: ticking while it runs, its end afterwards. */
function useNow(): number {
  const at = useRun(({ run }) => run.at);
  const live = useRun(({ run, id }) => id !== null && run.started && !run.finished);
  const zero = useRun((watched) => watched.zero);
  const [now, setNow] = useState(0);
  useEffect(() => {
    if (!live) return;
    const timer = setInterval(() => setNow((performance.now() - zero) / 1000), 250);
    return () => clearInterval(timer);
  }, [live, zero]);
  return live ? Math.max(now, at) : at;
}
