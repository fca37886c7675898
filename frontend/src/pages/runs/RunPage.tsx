import { Workflow } from 'lucide-react';
import { lazy, Suspense } from 'react';
import { useTranslation } from 'react-i18next';
import { Link } from 'wouter';
import { ApiError } from '@/api/client';
import { usePipelines, useRun } from '@/api/queries';
import type { Run } from '@/api/types';
import { Page, PageSkeleton } from '@/shell/Page';
import { Button, ErrorState, Skeleton } from '@/ui';
import { dateTime, duration } from '@/ui/format';
import NotFoundPage from '../NotFoundPage';
import { RunStatusMark } from './RunStatusMark';
import styles from './Runs.module.css';
import { unnamed } from './unnamed';

const RunView = lazy(() => import('@/values/RunView'));

/** One run: what went in, what came out, and what each step did. */
export default function RunPage({ id }: { id: string }) {
  const run = useRun(id);
  if (run.error instanceof ApiError && [404, 422].includes(run.error.status)) return <NotFoundPage />;
  if (run.isError) return <ErrorState error={run.error} retry={() => void run.refetch()} />;
  if (!run.data) return <PageSkeleton />;
  return <RunFrame run={run.data} />;
}

function RunFrame({ run }: { run: Run }) {
  const { t } = useTranslation('pages');
  const pipeline = usePipelines(run.workspace).data?.find((one) => one.id === run.pipeline);
  const name = pipeline?.name ?? t(unnamed(run));
  const base = `/w/${run.workspace}`;
  return (
    <Page
      title={run.number > 0 ? `${name} #${run.number}` : name}
      parent={{ label: t('runs.title'), href: `${base}/runs` }}
      testId="run-page"
      description={
        <span className={styles.facts}>
          <span data-testid="run-status" data-status={run.status}>
            <RunStatusMark status={run.status} />
            {t(`runStatus.${run.status}`)}
          </span>
          <time dateTime={run.created}>{dateTime(run.created)}</time>
          {run.by && <span>{run.by}</span>}
          {run.seconds !== null && <span>{duration(run.seconds)}</span>}
        </span>
      }
      actions={
        pipeline && (
          <Button asChild>
            <Link href={`${base}/p/${pipeline.id}`}>
              <Workflow size={16} aria-hidden />
              {t('runs.open')}
            </Link>
          </Button>
        )
      }
    >
      <Suspense fallback={<Skeleton height={320} radius={10} />}>
        <RunView run={run.id} />
      </Suspense>
    </Page>
  );
}
