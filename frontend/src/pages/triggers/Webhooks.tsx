import { Plus, Trash2, Webhook as Icon } from 'lucide-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Pipeline } from '@/api/types';
import { useChangeWebhook, useDeleteWebhook, useMakeWebhook, useWebhooks, type Webhook } from '@/api/work';
import { Section } from '@/shell/Page';
import { Button, Confirm, Dialog, EmptyState, ErrorState, Field, IconButton, Skeleton, Switch } from '@/ui';
import { failed } from '@/ui/failed';
import { ago } from '@/ui/format';
import { CopyButton } from '../settings/CopyButton';
import styles from '../settings/Settings.module.css';

/** Addresses that other programs call to start the pipeline; every call is signed with the hook's secret. */
export function Webhooks({ pipeline, mayEdit }: { pipeline: Pipeline; mayEdit: boolean }) {
  const { t } = useTranslation('pages');
  const hooks = useWebhooks(pipeline.id);
  const make = useMakeWebhook(pipeline.id);
  const add = mayEdit && (
    <Button icon={<Plus size={16} />} busy={make.isPending} onClick={() => make.mutate(undefined, { onError: failed(t('webhooks.notSaved')) })} data-testid="new-webhook">
      {t('webhooks.new')}
    </Button>
  );
  return (
    <Section title={t('webhooks.title')} description={t('webhooks.detail')} actions={hooks.data && hooks.data.length > 0 && add}>
      {hooks.isError ? (
        <ErrorState error={hooks.error} retry={() => void hooks.refetch()} />
      ) : !hooks.data ? (
        <Skeleton height={56} radius={10} />
      ) : hooks.data.length === 0 ? (
        <EmptyState icon={<Icon size={20} />} title={t('webhooks.empty')} action={add}>
          {t('webhooks.emptyDetail')}
        </EmptyState>
      ) : (
        <ul className={styles.list} data-testid="webhooks">
          {hooks.data.map((hook) => (
            <HookRow key={hook.id} hook={hook} pipeline={pipeline} mayEdit={mayEdit} />
          ))}
        </ul>
      )}
      {make.data?.secret && <ShownOnce hook={make.data} secret={make.data.secret} onClose={() => make.reset()} />}
    </Section>
  );
}

const addressOf = (hook: Webhook): string => new URL(hook.url, window.location.origin).href;

function HookRow({ hook, pipeline, mayEdit }: { hook: Webhook; pipeline: Pipeline; mayEdit: boolean }) {
  const { t } = useTranslation(['pages', 'common']);
  const [asking, setAsking] = useState(false);
  const change = useChangeWebhook(pipeline.id);
  const remove = useDeleteWebhook(pipeline.id);
  const wrong = { onError: failed(t('webhooks.notSaved')) };
  return (
    <li className={styles.row}>
      <div className={styles.words}>
        <p className={styles.name}>
          <code>{addressOf(hook)}</code>
        </p>
        <p className={styles.sub}>{hook.last_used ? t('webhooks.used', { when: ago(hook.last_used) }) : t('webhooks.unused')}</p>
      </div>
      <CopyButton text={addressOf(hook)} />
      {mayEdit && (
        <>
          <Switch checked={hook.enabled} label={t('webhooks.enabled')} onChange={(enabled) => change.mutate({ id: hook.id, enabled }, wrong)} />
          <IconButton label={t('webhooks.delete')} size="sm" onClick={() => setAsking(true)}>
            <Trash2 size={14} />
          </IconButton>
        </>
      )}
      <Confirm
        open={asking}
        onOpenChange={setAsking}
        title={t('webhooks.deleteTitle')}
        description={t('webhooks.deleteDetail')}
        action={t('common:delete')}
        onConfirm={() => remove.mutateAsync(hook.id, wrong)}
      />
    </li>
  );
}

function ShownOnce({ hook, secret, onClose }: { hook: Webhook; secret: string; onClose: () => void }) {
  const { t } = useTranslation('pages');
  return (
    <Dialog
      open
      size="md"
      onOpenChange={(open) => !open && onClose()}
      title={t('webhooks.made')}
      description={t('webhooks.once')}
      footer={
        <Button variant="primary" onClick={onClose}>
          {t('settings.keyKept')}
        </Button>
      }
    >
      <div className={styles.form}>
        <Field label={t('webhooks.address')}>
          <div className={styles.secret}>
            <code>{addressOf(hook)}</code>
            <CopyButton text={addressOf(hook)} />
          </div>
        </Field>
        <Field label={t('webhooks.secret')}>
          <div className={styles.secret}>
            <code data-testid="webhook-secret">{secret}</code>
            <CopyButton text={secret} />
          </div>
        </Field>
      </div>
    </Dialog>
  );
}
