import { Boxes, CircleCheck, CloudDownload } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { useFetchModel, useMe, useModels } from '@/api/queries';
import type { Model } from '@/api/types';
import { Page, Section } from '@/shell/Page';
import { Badge, Button, EmptyState, ErrorState, Skeleton, Spinner } from '@/ui';
import { failed } from '@/ui/failed';
import { bytes, count } from '@/ui/format';
import styles from './Models.module.css';

/** Every model there is or can be had, by what it does. */
export default function ModelsPage() {
  const { t } = useTranslation(['pages', 'common']);
  const models = useModels();
  const tasks = [...new Set(models.data?.map((model) => model.task))];
  return (
    <Page title={t('models.title')} description={t('models.detail')} testId="models-page">
      {models.isError ? (
        <ErrorState error={models.error} retry={() => void models.refetch()} />
      ) : !models.data ? (
        <div role="status" aria-label={t('common:loading')}>
          <Skeleton height={220} radius={10} />
        </div>
      ) : models.data.length === 0 ? (
        <EmptyState icon={<Boxes size={20} />} title={t('models.empty')}>
          {t('models.emptyDetail')}
        </EmptyState>
      ) : (
        tasks.map((task) => (
          <Section key={task} title={t(`tasks.${task}`, { defaultValue: task })} description={t(`taskDetails.${task}`, { defaultValue: '' })}>
            <ul className={styles.list}>
              {models.data.filter((model) => model.task === task).map((model) => (
                <ModelRow key={model.name} model={model} />
              ))}
            </ul>
          </Section>
        ))
      )}
    </Page>
  );
}

function ModelRow({ model }: { model: Model }) {
  const { t } = useTranslation('pages');
  const facts = [
    model.licence,
    bytes(model.bytes),
    model.dimension ? t('models.dimension', { shown: count(model.dimension) }) : '',
    model.context ? t('models.context', { shown: count(model.context) }) : '',
  ];
  return (
    <li className={styles.row} data-testid={`model-${model.name}`}>
      <div className={styles.words}>
        <h3 className={styles.title}>{model.title || model.name}</h3>
        <p className={styles.name}>{model.name}</p>
        <p className={styles.facts}>{facts.filter(Boolean).join(' · ')}</p>
        {model.error && <p className={styles.error}>{model.error}</p>}
      </div>
      <ModelState model={model} />
    </li>
  );
}

function ModelState({ model }: { model: Model }) {
  const { t } = useTranslation('pages');
  const fetch = useFetchModel();
  const mayAdd = (useMe().data?.workspaces ?? []).some(({ role }) => role === 'owner' || role === 'editor');
  if (model.ready) {
    return (
      <Badge tone="success" icon={<CircleCheck size={12} aria-hidden />}>
        {t('models.ready')}
      </Badge>
    );
  }
  if (model.status === 'fetching') {
    return (
      <Badge tone="running" icon={<Spinner size={10} />}>
        {t('models.fetching')}
      </Badge>
    );
  }
  if (!mayAdd) return <Badge>{t('models.offered')}</Badge>;
  return (
    <Button size="sm" icon={<CloudDownload size={14} />} busy={fetch.isPending} onClick={() => fetch.mutate(model.name, { onError: failed(t('models.notFetched')) })}>
      {t('models.get')}
    </Button>
  );
}
