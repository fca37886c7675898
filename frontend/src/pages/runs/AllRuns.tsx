import { History } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { Link } from 'wouter';
import { usePipelines, useRuns } from '@/api/queries';
import type { Json, RunSummary } from '@/api/types';
import { Button, EmptyState, ErrorState, Skeleton } from '@/ui';
import { ago, dateTime, duration } from '@/ui/format';
import { RunStatusMark } from './RunStatusMark';
import { unnamed } from './unnamed';
import styles from './Runs.module.css';

/** Every run of a workspace, newest first. */
export function AllRuns({ workspace }: { workspace: string }) {
  const { t } = useTranslation(['pages', 'common']);
  const runs = useRuns(workspace);
  const pipelines = usePipelines(workspace).data;
  const items = runs.data?.pages.flatMap((page) => page.items);
  const nameOf = (run: RunSummary) => pipelines?.find((one) => one.id === run.pipeline)?.name;
  return (
    <>
      {runs.isError ? (
        <ErrorState error={runs.error} retry={() => void runs.refetch()} />
      ) : !items ? (
        <RowSkeletons />
      ) : items.length === 0 ? (
        <EmptyState
          icon={<History size={20} />}
          title={t('runs.empty')}
          action={
            <Button asChild variant="primary">
              <Link href={`/w/${workspace}`}>{t('runs.toPipelines')}</Link>
            </Button>
          }
        >
          {t('runs.emptyDetail')}
        </EmptyState>
      ) : (
        <ul className={styles.list} data-testid="runs">
          {items.map((run) => (
            <RunRow key={run.id} run={run} workspace={workspace} name={nameOf(run)} />
          ))}
        </ul>
      )}
      {runs.hasNextPage && (
        <div className={styles.more}>
          <Button busy={runs.isFetchingNextPage} onClick={() => void runs.fetchNextPage()}>
            {t('runs.more')}
          </Button>
        </div>
      )}
    </>
  );
}

function RunRow({ run, workspace, name }: { run: RunSummary; workspace: string; name?: string }) {
  const { t } = useTranslation('pages');
  return (
    <li className={styles.row} data-testid="run-row">
      <span className={styles.status}>
        <RunStatusMark status={run.status} />
        <span>{t(`runStatus.${run.status}`)}</span>
      </span>
      <span className={styles.name}>
        <Link href={`/w/${workspace}/runs/${run.id}`}>
          {name ?? t(unnamed(run))} {run.number > 0 && <span className={styles.number}>#{run.number}</span>}
        </Link>
      </span>
      <span className={styles.inputs}>{preview(run.inputs)}</span>
      <span className={styles.time}>{run.seconds === null ? '' : duration(run.seconds)}</span>
      <time className={styles.when} dateTime={run.created} title={[dateTime(run.created), run.by].filter(Boolean).join(' · ')}>
        {ago(run.created)}
      </time>
    </li>
  );
}

/** The inputs in one line: their words; a file by its name. */
function preview(inputs: Record<string, Json>): string {
  const words = Object.values(inputs).map((value) => {
    if (typeof value === 'string') return value;
    if (value && typeof value === 'object' && !Array.isArray(value)) return typeof value.name === 'string' ? value.name : '';
    return String(value);
  });
  return words.filter(Boolean).join(' · ').slice(0, 200);
}

function RowSkeletons() {
  const { t } = useTranslation('common');
  return (
    <div className={styles.list} role="status" aria-label={t('loading')}>
      {[0, 1, 2, 3, 4, 5].map((index) => (
        <div key={index} className={styles.row}>
          <Skeleton width={80} />
          <Skeleton width="70%" />
          <Skeleton width="50%" />
        </div>
      ))}
    </div>
  );
}
