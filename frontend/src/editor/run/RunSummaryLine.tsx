import { useTranslation } from 'react-i18next';

import { Badge } from '@/ui';
import { useRun } from '../session';
import { seconds } from './duration';
import styles from './run.module.css';

const TONES = {
  queued: 'neutral',
  running: 'running',
  waiting: 'warning',
  succeeded: 'success',
  failed: 'danger',
  cancelled: 'neutral',
} as const;

/** Which run is shown, how it stands and how long it took. */
export function RunSummaryLine() {
  const { t, i18n } = useTranslation('editor');
  const id = useRun((watched) => watched.id);
  const number = useRun((watched) => watched.number);
  const status = useRun(({ run }) => run.status);
  const at = useRun(({ run }) => (run.finished ? run.at : null));
  const link = useRun((watched) => watched.link);
  if (!id) return null;
  const tone = TONES[status as keyof typeof TONES] ?? 'neutral';
  return (
    <span className={styles.summary} role="status" data-testid="run-status" data-status={status}>
      {link === 'reconnecting' && <span className={styles.reconnecting}>{t('run.reconnecting')}</span>}
      {number !== null && <span>{t('run.number', { number })}</span>}
      {at !== null && <span>{seconds(at, i18n.language)}</span>}
      <Badge tone={tone}>{t(`runStatus.${status}`, { defaultValue: status })}</Badge>
    </span>
  );
}
