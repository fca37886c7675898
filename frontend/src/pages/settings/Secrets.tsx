import { LockKeyhole, Plus, Trash2 } from 'lucide-react';
import { useState, type FormEvent } from 'react';
import { useTranslation } from 'react-i18next';
import { useDeleteSecret, useKeepSecret, useSecrets, type Secret } from '@/api/work';
import { Section } from '@/shell/Page';
import { Button, Confirm, Dialog, EmptyState, ErrorState, Field, IconButton, Skeleton, TextInput } from '@/ui';
import { failed } from '@/ui/failed';
import { ago } from '@/ui/format';
import styles from './Settings.module.css';

/** Names of what nodes may use and nobody may read: a value can be written and replaced, never seen again. */
export function Secrets({ slug }: { slug: string }) {
  const { t } = useTranslation('pages');
  const secrets = useSecrets(slug, true);
  const [writing, setWriting] = useState<string | null>(null);
  const add = (
    <Button icon={<Plus size={16} />} onClick={() => setWriting('')} data-testid="new-secret">
      {t('secrets.new')}
    </Button>
  );
  return (
    <Section title={t('secrets.title')} description={t('secrets.detail')} actions={secrets.data && secrets.data.length > 0 && add}>
      {secrets.isError ? (
        <ErrorState error={secrets.error} retry={() => void secrets.refetch()} />
      ) : !secrets.data ? (
        <Skeleton height={56} radius={10} />
      ) : secrets.data.length === 0 ? (
        <EmptyState icon={<LockKeyhole size={20} />} title={t('secrets.empty')} action={add}>
          {t('secrets.emptyDetail')}
        </EmptyState>
      ) : (
        <ul className={styles.list} data-testid="secrets">
          {secrets.data.map((secret) => (
            <SecretRow key={secret.name} secret={secret} slug={slug} onReplace={() => setWriting(secret.name)} />
          ))}
        </ul>
      )}
      {writing !== null && <WriteSecret slug={slug} known={writing} onClose={() => setWriting(null)} />}
    </Section>
  );
}

function SecretRow({ secret, slug, onReplace }: { secret: Secret; slug: string; onReplace: () => void }) {
  const { t } = useTranslation(['pages', 'common']);
  const [asking, setAsking] = useState(false);
  const remove = useDeleteSecret(slug);
  return (
    <li className={styles.row}>
      <div className={styles.words}>
        <p className={styles.name}>
          <code>{secret.name}</code>
        </p>
        <p className={styles.sub}>{t('secrets.written', { when: ago(secret.updated) })}</p>
      </div>
      <Button size="sm" onClick={onReplace}>
        {t('secrets.replace')}
      </Button>
      <IconButton label={t('secrets.delete', { name: secret.name })} size="sm" onClick={() => setAsking(true)}>
        <Trash2 size={14} />
      </IconButton>
      <Confirm
        open={asking}
        onOpenChange={setAsking}
        title={t('secrets.deleteTitle', { name: secret.name })}
        description={t('secrets.deleteDetail')}
        action={t('common:delete')}
        onConfirm={() => remove.mutateAsync(secret.name, { onError: failed(t('secrets.notDeleted')) })}
      />
    </li>
  );
}

function WriteSecret({ slug, known, onClose }: { slug: string; known: string; onClose: () => void }) {
  const { t } = useTranslation(['pages', 'common']);
  const [name, setName] = useState(known);
  const [value, setValue] = useState('');
  const keep = useKeepSecret(slug);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    keep.mutate({ name: name.trim(), value }, { onSuccess: onClose });
  };
  return (
    <Dialog
      open
      onOpenChange={(open) => !open && onClose()}
      title={known ? t('secrets.replaceTitle', { name: known }) : t('secrets.new')}
      footer={
        <>
          <Button onClick={onClose}>{t('common:cancel')}</Button>
          <Button variant="primary" type="submit" form="write-secret" busy={keep.isPending} disabled={!name.trim() || !value}>
            {t('common:save')}
          </Button>
        </>
      }
    >
      <form id="write-secret" className={styles.form} onSubmit={submit}>
        {!known && (
          <Field label={t('common:name')} hint={t('secrets.nameHint')} error={keep.error?.about('name')}>
            <TextInput value={name} maxLength={64} autoFocus spellCheck={false} placeholder="SEARCH_TOKEN" onChange={(event) => setName(event.target.value)} />
          </Field>
        )}
        <Field label={t('secrets.value')} hint={t('secrets.valueHint')} error={keep.error?.message}>
          <TextInput type="password" autoComplete="off" value={value} autoFocus={Boolean(known)} onChange={(event) => setValue(event.target.value)} />
        </Field>
      </form>
    </Dialog>
  );
}
