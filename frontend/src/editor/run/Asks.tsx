import { useTranslation } from 'react-i18next';
import { useShallow } from 'zustand/react/shallow';

import { AskForm } from '@/values/AskForm';
import { useRun, useSession, useStepTitle } from '../session';
import { useRunning } from './RunningContext';
import styles from './run.module.css';

/** Everything that the run waits for, in the order in which it was asked. */
export function Asks() {
  const paths = useRun(
    useShallow(({ run }) => Object.keys(run.steps).filter((path) => run.steps[path]?.status === 'waiting')),
  );
  return paths.map((path) => <OneAsk key={path} path={path} />);
}

function OneAsk({ path }: { path: string }) {
  const { t } = useTranslation('editor');
  const { mayAnswer } = useSession();
  const { answer } = useRunning();
  const title = useStepTitle()(path);
  const ask = useRun(({ run }) => run.steps[path]?.ask ?? null);
  const due = useRun(({ run }) => run.steps[path]?.due ?? null);
  if (!ask) return null;
  return (
    <section className={styles.ask} aria-label={t('ask.of', { title })} data-testid={`panel-ask-${path}`}>
      <h3>{title}</h3>
      <AskForm
        form={ask}
        due={due === null ? null : new Date(due * 1000).toISOString()}
        disabled={!mayAnswer}
        onAnswer={(given) => answer(path, given)}
      />
    </section>
  );
}
