import { RotateCcw } from 'lucide-react';
import { useTranslation } from 'react-i18next';

import { Button } from '@/ui';
import type { RunError } from '../run/events';
import { useRunning } from '../run/RunningContext';
import { useRun, useSession, useTitleOf } from '../session';
import { seconds } from '../run/duration';
import styles from './node.module.css';

/** What it cost, and when it failed why and what to do. */
export function NodeFooter({ node }: { node: string }) {
  const step = useRun(({ run }) => run.steps[node]);
  const titleOf = useTitleOf();
  const { t, i18n } = useTranslation('editor');
  if (!step) return null;
  if (step.status === 'failed' && step.error) return <Failure node={node} error={step.error} />;
  if (step.status === 'running' && step.note) return <p className={styles.cost}>{step.note}</p>;
  if (step.status === 'running' && step.attempt > 1)
    return <p className={styles.cost}>{t('node.attempt', { number: step.attempt })}</p>;
  if (step.status === 'skipped')
    return (
      <p className={styles.cost}>
        {step.reason
          ? t(`reason.${step.reason}`, { node: titleOf(step.because), defaultValue: step.reason })
          : t('node.skipped')}
      </p>
    );
  if (step.status !== 'done') return null;
  const parts = [
    step.seconds !== null && step.seconds >= 0.01 && !step.cached ? seconds(step.seconds, i18n.language) : '',
    step.cached ? t('node.cached') : '',
    step.attempt > 1 ? t('node.attempts', { count: step.attempt }) : '',
  ];
  const words = parts.filter(Boolean).join(' · ');
  return words ? (
    <p
      className={styles.cost}
      title={step.reason ? t(`reason.${step.reason}`, { defaultValue: step.reason }) : undefined}
    >
      {words}
    </p>
  ) : null;
}

function Failure({ node, error }: { node: string; error: RunError }) {
  const { t } = useTranslation('editor');
  const { mayRun } = useSession();
  const { start, running } = useRunning();
  return (
    <div className={`${styles.failure} nodrag`} role="alert" data-testid={`failure-${node}`}>
      <p className={styles.failureTitle}>{error.detail || error.title}</p>
      {error.hint && <p>{error.hint}</p>}
      {mayRun && (
        <Button size="sm" icon={<RotateCcw size={13} />} disabled={running} onClick={() => start(node)}>
          {t('node.retry')}
        </Button>
      )}
    </div>
  );
}
