import { useMemo } from 'react';
import { useTranslation } from 'react-i18next';

import { useRun } from '../session';
import { eventRows } from './eventRows';
import styles from './run.module.css';

const MOST = 500;

/** The run as the server told it, fact by fact. */
export function EventList() {
  const { t } = useTranslation('editor');
  const entries = useRun((watched) => watched.entries);
  const count = useRun((watched) => watched.entryCount);
  const rows = useMemo(() => eventRows(entries.slice(0, count)), [entries, count]);
  if (rows.length === 0) return <p className={styles.nothing}>{t('events.none')}</p>;
  return (
    <table className={styles.events}>
      <thead>
        <tr>
          <th>{t('events.id')}</th>
          <th>{t('events.at')}</th>
          <th>{t('events.kind')}</th>
          <th>{t('events.node')}</th>
          <th>{t('events.what')}</th>
        </tr>
      </thead>
      <tbody>
        {rows.slice(-MOST).map((row) => (
          <tr key={row.id}>
            <td>{row.id}</td>
            <td>{row.at.toFixed(2)}</td>
            <td>{row.count > 1 ? `${row.kind} × ${row.count}` : row.kind}</td>
            <td>{row.node}</td>
            <td title={row.words}>{row.words.slice(0, 160)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
