import { Hourglass, MessageCircleQuestion } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { Link } from 'wouter';
import { useMay } from '@/api/queries';
import { useAnswer, useWaits, type Wait } from '@/api/work';
import { EmptyState, ErrorState, Skeleton } from '@/ui';
import { ago, dateTime } from '@/ui/format';
import { AskForm } from '@/values/AskForm';
import styles from './Runs.module.css';

/** Everything that waits for a person, or for a time to come; answered right here. */
export function Waits({ workspace }: { workspace: string }) {
  const { t } = useTranslation('pages');
  const waits = useWaits(workspace);
  if (waits.isError) return <ErrorState error={waits.error} retry={() => void waits.refetch()} />;
  if (!waits.data) return <Skeleton height={120} radius={10} />;
  if (waits.data.length === 0) {
    return (
      <EmptyState icon={<MessageCircleQuestion size={20} />} title={t('waits.empty')}>
        {t('waits.emptyDetail')}
      </EmptyState>
    );
  }
  return (
    <ul className={styles.waits} data-testid="waits">
      {waits.data.map((wait) => (
        <WaitCard key={`${wait.run} ${wait.node}`} wait={wait} workspace={workspace} />
      ))}
    </ul>
  );
}

function WaitCard({ wait, workspace }: { wait: Wait; workspace: string }) {
  const { t } = useTranslation('pages');
  const mayRun = useMay(workspace, 'runner');
  const answer = useAnswer(workspace);
  return (
    <li className={styles.wait}>
      <p className={styles.sub}>
        <Link href={`/w/${workspace}/runs/${wait.run}`}>
          {wait.pipeline?.name ?? t('runs.deletedPipeline')} #{wait.number}
        </Link>{' '}
        · <time dateTime={wait.created} title={dateTime(wait.created)}>{ago(wait.created)}</time>
      </p>
      {wait.form.kind === 'time' ? (
        <p className={styles.timed}>
          <Hourglass size={14} aria-hidden />
          {wait.due ? t('waits.until', { when: dateTime(wait.due) }) : t('waits.time')}
        </p>
      ) : (
        <AskForm form={wait.form} due={wait.due} disabled={!mayRun} onAnswer={(given) => answer.mutateAsync({ run: wait.run, node: wait.node, answer: given })} />
      )}
    </li>
  );
}
