import { useTranslation } from 'react-i18next';

import { usePipelineRuns } from '@/api/queries';
import type { RunSummary } from '@/api/types';
import { Badge, Button, Skeleton } from '@/ui';
import { plain } from '@/values/forms';
import { replay } from '../page/useLastRun';
import { useRun, useSession } from '../session';
import { seconds } from './duration';
import styles from './run.module.css';

const TONES = {
  succeeded: 'success',
  failed: 'danger',
  running: 'running',
  waiting: 'warning',
  queued: 'neutral',
  cancelled: 'neutral',
} as const;

/** Earlier runs; one that is picked is played again on the canvas, from its events. */
export function RunHistory() {
  const { t } = useTranslation('editor');
  const { pipeline } = useSession();
  const runs = usePipelineRuns(pipeline.id);
  const items = runs.data?.pages.flatMap((page) => page.items) ?? [];
  if (runs.isLoading) return <Skeleton height={120} />;
  if (runs.isError) return <p className={styles.nothing}>{t('history.unreadable')}</p>;
  if (items.length === 0) return <p className={styles.nothing}>{t('history.none')}</p>;
  return (
    <>
      <ol className={styles.history} data-testid="history">
        {items.map((item) => (
          <HistoryRow key={item.id} item={item} />
        ))}
      </ol>
      {runs.hasNextPage && (
        <Button size="sm" variant="ghost" busy={runs.isFetchingNextPage} onClick={() => void runs.fetchNextPage()}>
          {t('history.more')}
        </Button>
      )}
    </>
  );
}

function HistoryRow({ item }: { item: RunSummary }) {
  const { t, i18n } = useTranslation('editor');
  const session = useSession();
  const shown = useRun((watched) => watched.id === item.id);
  const time = new Intl.DateTimeFormat(i18n.language, { dateStyle: 'medium', timeStyle: 'short' }).format(
    new Date(item.created),
  );
  const words = Object.values(item.inputs ?? {})
    .map(plain)
    .join(' · ');
  return (
    <li>
      <button
        type="button"
        className={styles.historyRow}
        aria-current={shown || undefined}
        data-testid={`history-${item.number ?? item.id}`}
        onClick={() => void replay(session, item.id, item.number)}
      >
        <span className={styles.historyNumber}>{item.number === null ? '' : `#${item.number}`}</span>
        <Badge tone={TONES[item.status] ?? 'neutral'}>
          {t(`runStatus.${item.status}`, { defaultValue: item.status })}
        </Badge>
        <span className={styles.historyWords}>{words}</span>
        <span className={styles.historyMeta}>
          {[item.seconds === null ? '' : seconds(item.seconds, i18n.language), item.by ?? '', time]
            .filter(Boolean)
            .join(' · ')}
        </span>
      </button>
    </li>
  );
}
