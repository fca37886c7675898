import { RotateCcw, Square } from 'lucide-react';
import { useTranslation } from 'react-i18next';

import { Button, IconButton } from '@/ui';
import type { RunError, StepState } from '../run/events';
import { useRunning } from '../run/RunningContext';
import { costInFull, costOf, reasonOf } from '../run/usage';
import { usePlace, useSession, useStep, useStepTitle } from '../session';
import { useErrorWired } from './NodePorts';
import styles from './node.module.css';

/** What it cost, and when it failed why and what to do. */
export function NodeFooter({ node }: { node: string }) {
  const step = useStep(node, (each) => each);
  const titleOf = useStepTitle();
  const caught = useErrorWired(node);
  const { t, i18n } = useTranslation('editor');
  if (!step) return null;
  if (step.status === 'failed' && step.error)
    return caught ? <Caught error={step.error} /> : <Failure node={node} error={step.error} />;
  if (step.status === 'running' || step.status === 'streaming') return <UnderWay node={node} step={step} />;
  if (step.status === 'skipped')
    return <p className={styles.cost}>{reasonOf(step, t, titleOf) || t('node.skipped')}</p>;
  if (step.status !== 'done') return null;
  const words = [answeredBy(step), ...costOf(step, t, i18n.language)].filter(Boolean).join(' · ');
  const hover = [reasonOf(step, t, titleOf), ...costInFull(step, t, i18n.language)].filter(Boolean).join('\n');
  return words || step.reason === 'pinned' || step.reason === 'given' ? (
    <p className={styles.cost} title={hover || undefined} data-testid={`cost-${node}`}>
      {words || reasonOf(step, t, titleOf)}
    </p>
  ) : null;

  function answeredBy({ answered }: StepState): string {
    if (!answered) return '';
    return answered.timedOut ? t('ask.timedOut') : answered.by ? t('ask.by', { name: answered.by }) : '';
  }
}

/** What it is at, and the way to stop it alone. */
function UnderWay({ node, step }: { node: string; step: StepState }) {
  const { t } = useTranslation('editor');
  const { mayRun } = useSession();
  const { stopStep } = useRunning();
  const place = usePlace();
  const words = step.note || (step.attempt > 1 ? t('node.attempt', { number: step.attempt }) : '');
  if (!words && !mayRun) return null;
  return (
    <div className={styles.underWay}>
      <p>{words}</p>
      {mayRun && (
        <IconButton
          size="sm"
          className={`${styles.stopStep} nodrag`}
          label={t('run.stopStep')}
          side="bottom"
          onClick={() => stopStep(place + node)}
          data-testid={`stop-step-${node}`}
        >
          <Square size={11} fill="currentColor" />
        </IconButton>
      )}
    </div>
  );
}

/** A failure that the pipeline itself deals with: said, but no alarm. */
function Caught({ error }: { error: RunError }) {
  const { t } = useTranslation('editor');
  return (
    <p className={styles.cost} title={[error.detail, error.hint].filter(Boolean).join('\n')}>
      {t('node.caught', { error: error.detail || error.title })}
    </p>
  );
}

function Failure({ node, error }: { node: string; error: RunError }) {
  const { t } = useTranslation('editor');
  const { mayRun } = useSession();
  const { start, running } = useRunning();
  const from = usePlace() + node;
  return (
    <div className={`${styles.failure} nodrag`} role="alert" data-testid={`failure-${node}`}>
      <p className={styles.failureTitle}>{error.detail || error.title}</p>
      {error.hint && <p>{error.hint}</p>}
      {mayRun && (
        <Button size="sm" icon={<RotateCcw size={13} />} disabled={running} onClick={() => start({ from })}>
          {t('node.retry')}
        </Button>
      )}
    </div>
  );
}
