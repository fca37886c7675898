import { useState, type FormEvent } from 'react';
import { useTranslation } from 'react-i18next';
import { useLocation } from 'wouter';
import { useCreateWorkspace } from '@/api/queries';
import { Button, Dialog, Field, TextInput } from '@/ui';

export function NewWorkspace({ open, onOpenChange }: { open: boolean; onOpenChange: (open: boolean) => void }) {
  const { t } = useTranslation(['pages', 'common']);
  const [name, setName] = useState('');
  const [, go] = useLocation();
  const create = useCreateWorkspace();
  const submit = (event: FormEvent) => {
    event.preventDefault();
    create.mutate(
      { name: name.trim() },
      {
        onSuccess: (made) => {
          onOpenChange(false);
          setName('');
          go(`/w/${made.slug}`);
        },
      },
    );
  };
  return (
    <Dialog
      open={open}
      onOpenChange={onOpenChange}
      title={t('workspaces.new')}
      description={t('workspaces.newDetail')}
      footer={
        <>
          <Button onClick={() => onOpenChange(false)}>{t('common:cancel')}</Button>
          <Button variant="primary" type="submit" form="new-workspace" busy={create.isPending} disabled={!name.trim()}>
            {t('workspaces.create')}
          </Button>
        </>
      }
    >
      <form id="new-workspace" onSubmit={submit}>
        <Field label={t('common:name')} error={create.error?.message}>
          <TextInput value={name} onChange={(event) => setName(event.target.value)} maxLength={120} autoFocus placeholder={t('workspaces.example')} />
        </Field>
      </form>
    </Dialog>
  );
}
