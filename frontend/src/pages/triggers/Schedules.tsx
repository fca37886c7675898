import { CalendarClock, Pencil, Plus, Trash2, TriangleAlert } from 'lucide-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Link } from 'wouter';
import type { Pipeline } from '@/api/types';
import { useChangeSchedule, useDeleteSchedule, useSchedules, type Schedule } from '@/api/work';
import { Section } from '@/shell/Page';
import { Button, Confirm, EmptyState, ErrorState, IconButton, Skeleton, Switch } from '@/ui';
import { failed } from '@/ui/failed';
import { dateTime } from '@/ui/format';
import styles from '../settings/Settings.module.css';
import { timingOf } from './cron';
import { ScheduleDialog } from './ScheduleDialog';
import own from './triggers.module.css';

export function Schedules({ pipeline, mayEdit }: { pipeline: Pipeline; mayEdit: boolean }) {
  const { t } = useTranslation('pages');
  const schedules = useSchedules(pipeline.id);
  const [editing, setEditing] = useState<Schedule | 'new' | null>(null);
  const add = mayEdit && (
    <Button icon={<Plus size={16} />} onClick={() => setEditing('new')} data-testid="new-schedule">
      {t('schedules.new')}
    </Button>
  );
  return (
    <Section title={t('schedules.title')} description={t('schedules.detail')} actions={schedules.data && schedules.data.length > 0 && add}>
      {schedules.isError ? (
        <ErrorState error={schedules.error} retry={() => void schedules.refetch()} />
      ) : !schedules.data ? (
        <Skeleton height={56} radius={10} />
      ) : schedules.data.length === 0 ? (
        <EmptyState icon={<CalendarClock size={20} />} title={t('schedules.empty')} action={add}>
          {t('schedules.emptyDetail')}
        </EmptyState>
      ) : (
        <ul className={styles.list} data-testid="schedules">
          {schedules.data.map((schedule) => (
            <ScheduleRow key={schedule.id} schedule={schedule} pipeline={pipeline} mayEdit={mayEdit} onEdit={() => setEditing(schedule)} />
          ))}
        </ul>
      )}
      {editing && <ScheduleDialog pipeline={pipeline} schedule={editing === 'new' ? null : editing} onClose={() => setEditing(null)} />}
    </Section>
  );
}

interface RowProps {
  schedule: Schedule;
  pipeline: Pipeline;
  mayEdit: boolean;
  onEdit: () => void;
}

function ScheduleRow({ schedule, pipeline, mayEdit, onEdit }: RowProps) {
  const { t } = useTranslation(['pages', 'common']);
  const [asking, setAsking] = useState(false);
  const change = useChangeSchedule(pipeline.id);
  const remove = useDeleteSchedule(pipeline.id);
  const words = useTimingWords(schedule.cron);
  return (
    <li className={styles.row}>
      <div className={styles.words}>
        <p className={styles.name}>{words}</p>
        <p className={styles.sub}>
          {schedule.timezone} ·{' '}
          {schedule.enabled && schedule.next ? t('schedules.next', { when: dateTime(schedule.next) }) : t('schedules.off')}
          {schedule.last_run && (
            <>
              {' · '}
              <Link href={`/w/${pipeline.workspace}/runs/${schedule.last_run}`}>{t('schedules.lastRun')}</Link>
            </>
          )}
        </p>
        {schedule.problem && (
          <p className={own.problem}>
            <TriangleAlert size={12} aria-hidden />
            {schedule.problem}
          </p>
        )}
      </div>
      {mayEdit && (
        <>
          <Switch
            checked={schedule.enabled}
            label={t('schedules.enabled', { when: words })}
            onChange={(enabled) => change.mutate({ id: schedule.id, enabled }, { onError: failed(t('schedules.notSaved')) })}
          />
          <IconButton label={t('schedules.edit', { when: words })} size="sm" onClick={onEdit}>
            <Pencil size={14} />
          </IconButton>
          <IconButton label={t('schedules.delete', { when: words })} size="sm" onClick={() => setAsking(true)}>
            <Trash2 size={14} />
          </IconButton>
        </>
      )}
      <Confirm
        open={asking}
        onOpenChange={setAsking}
        title={t('schedules.deleteTitle')}
        description={t('schedules.deleteDetail')}
        action={t('common:delete')}
        onConfirm={() => remove.mutateAsync(schedule.id, { onError: failed(t('schedules.notSaved')) })}
      />
    </li>
  );
}

/** "Every day at 09:00"; cron that says something else as it is written. */
function useTimingWords(cron: string): string {
  const { t } = useTranslation('pages');
  const timing = timingOf(cron);
  const minute = timing.at.slice(3);
  switch (timing.every) {
    case 'hour':
      return t('schedules.words.hour', { minute });
    case 'day':
      return t('schedules.words.day', { at: timing.at });
    case 'weekday':
      return t('schedules.words.weekday', { at: timing.at });
    case 'week':
      return t('schedules.words.week', { weekday: t(`schedules.weekday.${timing.weekday}`), at: timing.at });
    case 'month':
      return t('schedules.words.month', { day: timing.day, at: timing.at });
    case 'cron':
      return cron;
  }
}
