import { Zap } from 'lucide-react';
import { useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';

import { usePicture, useRun, useTitleOf } from '../session';
import { seconds } from './duration';
import type { Attempt, StepState } from './events';
import styles from './run.module.css';

/** A bar a step, each attempt by itself, on one scale. */
export function Timeline({ onShow }: { onShow: (ids: readonly string[]) => void }) {
  const { t } = useTranslation('editor');
  const steps = useRun(({ run }) => run.steps);
  const now = useNow();
  const rows = Object.entries(steps)
    .filter(([, step]) => step.attempts.length > 0)
    .sort(([, a], [, b]) => startOf(a) - startOf(b));
  if (rows.length === 0) return <p className={styles.nothing}>{t('timeline.none')}</p>;
  const end = Math.max(now, ...rows.map(([, step]) => step.attempts.at(-1)?.to ?? 0), 0.001);
  return (
    <ol className={styles.timeline}>
      {rows.map(([id, step]) => (
        <Row key={id} node={id} step={step} end={end} onShow={onShow} />
      ))}
    </ol>
  );
}

interface RowProps {
  node: string;
  step: StepState;
  /** Seconds at the right end of the scale. */
  end: number;
  onShow: (ids: readonly string[]) => void;
}

function Row({ node, step, end, onShow }: RowProps) {
  const { t, i18n } = useTranslation('editor');
  const title = useTitleOf()(node);
  const known = usePicture((picture) => picture.nodes[node] !== undefined);
  const why = step.reason ? t(`reason.${step.reason}`, { defaultValue: step.reason }) : undefined;
  return (
    <li>
      <button type="button" className={styles.timelineName} onClick={() => onShow([node])} disabled={!known}>
        {title}
      </button>
      <span className={styles.track}>
        {step.attempts.map((attempt) => (
          <Bar key={attempt.number} attempt={attempt} cached={step.cached} end={end} />
        ))}
      </span>
      <span className={styles.timelineTime} title={why}>
        {step.cached && <Zap size={12} aria-label={t('state.cached')} />}
        {step.seconds === null ? '' : seconds(step.seconds, i18n.language)}
      </span>
    </li>
  );
}

function Bar({ attempt, cached, end }: { attempt: Attempt; cached: boolean; end: number }) {
  const { t, i18n } = useTranslation('editor');
  const { number, from, to, error } = attempt;
  const length = (to ?? end) - from;
  const words = t('timeline.bar', {
    number,
    from: seconds(from, i18n.language),
    seconds: seconds(length, i18n.language),
  });
  return (
    <span
      className={styles.barOfStep}
      data-state={error ? 'failed' : to === null ? 'running' : cached ? 'cached' : 'done'}
      style={{ left: `${(from / end) * 100}%`, width: `${Math.max(0, (length / end) * 100)}%` }}
      title={[words, error?.title].filter(Boolean).join(': ')}
    />
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
