import { Ban, CircleCheck, CircleDashed, CircleX, Hand } from 'lucide-react';
import type { RunStatus } from '@/api/types';
import { Spinner } from '@/ui';
import styles from './Runs.module.css';

/** A run's state by shape and colour; the word stands beside it. */
export function RunStatusMark({ status, size = 14 }: { status: RunStatus; size?: number }) {
  const Icon = ICONS[status];
  return (
    <span className={styles.mark} data-status={status} aria-hidden>
      {status === 'running' ? <Spinner size={size - 2} /> : Icon && <Icon size={size} />}
    </span>
  );
}

const ICONS: Partial<Record<RunStatus, typeof Ban>> = {
  queued: CircleDashed,
  waiting: Hand,
  succeeded: CircleCheck,
  failed: CircleX,
  cancelled: Ban,
};
