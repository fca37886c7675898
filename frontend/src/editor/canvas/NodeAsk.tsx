import { useTranslation } from 'react-i18next';

import { AskForm } from '@/values/AskForm';
import { useRunning } from '../run/RunningContext';
import { usePlace, useSession, useStep } from '../session';
import styles from './node.module.css';

/** What a waiting node asks, to be answered where it stands. */
export function NodeAsk({ node }: { node: string }) {
  const { t } = useTranslation('editor');
  const { mayAnswer } = useSession();
  const { answer } = useRunning();
  const place = usePlace();
  const ask = useStep(node, (step) => (step?.status === 'waiting' ? step.ask : null));
  const due = useStep(node, (step) => step?.due ?? null);
  if (!ask) return null;
  return (
    <div
      className={`${styles.ask} nodrag nopan nowheel`}
      role="group"
      aria-label={t('ask.label')}
      data-testid={`ask-${node}`}
    >
      <AskForm
        form={ask}
        due={due === null ? null : new Date(due * 1000).toISOString()}
        disabled={!mayAnswer}
        onAnswer={(given) => answer(place + node, given)}
      />
    </div>
  );
}
