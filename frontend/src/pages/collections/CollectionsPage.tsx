import { Library, Plus } from 'lucide-react';
import { useState, type FormEvent } from 'react';
import { useTranslation } from 'react-i18next';
import { Link, useLocation } from 'wouter';
import { useCollections, useCreateCollection, useMay, useModels } from '@/api/queries';
import type { Collection, Model } from '@/api/types';
import { Page } from '@/shell/Page';
import { Button, Dialog, EmptyState, ErrorState, Field, Select, Skeleton, TextInput } from '@/ui';
import { count } from '@/ui/format';
import styles from './Collections.module.css';

export default function CollectionsPage({ workspace }: { workspace: string }) {
  const { t } = useTranslation(['pages', 'common']);
  const collections = useCollections(workspace);
  const mayEdit = useMay(workspace, 'editor');
  const [creating, setCreating] = useState(false);
  const create = (
    <Button variant="primary" icon={<Plus size={16} />} onClick={() => setCreating(true)} data-testid="new-collection">
      {t('collections.new')}
    </Button>
  );
  const some = collections.data && collections.data.length > 0;
  return (
    <Page title={t('collections.title')} description={t('collections.detail')} actions={mayEdit && some && create} testId="collections-page">
      {collections.isError ? (
        <ErrorState error={collections.error} retry={() => void collections.refetch()} />
      ) : !collections.data ? (
        <div className={styles.grid} role="status" aria-label={t('common:loading')}>
          {[0, 1, 2].map((index) => (
            <Skeleton key={index} height={112} radius={10} />
          ))}
        </div>
      ) : !some ? (
        <EmptyState icon={<Library size={20} />} title={t('collections.empty')} action={mayEdit && create}>
          {t('collections.emptyDetail')}
        </EmptyState>
      ) : (
        <ul className={styles.grid} data-testid="collections">
          {collections.data.map((collection) => (
            <CollectionCard key={collection.id} collection={collection} workspace={workspace} />
          ))}
        </ul>
      )}
      {creating && <NewCollection workspace={workspace} onClose={() => setCreating(false)} />}
    </Page>
  );
}

function CollectionCard({ collection, workspace }: { collection: Collection; workspace: string }) {
  const { t } = useTranslation('pages');
  return (
    <li className={styles.card} data-testid="collection-card">
      <h2 className={styles.cardName}>
        <Link href={`/w/${workspace}/collections/${collection.id}`}>{collection.name}</Link>
      </h2>
      <p className={styles.counts}>
        {t('collections.documents', { count: collection.documents, shown: count(collection.documents) })} ·{' '}
        {t('collections.passages', { count: collection.passages, shown: count(collection.passages) })}
      </p>
      <p className={styles.encoder}>{collection.encoder}</p>
    </li>
  );
}

const encodersOf = (models: Model[] = []): Model[] => models.filter((model) => model.task === 'encoder');
const usual = (encoders: Model[]): string | undefined => (encoders.find((model) => model.ready) ?? encoders[0])?.name;

function NewCollection({ workspace, onClose }: { workspace: string; onClose: () => void }) {
  const { t } = useTranslation(['pages', 'common']);
  const models = useModels();
  const encoders = encodersOf(models.data);
  const [name, setName] = useState('');
  const [chosen, setChosen] = useState<string>();
  const encoder = chosen ?? usual(encoders);
  const [, go] = useLocation();
  const create = useCreateCollection(workspace);
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    // Who is quicker than the list of models gets the usual encoder all the same.
    const wanted = encoder ?? usual(encodersOf((await models.refetch()).data));
    if (!wanted || !name.trim()) return;
    create.mutate({ name: name.trim(), encoder: wanted }, { onSuccess: (made) => go(`/w/${workspace}/collections/${made.id}`) });
  };
  return (
    <Dialog
      open
      onOpenChange={(open) => !open && onClose()}
      title={t('collections.new')}
      description={t('collections.newDetail')}
      footer={
        <>
          <Button onClick={onClose}>{t('common:cancel')}</Button>
          <Button variant="primary" type="submit" form="new-collection" busy={create.isPending} disabled={!name.trim() || (!encoder && !models.isPending)}>
            {t('collections.create')}
          </Button>
        </>
      }
    >
      <form id="new-collection" className={styles.form} onSubmit={(event) => void submit(event)}>
        <Field label={t('common:name')} error={create.error?.message}>
          <TextInput value={name} maxLength={120} autoFocus placeholder={t('collections.example')} onChange={(event) => setName(event.target.value)} />
        </Field>
        <Field label={t('collections.encoder')} hint={t('collections.encoderHint')}>
          <Select
            value={encoder}
            onChange={setChosen}
            empty={t('collections.noEncoder')}
            options={encoders.map((model) => ({ value: model.name, label: model.title, hint: model.ready ? model.licence : t('models.offered'), disabled: !model.ready }))}
          />
        </Field>
      </form>
    </Dialog>
  );
}
