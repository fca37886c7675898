import { useState, type FormEvent } from 'react';
import { useTranslation } from 'react-i18next';

import { useCollections, useCreateCollection, useModels } from '@/api/queries';
import { Button, Dialog, Field, Select, TextInput } from '@/ui';
import { useSession } from '../session';
import type { ControlProps } from './FieldControl';
import styles from './inspector.module.css';

const NEW = '\u0000new';

/** A collection of the workspace, or a new one made in place. */
export function CollectionControl({ field, value, disabled, compact, onChange }: ControlProps) {
  const { t } = useTranslation('editor');
  const { pipeline, mayEdit } = useSession();
  const collections = useCollections(pipeline.workspace);
  const [making, setMaking] = useState(false);
  const current = typeof value === 'string' ? value : '';
  const options = (collections.data ?? []).map((each) => ({
    value: each.name,
    label: each.name,
    hint: t('inspector.collectionHint', { documents: each.documents, encoder: each.encoder }),
  }));
  if (current && collections.data && !options.some((each) => each.value === current)) {
    options.push({ value: current, label: current, hint: t('inspector.noSuchCollection') });
  }
  if (mayEdit) options.push({ value: NEW, label: t('inspector.newCollection'), hint: '' });
  return (
    <>
      <Select
        value={current || undefined}
        options={options}
        disabled={disabled}
        label={field.label}
        placeholder={t('inspector.chooseCollection')}
        className={compact ? styles.compactSelect : undefined}
        onChange={(chosen) => (chosen === NEW ? setMaking(true) : onChange(chosen))}
      />
      {making && <NewCollection onClose={() => setMaking(false)} onMade={onChange} />}
    </>
  );
}

function NewCollection({ onClose, onMade }: { onClose: () => void; onMade: (name: string) => void }) {
  const { t } = useTranslation('editor');
  const { pipeline } = useSession();
  const create = useCreateCollection(pipeline.workspace);
  const encoders = (useModels().data ?? []).filter((model) => model.task === 'encoder');
  const [name, setName] = useState('');
  const [chosen, setChosen] = useState<string>();
  const encoder = chosen ?? encoders[0]?.name;
  const make = async () => {
    if (!name.trim() || !encoder) return;
    const made = await create.mutateAsync({ name: name.trim(), encoder });
    onMade(made.name);
    onClose();
  };
  const options = encoders.map((model) => ({ value: model.name, label: model.title || model.name }));
  return (
    <Dialog
      open
      onOpenChange={(open) => !open && onClose()}
      title={t('inspector.newCollectionTitle')}
      footer={<FormEnd busy={create.isPending} ready={Boolean(name.trim() && encoder)} onClose={onClose} />}
    >
      <form id={FORM} className={styles.form} onSubmit={submitting(make)}>
        <Field label={t('inspector.collectionName')} error={create.error?.detail || create.error?.title}>
          <TextInput value={name} autoFocus onChange={(event) => setName(event.target.value)} />
        </Field>
        <Field label={t('inspector.encoder')} hint={t('inspector.encoderHint')}>
          <Select value={encoder} options={options} empty={t('inspector.noModels')} onChange={setChosen} />
        </Field>
      </form>
    </Dialog>
  );
}

const FORM = 'new-collection';

/** What goes wrong is said beside the name by the mutation itself. */
const submitting = (make: () => Promise<void>) => (event: FormEvent) => {
  event.preventDefault();
  event.stopPropagation();
  make().catch(() => undefined);
};

function FormEnd({ busy, ready, onClose }: { busy: boolean; ready: boolean; onClose: () => void }) {
  const { t } = useTranslation('editor');
  return (
    <>
      <Button onClick={onClose}>{t('cancel')}</Button>
      <Button type="submit" form={FORM} variant="primary" busy={busy} disabled={!ready}>
        {t('inspector.create')}
      </Button>
    </>
  );
}
