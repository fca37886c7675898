import { ArrowDown, ArrowUp, ChevronsUp, ListOrdered, Pause, Play, X } from 'lucide-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Link } from 'wouter';
import { useMay } from '@/api/queries';
import { useCancelQueue, useCancelRun, useChangeQueue, useMoveRun, useQueue, type Queue as QueueFacts, type QueuedRun } from '@/api/work';
import { Badge, Button, Confirm, EmptyState, ErrorState, IconButton, Skeleton } from '@/ui';
import { failed } from '@/ui/failed';
import { ago, dateTime } from '@/ui/format';
import styles from './Runs.module.css';

/** What waits for a worker, in the order in which it will be taken; it can be paused, reordered and emptied. */
export function Queue({ workspace }: { workspace: string }) {
  const queue = useQueue(workspace);
  if (queue.isError) return <ErrorState error={queue.error} retry={() => void queue.refetch()} />;
  if (!queue.data) return <Skeleton height={96} radius={10} />;
  return <Shown queue={queue.data} workspace={workspace} />;
}

function Shown({ queue, workspace }: { queue: QueueFacts; workspace: string }) {
  const { t } = useTranslation('pages');
  return (
    <>
      <div className={styles.bar}>
        <p data-testid="queue-facts">
          {queue.paused && <Badge tone="warning">{t('queue.paused')}</Badge>}
          {t('queue.running', { count: queue.running })} · {t('queue.waiting', { count: queue.queued })}
        </p>
        <QueueActions queue={queue} workspace={workspace} />
      </div>
      {queue.items.length === 0 ? (
        <EmptyState icon={<ListOrdered size={20} />} title={t('queue.empty')}>
          {t('queue.emptyDetail')}
        </EmptyState>
      ) : (
        <ol className={styles.list} data-testid="queue">
          {queue.items.map((run, index) => (
            <QueueRow key={run.id} run={run} above={queue.items[index - 1]} below={queue.items[index + 1]} last={queue.items[index + 2]} workspace={workspace} />
          ))}
        </ol>
      )}
    </>
  );
}

function QueueActions({ queue, workspace }: { queue: QueueFacts; workspace: string }) {
  const { t } = useTranslation('pages');
  const mayEdit = useMay(workspace, 'editor');
  const change = useChangeQueue(workspace);
  const cancel = useCancelQueue(workspace);
  const [asking, setAsking] = useState(false);
  if (!mayEdit) return null;
  return (
    <div className={styles.actions}>
      <Button
        size="sm"
        icon={queue.paused ? <Play size={14} /> : <Pause size={14} />}
        busy={change.isPending}
        onClick={() => change.mutate({ paused: !queue.paused }, { onError: failed(t('queue.notChanged')) })}
        data-testid="pause-queue"
      >
        {queue.paused ? t('queue.resume') : t('queue.pause')}
      </Button>
      <Button size="sm" disabled={queue.queued === 0} onClick={() => setAsking(true)}>
        {t('queue.cancelAll')}
      </Button>
      <Confirm
        open={asking}
        onOpenChange={setAsking}
        title={t('queue.cancelTitle', { count: queue.queued })}
        description={t('queue.cancelDetail')}
        action={t('queue.cancelAll')}
        onConfirm={() => cancel.mutateAsync({ running: false }, { onError: failed(t('queue.notChanged')) })}
      />
    </div>
  );
}

interface RowProps {
  run: QueuedRun;
  above: QueuedRun | undefined;
  below: QueuedRun | undefined;
  /** Comes after `below`: to move down is to stand before it. */
  last: QueuedRun | undefined;
  workspace: string;
}

function QueueRow({ run, above, below, last, workspace }: RowProps) {
  const { t } = useTranslation('pages');
  const mayEdit = useMay(workspace, 'editor');
  const mayRun = useMay(workspace, 'runner');
  const move = useMoveRun(workspace);
  const cancel = useCancelRun(workspace);
  const wrong = { onError: failed(t('queue.notChanged')) };
  const name = run.pipeline?.name ?? t('runs.ingest');
  const down = () => (last ? move.mutate({ id: run.id, before: last.id }, wrong) : below && move.mutate({ id: below.id, before: run.id }, wrong));
  return (
    <li className={styles.queued}>
      <span className={styles.position}>{run.position}</span>
      <span className={styles.words}>
        <Link href={`/w/${workspace}/runs/${run.id}`}>
          {name} {run.number > 0 && <span className={styles.number}>#{run.number}</span>}
        </Link>
        <span className={styles.sub}>
          {[t(`queue.cause.${run.cause}`), run.by].filter(Boolean).join(' · ')} ·{' '}
          <time dateTime={run.created} title={dateTime(run.created)}>
            {ago(run.created)}
          </time>
        </span>
      </span>
      {run.priority !== 0 && <Badge>{t('queue.priority', { value: run.priority })}</Badge>}
      {mayEdit && (
        <>
          <IconButton label={t('queue.first', { name })} size="sm" disabled={run.priority >= 10} onClick={() => move.mutate({ id: run.id, priority: 10 }, wrong)}>
            <ChevronsUp size={14} />
          </IconButton>
          <IconButton label={t('queue.up', { name })} size="sm" disabled={!above} onClick={() => above && move.mutate({ id: run.id, before: above.id }, wrong)}>
            <ArrowUp size={14} />
          </IconButton>
          <IconButton label={t('queue.down', { name })} size="sm" disabled={!below} onClick={down}>
            <ArrowDown size={14} />
          </IconButton>
        </>
      )}
      {mayRun && (
        <IconButton label={t('queue.cancel', { name })} size="sm" onClick={() => cancel.mutate(run.id, wrong)}>
          <X size={14} />
        </IconButton>
      )}
    </li>
  );
}
