import { useQuery } from '@tanstack/react-query';
import { useState, type FormEvent } from 'react';
import { useTranslation } from 'react-i18next';
import type { ApiError } from '@/api/client';
import type { Json, Pipeline } from '@/api/types';
import { previewSchedule, useChangeSchedule, useMakeSchedule, type Schedule } from '@/api/work';
import { Button, Combobox, Dialog, Field, Select, TextInput } from '@/ui';
import { dateTime } from '@/ui/format';
import styles from '../settings/Settings.module.css';
import { cronOf, EVERY, STANDARD, timeZones, timingOf, type Every, type Timing } from './cron';
import { PipelineInputs } from './PipelineInputs';
import own from './triggers.module.css';

/** When, where on earth, and with what; what it comes to is shown as the next times. */
export function ScheduleDialog({ pipeline, schedule, onClose }: { pipeline: Pipeline; schedule: Schedule | null; onClose: () => void }) {
  const { t } = useTranslation(['pages', 'common']);
  const [timing, setTiming] = useState<Timing>(schedule ? timingOf(schedule.cron) : STANDARD);
  const [timezone, setTimezone] = useState(schedule?.timezone ?? timeZones()[0] ?? 'UTC');
  const [inputs, setInputs] = useState<Record<string, Json>>(schedule?.inputs ?? {});
  const make = useMakeSchedule(pipeline.id);
  const change = useChangeSchedule(pipeline.id);
  const error = make.error ?? change.error;
  const cron = cronOf(timing);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const wanted = { cron, timezone, inputs };
    if (schedule) change.mutate({ id: schedule.id, ...wanted }, { onSuccess: onClose });
    else make.mutate(wanted, { onSuccess: onClose });
  };
  return (
    <Dialog
      open
      size="md"
      onOpenChange={(open) => !open && onClose()}
      title={schedule ? t('schedules.change') : t('schedules.new')}
      footer={
        <>
          <Button onClick={onClose}>{t('common:cancel')}</Button>
          <Button variant="primary" type="submit" form="schedule" busy={make.isPending || change.isPending} disabled={!cron}>
            {t('common:save')}
          </Button>
        </>
      }
    >
      <form id="schedule" className={styles.form} onSubmit={submit}>
        <When timing={timing} onChange={setTiming} error={error} />
        <Field label={t('schedules.timezone')} error={error?.about('timezone')}>
          <Combobox value={timezone} onChange={setTimezone} options={timeZones().map((zone) => ({ value: zone, label: zone }))} />
        </Field>
        <NextTimes cron={cron} timezone={timezone} />
        <PipelineInputs pipeline={pipeline} values={inputs} onChange={setInputs} error={error} />
        {error && error.errors.length === 0 && (
          <p role="alert" className={own.problem}>
            {error.message}
          </p>
        )}
      </form>
    </Dialog>
  );
}

function When({ timing, onChange, error }: { timing: Timing; onChange: (timing: Timing) => void; error: ApiError | null }) {
  const { t } = useTranslation('pages');
  const set = (part: Partial<Timing>) => onChange({ ...timing, ...part });
  const days = [1, 2, 3, 4, 5, 6, 7].map((day) => ({ value: String(day), label: t(`schedules.weekday.${day}`) }));
  return (
    <div className={own.when}>
      <Field label={t('schedules.every')}>
        <Select
          value={timing.every}
          options={EVERY.map((every) => ({ value: every, label: t(`schedules.everyOf.${every}`) }))}
          onChange={(every) => set({ every: every as Every, cron: cronOf(timing) })}
          testId="schedule-every"
        />
      </Field>
      {timing.every === 'week' && (
        <Field label={t('schedules.onDay')}>
          <Select value={String(timing.weekday)} options={days} onChange={(day) => set({ weekday: Number(day) })} />
        </Field>
      )}
      {timing.every === 'month' && (
        <Field label={t('schedules.onDay')}>
          <TextInput type="number" min={1} max={28} value={timing.day} onChange={(event) => set({ day: Math.min(28, Math.max(1, event.target.valueAsNumber || 1)) })} />
        </Field>
      )}
      {timing.every === 'cron' ? (
        <Field label={t('schedules.cron')} hint={t('schedules.cronHint')} error={error?.about('cron')}>
          <TextInput value={timing.cron} spellCheck={false} onChange={(event) => set({ cron: event.target.value })} />
        </Field>
      ) : (
        <Field label={t('schedules.at')} hint={timing.every === 'hour' ? t('schedules.minuteOnly') : undefined}>
          <TextInput type="time" required value={timing.at} onChange={(event) => set({ at: event.target.value || '00:00' })} />
        </Field>
      )}
    </div>
  );
}

function NextTimes({ cron, timezone }: { cron: string; timezone: string }) {
  const { t } = useTranslation('pages');
  const preview = useQuery({
    queryKey: ['schedule-preview', cron, timezone],
    queryFn: ({ signal }) => previewSchedule(cron, timezone, signal),
    enabled: cron !== '',
    retry: false,
  });
  return (
    <p className={own.next} aria-live="polite">
      {preview.isError ? preview.error.message : preview.data && `${t('schedules.nextTimes')} ${preview.data.times.slice(0, 3).map(dateTime).join(' · ')}`}
    </p>
  );
}
