import { ChevronDown, ChevronRight, Zap } from 'lucide-react';
import { useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';

import { trailTo } from './paths';
import { useRoot, useRun, useSession, useStepTitle } from '../session';
import { seconds } from './duration';
import type { Attempt } from './events';
import { timelineRows, type TimelineRow } from './timelineRows';
import { costInFull, costOf, reasonOf } from './usage';
import styles from './run.module.css';

/** A bar a step, each attempt by itself, on one scale; what ran inside a step opens below it. */
export function Timeline({ onShow }: { onShow: (paths: readonly string[]) => void }) {
  const { t } = useTranslation('editor');
  const steps = useRun(({ run }) => run.steps);
  const now = useNow();
  const [opened, setOpened] = useState<ReadonlySet<string>>(new Set());
  const rows = timelineRows(steps, opened);
  if (rows.length === 0) return <p className={styles.nothing}>{t('timeline.none')}</p>;
  const end = Math.max(now, ...rows.map((row) => row.bars.at(-1)?.to ?? 0), 0.001);
  const toggle = (path: string) =>
    setOpened((before) => new Set(before.has(path) ? [...before].filter((each) => each !== path) : [...before, path]));
  return (
    <ol className={styles.timeline}>
      {rows.map((row) => (
        <Row key={row.path} row={row} end={end} open={opened.has(row.path)} onToggle={toggle} onShow={onShow} />
      ))}
    </ol>
  );
}

interface RowProps {
  row: TimelineRow;
  /** Seconds at the right end of the scale. */
  end: number;
  open: boolean;
  onToggle: (path: string) => void;
  onShow: (paths: readonly string[]) => void;
}

function Row({ row, end, open, onToggle, onShow }: RowProps) {
  const { t, i18n } = useTranslation('editor');
  const { path, step, item, depth, holds } = row;
  const titleOf = useStepTitle();
  const { catalogue } = useSession();
  const known = useRoot((root) => item === null && trailTo(catalogue, root, path) !== null);
  const words = titleOf(path).split(' › ').at(-1);
  const title = item === null ? words : t('timeline.item', { number: item + 1 });
  const why = step
    ? [reasonOf(step, t, titleOf), ...costInFull(step, t, i18n.language)].filter(Boolean).join('\n')
    : '';
  const cost = step ? costOf({ ...step, cached: false, attempt: 1 }, t, i18n.language).join(' · ') : '';
  const Fold = open ? ChevronDown : ChevronRight;
  return (
    <li data-testid={`timeline-${path}`}>
      <span className={styles.timelineHead} style={{ paddingLeft: depth * 16 }}>
        {holds && (
          <button
            type="button"
            className={styles.fold}
            aria-expanded={open}
            aria-label={t('timeline.inside', { title })}
            onClick={() => onToggle(path)}
          >
            <Fold size={13} />
          </button>
        )}
        <button
          type="button"
          className={styles.timelineName}
          onClick={() => (known ? onShow([path]) : onToggle(path))}
          disabled={!known && !holds}
        >
          {title}
        </button>
      </span>
      <span className={styles.track}>
        {row.bars.map((attempt) => (
          <Bar key={attempt.number} attempt={attempt} cached={step?.cached ?? false} end={end} />
        ))}
      </span>
      <span className={styles.timelineTime} title={why || undefined}>
        {step?.cached && <Zap size={12} aria-label={t('state.cached')} />}
        {cost || (step?.status === 'waiting' ? t('state.waiting') : '')}
      </span>
    </li>
  );
}

function Bar({ attempt, cached, end }: { attempt: Attempt; cached: boolean; end: number }) {
  const { t, i18n } = useTranslation('editor');
  const { number, from, to, error } = attempt;
  const length = (to ?? end) - from;
  const words = t('timeline.bar', {
    number,
    from: seconds(from, i18n.language),
    seconds: seconds(length, i18n.language),
  });
  return (
    <span
      className={styles.barOfStep}
      data-state={error ? 'failed' : to === null ? 'running' : cached ? 'cached' : 'done'}
      style={{ left: `${(from / end) * 100}%`, width: `${Math.max(0, (length / end) * 100)}%` }}
      title={[words, error?.title].filter(Boolean).join(': ')}
    />
  );
}

/** Seconds since the run began: ticking while it runs, its end afterwards; while it only waits for a person, it stands. */
function useNow(): number {
  const at = useRun(({ run }) => run.at);
  const live = useRun(({ run, id }) => id !== null && run.started && !run.finished && run.status !== 'waiting');
  const zero = useRun((watched) => watched.zero);
  const [now, setNow] = useState(0);
  useEffect(() => {
    if (!live) return;
    const timer = setInterval(() => setNow((performance.now() - zero) / 1000), 250);
    return () => clearInterval(timer);
  }, [live, zero]);
  return live ? Math.max(now, at) : at;
}
