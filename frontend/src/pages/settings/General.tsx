import { useState, type FormEvent } from 'react';
import { useTranslation } from 'react-i18next';
import { useLocation } from 'wouter';
import { useChangeWorkspace, useDeleteWorkspace } from '@/api/queries';
import type { Workspace } from '@/api/types';
import { Section } from '@/shell/Page';
import { Button, Confirm, Field, TextInput, toast } from '@/ui';
import { failed } from '@/ui/failed';
import styles from './Settings.module.css';

export function General({ workspace, mayOwn }: { workspace: Workspace; mayOwn: boolean }) {
  const { t } = useTranslation(['pages', 'common']);
  const [name, setName] = useState(workspace.name);
  const change = useChangeWorkspace(workspace.slug);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    change.mutate({ name: name.trim() }, { onSuccess: () => void toast({ title: t('common:saved'), tone: 'success' }) });
  };
  return (
    <>
      <Section title={t('settings.general')}>
        <form className={styles.form} onSubmit={submit}>
          <Field label={t('settings.workspaceName')} error={change.error?.message}>
            <TextInput value={name} maxLength={120} disabled={!mayOwn} onChange={(event) => setName(event.target.value)} />
          </Field>
          <Field label={t('settings.address')} hint={t('settings.addressHint')}>
            <TextInput value={`/w/${workspace.slug}`} readOnly disabled />
          </Field>
          {mayOwn && (
            <Button type="submit" variant="primary" busy={change.isPending} disabled={!name.trim() || name.trim() === workspace.name}>
              {t('common:save')}
            </Button>
          )}
        </form>
      </Section>
      {mayOwn && <DeleteWorkspace workspace={workspace} />}
    </>
  );
}

function DeleteWorkspace({ workspace }: { workspace: Workspace }) {
  const { t } = useTranslation(['pages', 'common']);
  const [asking, setAsking] = useState(false);
  const [, go] = useLocation();
  const remove = useDeleteWorkspace(workspace.slug);
  return (
    <Section title={t('settings.deleteWorkspace')}>
      <div className={styles.danger}>
        <p>{t('settings.deleteWorkspaceDetail')}</p>
        <Button variant="danger" onClick={() => setAsking(true)}>
          {t('settings.deleteWorkspace')}
        </Button>
      </div>
      <Confirm
        open={asking}
        onOpenChange={setAsking}
        title={t('settings.deleteWorkspaceTitle', { name: workspace.name })}
        description={t('settings.deleteWorkspaceDetail')}
        action={t('common:delete')}
        onConfirm={() => remove.mutateAsync(undefined, { onSuccess: () => go('/'), onError: failed(t('settings.workspaceNotDeleted')) })}
      />
    </Section>
  );
}
