import { FileText } from 'lucide-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Link, useLocation, useSearchParams } from 'wouter';
import { ApiError, artifactUrl } from '@/api/client';
import { useForkTemplate, useMe, useModels, useTemplate } from '@/api/queries';
import type { Json, Template } from '@/api/types';
import { GraphDrawing } from '@/drawing/GraphDrawing';
import { rememberInputs } from '@/editor/run/inputs';
import { useCurrentWorkspace } from '@/shell/place';
import { Page, PageSkeleton } from '@/shell/Page';
import { Badge, Button, ErrorState, Select } from '@/ui';
import { failed } from '@/ui/failed';
import NotFoundPage from '../NotFoundPage';
import styles from './Gallery.module.css';
import { Readiness } from './TemplateCard';

export default function TemplatePage({ slug }: { slug: string }) {
  const { t } = useTranslation('pages');
  const template = useTemplate(slug);
  if (template.error instanceof ApiError && template.error.status === 404) return <NotFoundPage />;
  if (template.isError) return <ErrorState error={template.error} retry={() => void template.refetch()} />;
  if (!template.data) return <PageSkeleton />;
  const { title, description, tags, graph, ready } = template.data;
  return (
    <Page
      title={title}
      parent={{ label: t('gallery.title'), href: '/gallery' }}
      actions={<UseTemplate template={template.data} />}
      testId="template-page"
    >
      <div className={styles.large}>{graph && <GraphDrawing graph={graph} detailed label={t('gallery.drawing', { title })} />}</div>
      <div className={styles.columns}>
        <p className={styles.reading}>{description}</p>
        <div className={styles.facts}>
          <Models template={template.data} />
          <Sample sample={template.data.sample} />
          <div className={styles.tagRow}>
            <Readiness ready={ready} />
            {tags.map((tag) => (
              <Badge key={tag}>{tag}</Badge>
            ))}
          </div>
        </div>
      </div>
    </Page>
  );
}

function UseTemplate({ template }: { template: Template }) {
  const { t } = useTranslation('pages');
  const [, go] = useLocation();
  const [search] = useSearchParams();
  const current = useCurrentWorkspace();
  const editable = (useMe().data?.workspaces ?? []).filter(({ role }) => role === 'owner' || role === 'editor');
  const wanted = search.get('workspace') ?? current?.slug;
  const [chosen, setChosen] = useState<string>();
  const workspace = chosen ?? editable.find(({ slug }) => slug === wanted)?.slug ?? editable[0]?.slug;
  const fork = useForkTemplate(workspace ?? '');
  if (!workspace) return <p>{t('gallery.noWorkspace')}</p>;
  const use = () =>
    fork.mutate(template.slug, {
      onSuccess: (made) => {
        rememberInputs(made.id, made.sample ?? template.sample);
        go(`/w/${workspace}/p/${made.id}`);
      },
      onError: failed(t('gallery.notForked')),
    });
  return (
    <>
      {editable.length > 1 && (
        <Select
          label={t('gallery.into')}
          value={workspace}
          onChange={setChosen}
          options={editable.map(({ slug, name }) => ({ value: slug, label: name }))}
        />
      )}
      <Button variant="primary" busy={fork.isPending} onClick={use} data-testid="use-template">
        {t('gallery.use')}
      </Button>
    </>
  );
}

function Models({ template }: { template: Template }) {
  const { t } = useTranslation('pages');
  const models = useModels().data ?? [];
  if (template.models.length === 0) return null;
  return (
    <div>
      <h2 className={styles.factHeading}>{t('gallery.models')}</h2>
      {template.models.map((name) => {
        const model = models.find((one) => one.name === name);
        return (
          <div key={name} className={styles.model}>
            <span className={styles.modelName}>
              {model?.title ?? name}
              {model && (
                <small>
                  {t(`tasks.${model.task}`, { defaultValue: model.task })} · {model.licence}
                </small>
              )}
            </span>
            {model?.ready ? (
              <Badge tone="success">{t('models.ready')}</Badge>
            ) : (
              <Button asChild size="sm">
                <Link href="/models">{t('models.get')}</Link>
              </Button>
            )}
          </div>
        );
      })}
    </div>
  );
}

function Sample({ sample }: { sample: Record<string, Json> }) {
  const { t } = useTranslation('pages');
  const entries = Object.entries(sample);
  if (entries.length === 0) return null;
  return (
    <div>
      <h2 className={styles.factHeading}>{t('gallery.sample')}</h2>
      {entries.map(([name, value]) => (
        <p key={name} className={styles.sample}>
          <small>{name}</small>
          <SampleValue value={value} />
        </p>
      ))}
    </div>
  );
}

function SampleValue({ value }: { value: Json }) {
  const { t } = useTranslation('pages');
  if (typeof value === 'string') return value.length > 240 ? `${value.slice(0, 240)}…` : value;
  if (value && typeof value === 'object' && !Array.isArray(value) && typeof value.artifact === 'string') {
    return (
      <a className={styles.file} href={artifactUrl(value.artifact)} target="_blank" rel="noopener">
        <FileText size={14} aria-hidden />
        {typeof value.name === 'string' ? value.name : t('gallery.sampleFile')}
      </a>
    );
  }
  return JSON.stringify(value);
}
