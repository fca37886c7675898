import { FileUp, Plus, Search, Workflow } from 'lucide-react';
import { useMemo, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useMay, usePipelines, useTemplates } from '@/api/queries';
import type { Pipeline } from '@/api/types';
import { Page } from '@/shell/Page';
import { Button, EmptyState, ErrorState, Skeleton, TextInput } from '@/ui';
import { DropTarget } from '@/ui/DropTarget';
import { TemplateCard } from '../gallery/TemplateCard';
import { PipelineCard } from './PipelineCard';
import styles from './PipelinesPage.module.css';
import { useNewPipeline } from './useNewPipeline';

/** A workspace's home: its pipelines, as small drawings of their graphs. */
export default function PipelinesPage({ workspace }: { workspace: string }) {
  const { t } = useTranslation('pages');
  const pipelines = usePipelines(workspace);
  const mayEdit = useMay(workspace, 'editor');
  const { createBlank, importFiles, busy } = useNewPipeline(workspace);
  return (
    <DropTarget onFiles={importFiles} disabled={!mayEdit} label={t('pipelines.drop')}>
      <Page
        title={t('pipelines.title')}
        testId="pipelines-page"
        actions={
          mayEdit && (
            <>
              <ImportButton onFiles={importFiles} />
              <Button variant="primary" icon={<Plus size={16} />} busy={busy} onClick={createBlank} data-testid="new-pipeline">
                {t('pipelines.new')}
              </Button>
            </>
          )
        }
      >
        {pipelines.isError ? (
          <ErrorState error={pipelines.error} retry={() => void pipelines.refetch()} />
        ) : !pipelines.data ? (
          <CardSkeletons />
        ) : pipelines.data.length === 0 ? (
          <FirstPipeline workspace={workspace} mayEdit={mayEdit} onBlank={createBlank} />
        ) : (
          <Listed pipelines={pipelines.data} workspace={workspace} mayEdit={mayEdit} />
        )}
      </Page>
    </DropTarget>
  );
}

/** The cards, with a search once there are many. */
function Listed({ pipelines, workspace, mayEdit }: { pipelines: Pipeline[]; workspace: string; mayEdit: boolean }) {
  const { t } = useTranslation('pages');
  const [query, setQuery] = useState('');
  const shown = useMemo(() => matching(pipelines, query), [pipelines, query]);
  return (
    <>
      {pipelines.length > 6 && (
        <div className={styles.search}>
          <TextInput type="search" icon={<Search size={16} />} value={query} placeholder={t('pipelines.search')} aria-label={t('pipelines.search')} onChange={(event) => setQuery(event.target.value)} />
        </div>
      )}
      <ul className={styles.grid} data-testid="pipelines">
        {shown.map((pipeline) => (
          <PipelineCard key={pipeline.id} pipeline={pipeline} workspace={workspace} mayEdit={mayEdit} />
        ))}
      </ul>
      {shown.length === 0 && <EmptyState title={t('pipelines.noMatch', { query })} />}
    </>
  );
}

function matching(pipelines: Pipeline[], query: string): Pipeline[] {
  const words = query.trim().toLowerCase().split(/\s+/);
  return pipelines.filter((pipeline) => words.every((word) => pipeline.name.toLowerCase().includes(word)));
}

function ImportButton({ onFiles }: { onFiles: (files: File[]) => void }) {
  const { t } = useTranslation('pages');
  const input = useRef<HTMLInputElement>(null);
  return (
    <>
      <Button icon={<FileUp size={16} />} onClick={() => input.current?.click()} data-testid="import-pipeline">
        {t('pipelines.import')}
      </Button>
      <input
        ref={input}
        type="file"
        accept=".json,application/json"
        multiple
        hidden
        data-testid="import-file"
        onChange={(event) => {
          onFiles([...(event.target.files ?? [])]);
          event.target.value = '';
        }}
      />
    </>
  );
}

function FirstPipeline({ workspace, mayEdit, onBlank }: { workspace: string; mayEdit: boolean; onBlank: () => void }) {
  const { t } = useTranslation('pages');
  const templates = useTemplates().data ?? [];
  return (
    <>
      <EmptyState
        className={styles.first}
        icon={<Workflow size={20} />}
        title={t('pipelines.empty')}
        action={
          mayEdit && (
            <Button variant="primary" icon={<Plus size={16} />} onClick={onBlank}>
              {t('pipelines.blank')}
            </Button>
          )
        }
      >
        {t(mayEdit ? 'pipelines.emptyDetail' : 'pipelines.emptyReadOnly')}
      </EmptyState>
      {templates.length > 0 && (
        <section>
          <h2 className={styles.startHeading}>{t('pipelines.startFrom')}</h2>
          <ul className={styles.grid}>
            {templates.slice(0, 4).map((template) => (
              <TemplateCard key={template.slug} template={template} workspace={workspace} level={3} />
            ))}
          </ul>
        </section>
      )}
    </>
  );
}

function CardSkeletons() {
  const { t } = useTranslation('common');
  return (
    <div className={styles.grid} role="status" aria-label={t('loading')}>
      {[0, 1, 2, 3, 4, 5].map((index) => (
        <div key={index} className={styles.card}>
          <Skeleton height={148} radius={0} />
          <div className={styles.words}>
            <Skeleton width="60%" />
            <Skeleton width="40%" height={12} />
          </div>
        </div>
      ))}
    </div>
  );
}
