import { Gauge, KeyRound, Plus, Trash2 } from 'lucide-react';
import { useState, type FormEvent } from 'react';
import { useTranslation } from 'react-i18next';
import { useCreateKey, useDeleteKey, useKeys, useLimitKey } from '@/api/queries';
import type { ApiKey, Role } from '@/api/types';
import { Section } from '@/shell/Page';
import { Badge, Button, Confirm, Dialog, EmptyState, ErrorState, Field, IconButton, Skeleton, TextInput } from '@/ui';
import { failed } from '@/ui/failed';
import { ago, date } from '@/ui/format';
import { CopyButton } from './CopyButton';
import { LimitFields } from './Limits';
import { RoleSelect } from './Members';
import styles from './Settings.module.css';

export function Keys({ slug }: { slug: string }) {
  const { t } = useTranslation('pages');
  const keys = useKeys(slug, true);
  const [creating, setCreating] = useState(false);
  const add = (
    <Button icon={<Plus size={16} />} onClick={() => setCreating(true)} data-testid="new-key">
      {t('settings.newKey')}
    </Button>
  );
  return (
    <Section title={t('settings.keys')} description={t('settings.keysDetail')} actions={keys.data && keys.data.length > 0 && add}>
      {keys.isError ? (
        <ErrorState error={keys.error} retry={() => void keys.refetch()} />
      ) : !keys.data ? (
        <Skeleton height={56} radius={10} />
      ) : keys.data.length === 0 ? (
        <EmptyState icon={<KeyRound size={20} />} title={t('settings.noKeys')} action={add}>
          {t('settings.noKeysDetail')}
        </EmptyState>
      ) : (
        <ul className={styles.list} data-testid="keys">
          {keys.data.map((key) => (
            <KeyRow key={key.id} apiKey={key} slug={slug} />
          ))}
        </ul>
      )}
      {creating && <NewKey slug={slug} onClose={() => setCreating(false)} />}
    </Section>
  );
}

function KeyRow({ apiKey, slug }: { apiKey: ApiKey; slug: string }) {
  const { t } = useTranslation(['pages', 'common']);
  const [asking, setAsking] = useState(false);
  const [limiting, setLimiting] = useState(false);
  const remove = useDeleteKey(slug);
  return (
    <li className={styles.row}>
      <div className={styles.words}>
        <p className={styles.name}>
          {apiKey.name} <Badge>{t(`roles.${apiKey.role}`)}</Badge>
        </p>
        <p className={styles.sub}>
          <code>{apiKey.prefix}…</code> · {t('settings.keyMade', { when: date(apiKey.created) })} ·{' '}
          {apiKey.used ? t('settings.keyUsed', { when: ago(apiKey.used) }) : t('settings.keyUnused')}
          {apiKey.most_running !== null && ` · ${t('settings.keyAtMost', { running: apiKey.most_running })}`}
        </p>
      </div>
      <IconButton label={t('settings.keyLimits', { name: apiKey.name })} size="sm" onClick={() => setLimiting(true)}>
        <Gauge size={14} />
      </IconButton>
      <IconButton label={t('settings.deleteKey', { name: apiKey.name })} size="sm" onClick={() => setAsking(true)}>
        <Trash2 size={14} />
      </IconButton>
      {limiting && <KeyLimits apiKey={apiKey} slug={slug} onClose={() => setLimiting(false)} />}
      <Confirm
        open={asking}
        onOpenChange={setAsking}
        title={t('settings.deleteKeyTitle', { name: apiKey.name })}
        description={t('settings.deleteKeyDetail')}
        action={t('common:delete')}
        onConfirm={() => remove.mutateAsync(apiKey.id, { onError: failed(t('settings.keyNotDeleted')) })}
      />
    </li>
  );
}

function KeyLimits({ apiKey, slug, onClose }: { apiKey: ApiKey; slug: string; onClose: () => void }) {
  const { t } = useTranslation('pages');
  const limit = useLimitKey(slug);
  return (
    <Dialog open onOpenChange={(open) => !open && onClose()} title={t('settings.keyLimits', { name: apiKey.name })} description={t('settings.keyLimitsDetail')}>
      <LimitFields limits={apiKey} busy={limit.isPending} error={limit.error} onSave={(limits) => limit.mutate({ id: apiKey.id, ...limits }, { onSuccess: onClose })} />
    </Dialog>
  );
}

/** Asks for a name and a role, then shows the key: this once, for the server keeps only its hash. */
function NewKey({ slug, onClose }: { slug: string; onClose: () => void }) {
  const { t } = useTranslation(['pages', 'common']);
  const [name, setName] = useState('');
  const [role, setRole] = useState<Role>('runner');
  const create = useCreateKey(slug);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    create.mutate({ name: name.trim(), role });
  };
  if (create.data?.key) return <ShownOnce value={create.data.key} onClose={onClose} />;
  return (
    <Dialog
      open
      onOpenChange={(open) => !open && onClose()}
      title={t('settings.newKey')}
      footer={
        <>
          <Button onClick={onClose}>{t('common:cancel')}</Button>
          <Button variant="primary" type="submit" form="new-key" busy={create.isPending} disabled={!name.trim()}>
            {t('settings.createKey')}
          </Button>
        </>
      }
    >
      <form id="new-key" className={styles.form} onSubmit={submit}>
        <Field label={t('common:name')} hint={t('settings.keyNameHint')} error={create.error?.message}>
          <TextInput value={name} maxLength={120} autoFocus placeholder={t('settings.keyExample')} onChange={(event) => setName(event.target.value)} />
        </Field>
        <Field label={t('settings.role')}>
          <RoleSelect value={role} onChange={setRole} />
        </Field>
      </form>
    </Dialog>
  );
}

function ShownOnce({ value, onClose }: { value: string; onClose: () => void }) {
  const { t } = useTranslation(['pages', 'common']);
  return (
    <Dialog
      open
      size="md"
      onOpenChange={(open) => !open && onClose()}
      title={t('settings.keyCreated')}
      description={t('settings.keyOnce')}
      footer={
        <Button variant="primary" onClick={onClose}>
          {t('settings.keyKept')}
        </Button>
      }
    >
      <div className={styles.secret}>
        <code data-testid="api-key">{value}</code>
        <CopyButton text={value} />
      </div>
    </Dialog>
  );
}
