import { Boxes, CircleCheck, CloudDownload, Server } from 'lucide-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useRunsStudio } from '@/api/models';
import { useFetchModel, useMe, useModels } from '@/api/queries';
import type { Model } from '@/api/types';
import { Page, Section } from '@/shell/Page';
import { Badge, Button, EmptyState, ErrorState, Skeleton, Spinner } from '@/ui';
import { failed } from '@/ui/failed';
import { bytes, count } from '@/ui/format';
import { ModelMenu } from './ModelMenu';
import styles from './Models.module.css';
import { ServerDialog } from './ServerDialog';

/** Every model there is or can be had, by what it does. */
export default function ModelsPage() {
  const { t } = useTranslation(['pages', 'common']);
  const models = useModels();
  const tasks = [...new Set(models.data?.map((model) => model.task))];
  const manages = useRunsStudio();
  const [adding, setAdding] = useState(false);
  const add = manages && (
    <Button icon={<Server size={16} />} onClick={() => setAdding(true)} data-testid="add-server">
      {t('models.addServer')}
    </Button>
  );
  return (
    <Page title={t('models.title')} description={t('models.detail')} actions={add} testId="models-page">
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
                <ModelRow key={model.name} model={model} manages={manages} />
              ))}
            </ul>
          </Section>
        ))
      )}
      {adding && <ServerDialog onClose={() => setAdding(false)} />}
    </Page>
  );
}

function ModelRow({ model, manages }: { model: Model; manages: boolean }) {
  const { t } = useTranslation('pages');
  const loaded = model.workers.filter((worker) => worker.loaded);
  const facts = [
    model.licence,
    model.bytes ? bytes(model.bytes) : '',
    model.dimension ? t('models.dimension', { shown: count(model.dimension) }) : '',
    model.context ? t('models.context', { shown: count(model.context) }) : '',
    model.quantised === 'int8' ? t('models.inInt8') : '',
    model.price ? t('models.price', { prompt: model.price.prompt, answer: model.price.new, currency: model.price.currency }) : '',
    ...loaded.map(({ host, memory }) => (memory ? t('models.inMemory', { size: bytes(memory), host }) : t('models.loadedOn', { host }))),
  ];
  return (
    <li className={styles.row} data-testid={`model-${model.name}`}>
      <div className={styles.words}>
        <h3 className={styles.title}>{model.title || model.name}</h3>
        <p className={styles.name}>{model.name}</p>
        <p className={styles.facts}>{facts.filter(Boolean).join(' · ')}</p>
        {model.server && <p className={styles.facts}>{t('models.leaves', { url: model.server.url })}</p>}
        {model.error && <p className={styles.error}>{model.error}</p>}
      </div>
      <div className={styles.end}>
        <ModelState model={model} />
        {manages && model.ready && <ModelMenu model={model} />}
      </div>
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
