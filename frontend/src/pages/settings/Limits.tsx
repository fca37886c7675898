import { useState, type FormEvent } from 'react';
import { useTranslation } from 'react-i18next';
import type { ApiError } from '@/api/client';
import { useChangeQueue, useQueue, type Queue } from '@/api/work';
import { Section } from '@/shell/Page';
import { Button, ErrorState, Field, Skeleton, TextInput, toast } from '@/ui';
import styles from './Settings.module.css';

/** How many runs of this workspace may go on at once, and how many may wait. */
export function Limits({ slug }: { slug: string }) {
  const { t } = useTranslation('pages');
  const queue = useQueue(slug);
  return (
    <Section title={t('limits.title')} description={t('limits.detail')}>
      {queue.isError ? (
        <ErrorState error={queue.error} retry={() => void queue.refetch()} />
      ) : queue.data ? (
        <LimitForm slug={slug} queue={queue.data} />
      ) : (
        <Skeleton height={120} radius={10} />
      )}
    </Section>
  );
}

interface LimitValues {
  most_running: number | null;
  most_queued: number | null;
}

function LimitForm({ slug, queue }: { slug: string; queue: Queue }) {
  const { t } = useTranslation(['pages', 'common']);
  const change = useChangeQueue(slug);
  const save = (limits: LimitValues) => change.mutate(limits, { onSuccess: () => void toast({ title: t('common:saved'), tone: 'success' }) });
  return <LimitFields limits={queue} busy={change.isPending} error={change.error} onSave={save} />;
}

const shown = (limit: number | null) => (limit === null ? '' : String(limit));
const limitFrom = (text: string) => (text.trim() === '' ? null : Number(text));

interface FieldsProps {
  limits: LimitValues;
  busy: boolean;
  error: ApiError | null;
  onSave: (limits: LimitValues) => void;
}

/** The two numbers, for a workspace or for a key. */
export function LimitFields({ limits, busy, error, onSave }: FieldsProps) {
  const { t } = useTranslation(['pages', 'common']);
  const [running, setRunning] = useState(shown(limits.most_running));
  const [queued, setQueued] = useState(shown(limits.most_queued));
  const wanted = { most_running: limitFrom(running), most_queued: limitFrom(queued) };
  const same = wanted.most_running === limits.most_running && wanted.most_queued === limits.most_queued;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    onSave(wanted);
  };
  const other = error && !error.about('most_running') ? error.message : undefined;
  return (
    <form className={styles.form} onSubmit={submit}>
      <Field label={t('limits.running')} hint={t('limits.runningHint')} error={error?.about('most_running')}>
        <TextInput type="number" min={1} value={running} placeholder={t('limits.none')} onChange={(event) => setRunning(event.target.value)} />
      </Field>
      <Field label={t('limits.queued')} hint={t('limits.queuedHint')} error={error?.about('most_queued') ?? other}>
        <TextInput type="number" min={1} value={queued} placeholder={t('limits.standard')} onChange={(event) => setQueued(event.target.value)} />
      </Field>
      <Button type="submit" variant="primary" busy={busy} disabled={same}>
        {t('common:save')}
      </Button>
    </form>
  );
}
