import { useState, type FormEvent } from 'react';
import { useTranslation } from 'react-i18next';
import { usePublish } from '@/api/queries';
import type { Pipeline } from '@/api/types';
import { Button, Dialog, Field, TextArea, TextInput, toast } from '@/ui';
import styles from '../settings/Settings.module.css';

/** Puts a pipeline, as it stands, into the gallery of its workspace. */
export function Publish({ pipeline, onClose }: { pipeline: Pipeline; onClose: () => void }) {
  const { t } = useTranslation(['pages', 'common']);
  const [title, setTitle] = useState(pipeline.name);
  const [description, setDescription] = useState('');
  const [tags, setTags] = useState('');
  const publish = usePublish();
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const wanted = { pipeline: pipeline.id, title: title.trim(), description: description.trim(), tags: tags.split(/[,，]/).map((tag) => tag.trim()).filter(Boolean) };
    publish.mutate(wanted, {
      onSuccess: (template) => {
        toast({ title: t('gallery.published', { title: template.title }), tone: 'success' });
        onClose();
      },
    });
  };
  return (
    <Dialog
      open
      onOpenChange={(open) => !open && onClose()}
      title={t('gallery.publish')}
      description={t('gallery.publishDetail')}
      footer={
        <>
          <Button onClick={onClose}>{t('common:cancel')}</Button>
          <Button variant="primary" type="submit" form="publish" busy={publish.isPending} disabled={!title.trim()} data-testid="publish">
            {t('gallery.publish')}
          </Button>
        </>
      }
    >
      <form id="publish" className={styles.form} onSubmit={submit}>
        <Field label={t('gallery.templateTitle')} error={publish.error?.about('title')}>
          <TextInput value={title} maxLength={120} autoFocus onChange={(event) => setTitle(event.target.value)} />
        </Field>
        <Field label={t('gallery.templateAbout')} error={publish.error?.about('description')}>
          <TextArea rows={2} value={description} maxLength={500} onChange={(event) => setDescription(event.target.value)} />
        </Field>
        <Field label={t('gallery.templateTags')} error={publish.error?.about('tags') ?? (publish.error?.errors.length === 0 ? publish.error.message : undefined)}>
          <TextInput value={tags} onChange={(event) => setTags(event.target.value)} />
        </Field>
      </form>
    </Dialog>
  );
}
