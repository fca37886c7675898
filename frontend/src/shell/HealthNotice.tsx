import { useQuery, useQueryClient } from '@tanstack/react-query';
import { TriangleAlert } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { lookAtHealth, type Trouble } from './health';
import styles from './HealthNotice.module.css';

interface Seen {
  trouble: Trouble | null;
  /** How many times one after another something was wrong. */
  times: number;
}

const KEY = ['health'];
const CALM = 15_000;
const WORRIED = 4_000;

/** Says why nothing happens, while a part of the studio is away: otherwise a run would only seem to hang. */
export function HealthNotice() {
  const { t } = useTranslation('pages');
  const client = useQueryClient();
  const { data } = useQuery({
    queryKey: KEY,
    queryFn: async (): Promise<Seen> => {
      const trouble = await lookAtHealth();
      return { trouble, times: trouble ? (client.getQueryData<Seen>(KEY)?.times ?? 0) + 1 : 0 };
    },
    refetchInterval: (query) => (query.state.data?.trouble ? WORRIED : CALM),
  });
  // A part that is being started again is back within seconds, so trouble counts once it was seen twice.
  if (!data?.trouble || data.times < 2) return null;
  return (
    <p className={styles.notice} role="status" data-testid="health-notice">
      <TriangleAlert size={14} aria-hidden />
      {t(`health.${data.trouble}`)}
    </p>
  );
}
