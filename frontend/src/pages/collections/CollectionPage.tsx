import { Ellipsis, Pencil, Search, Trash2 } from 'lucide-react';
import { useEffect, useState, type FormEvent } from 'react';
import { useTranslation } from 'react-i18next';
import { useLocation } from 'wouter';
import { ApiError } from '@/api/client';
import { useCollection, useDeleteCollection, useMay, useRenameCollection } from '@/api/queries';
import type { Collection } from '@/api/types';
import { Page, PageSkeleton } from '@/shell/Page';
import { Button, Confirm, Dialog, ErrorState, Field, IconButton, Menu, TextInput } from '@/ui';
import { failed } from '@/ui/failed';
import { count } from '@/ui/format';
import NotFoundPage from '../NotFoundPage';
import styles from './Collections.module.css';
import { Documents } from './Documents';
import { SearchResults } from './SearchResults';

/** A collection: what was put in, and what a search of it finds. */
export default function CollectionPage({ id, workspace }: { id: string; workspace: string }) {
  const collection = useCollection(Number(id));
  if (!/^\d+$/.test(id)) return <NotFoundPage />;
  if (collection.error instanceof ApiError && [404, 422].includes(collection.error.status)) return <NotFoundPage />;
  if (collection.isError) return <ErrorState error={collection.error} retry={() => void collection.refetch()} />;
  if (!collection.data) return <PageSkeleton />;
  return <Shown collection={collection.data} workspace={workspace} />;
}

function Shown({ collection, workspace }: { collection: Collection; workspace: string }) {
  const { t } = useTranslation('pages');
  const mayEdit = useMay(workspace, 'editor');
  const [typed, setTyped] = useState('');
  const query = useSettled(typed.trim());
  return (
    <Page
      title={collection.name}
      parent={{ label: t('collections.title'), href: `/w/${workspace}/collections` }}
      testId="collection-page"
      description={
        <>
          {t('collections.documents', { count: collection.documents, shown: count(collection.documents) })} ·{' '}
          {t('collections.passages', { count: collection.passages, shown: count(collection.passages) })} ·{' '}
          {t('collections.encodedBy', { encoder: collection.encoder })}
        </>
      }
      actions={mayEdit && <Actions collection={collection} workspace={workspace} />}
    >
      {collection.passages > 0 && (
        <div className={styles.search} role="search">
          <TextInput
            type="search"
            icon={<Search size={16} />}
            value={typed}
            maxLength={2000}
            placeholder={t('collections.search')}
            aria-label={t('collections.search')}
            onChange={(event) => setTyped(event.target.value)}
            data-testid="collection-search"
          />
        </div>
      )}
      {query ? <SearchResults collection={collection.id} query={query} /> : <Documents collection={collection.id} mayEdit={mayEdit} />}
    </Page>
  );
}

/** What was typed, once the typing paused: a search costs the encoder a moment. */
function useSettled(value: string): string {
  const [settled, setSettled] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(value), value ? 300 : 0);
    return () => clearTimeout(timer);
  }, [value]);
  return settled;
}

function Actions({ collection, workspace }: { collection: Collection; workspace: string }) {
  const { t } = useTranslation(['pages', 'common']);
  const [asking, setAsking] = useState<'rename' | 'delete' | null>(null);
  const [, go] = useLocation();
  const remove = useDeleteCollection(workspace);
  const close = () => setAsking(null);
  return (
    <>
      <Menu
        align="end"
        trigger={
          <IconButton label={t('collections.actions')} variant="secondary" tooltip={false}>
            <Ellipsis size={16} />
          </IconButton>
        }
        entries={[
          { label: t('common:rename'), icon: <Pencil size={16} />, onSelect: () => setAsking('rename') },
          { label: t('collections.delete'), icon: <Trash2 size={16} />, danger: true, onSelect: () => setAsking('delete') },
        ]}
      />
      {asking === 'rename' && <Rename collection={collection} onClose={close} />}
      <Confirm
        open={asking === 'delete'}
        onOpenChange={(open) => !open && close()}
        title={t('collections.deleteTitle', { name: collection.name })}
        description={t('collections.deleteDetail', { count: collection.documents })}
        action={t('common:delete')}
        onConfirm={() =>
          remove.mutateAsync(collection.id, {
            onSuccess: () => go(`/w/${workspace}/collections`),
            onError: failed(t('collections.notDeleted')),
          })
        }
      />
    </>
  );
}

function Rename({ collection, onClose }: { collection: Collection; onClose: () => void }) {
  const { t } = useTranslation(['pages', 'common']);
  const [name, setName] = useState(collection.name);
  const rename = useRenameCollection(collection.id);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    rename.mutate({ name: name.trim() }, { onSuccess: onClose });
  };
  return (
    <Dialog
      open
      onOpenChange={(open) => !open && onClose()}
      title={t('collections.renameTitle')}
      description={t('collections.renameDetail')}
      footer={
        <>
          <Button onClick={onClose}>{t('common:cancel')}</Button>
          <Button variant="primary" type="submit" form="rename-collection" busy={rename.isPending} disabled={!name.trim()}>
            {t('common:rename')}
          </Button>
        </>
      }
    >
      <form id="rename-collection" onSubmit={submit}>
        <Field label={t('common:name')} error={rename.error?.message}>
          <TextInput value={name} maxLength={120} autoFocus onChange={(event) => setName(event.target.value)} />
        </Field>
      </form>
    </Dialog>
  );
}
