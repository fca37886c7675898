import { CalendarClock, CircleAlert, Copy, Download, Ellipsis, LayoutTemplate, Pencil, Trash2 } from 'lucide-react';
import { useState, type FormEvent } from 'react';
import { useTranslation } from 'react-i18next';
import { Link, useLocation } from 'wouter';
import { useCreatePipeline, useDeletePipeline, useRenamePipeline } from '@/api/queries';
import type { Pipeline } from '@/api/types';
import { GraphDrawing } from '@/drawing/GraphDrawing';
import { Button, Confirm, Dialog, Field, IconButton, Menu, TextInput, toast, type MenuEntry } from '@/ui';
import { ago, dateTime } from '@/ui/format';
import { failed } from '@/ui/failed';
import { RunStatusMark } from '../runs/RunStatusMark';
import styles from './PipelinesPage.module.css';
import { Publish } from './Publish';
import { saveGraph } from './saveGraph';

interface Props {
  pipeline: Pipeline;
  workspace: string;
  mayEdit: boolean;
}

export function PipelineCard({ pipeline, workspace, mayEdit }: Props) {
  const { t } = useTranslation('pages');
  const errors = pipeline.findings.filter((finding) => finding.severity === 'error').length;
  return (
    <li className={styles.card} data-testid="pipeline-card">
      <div className={styles.picture}>
        <GraphDrawing graph={pipeline.graph} />
      </div>
      <div className={styles.words}>
        <h2 className={styles.name}>
          <Link href={`/w/${workspace}/p/${pipeline.id}`}>{pipeline.name}</Link>
        </h2>
        <p className={styles.meta}>
          <time dateTime={pipeline.updated} title={dateTime(pipeline.updated)}>
            {pipeline.updated_by
              ? t('pipelines.editedBy', { when: ago(pipeline.updated), who: pipeline.updated_by })
              : t('pipelines.edited', { when: ago(pipeline.updated) })}
          </time>
          {errors > 0 ? (
            <span className={styles.errors}>
              <CircleAlert size={12} aria-hidden />
              {t('pipelines.problems', { count: errors })}
            </span>
          ) : (
            pipeline.last_run && (
              <span>
                <RunStatusMark status={pipeline.last_run.status} />
                {t(`runStatus.${pipeline.last_run.status}`)}
              </span>
            )
          )}
        </p>
      </div>
      <CardMenu pipeline={pipeline} workspace={workspace} mayEdit={mayEdit} />
    </li>
  );
}

function CardMenu({ pipeline, workspace, mayEdit }: Props) {
  const { t } = useTranslation(['pages', 'common']);
  const [asking, setAsking] = useState<'rename' | 'publish' | 'delete' | null>(null);
  const create = useCreatePipeline(workspace);
  const duplicate = () =>
    create.mutate(
      { name: t('pipelines.copyOf', { name: pipeline.name }), graph: pipeline.graph },
      { onSuccess: (made) => void toast({ title: t('pipelines.duplicated', { name: made.name }), tone: 'success' }), onError: failed(t('pipelines.notDuplicated')) },
    );
  const [, go] = useLocation();
  const triggers: MenuEntry = {
    label: t('triggers.title'),
    icon: <CalendarClock size={16} />,
    onSelect: () => go(`/w/${workspace}/p/${pipeline.id}/triggers`),
    testId: 'pipeline-triggers',
  };
  const download: MenuEntry = { label: t('pipelines.export'), icon: <Download size={16} />, onSelect: () => saveGraph(pipeline) };
  const entries: MenuEntry[] = mayEdit
    ? [
        { label: t('common:rename'), icon: <Pencil size={16} />, onSelect: () => setAsking('rename') },
        { label: t('common:duplicate'), icon: <Copy size={16} />, onSelect: duplicate },
        triggers,
        { label: t('gallery.publish'), icon: <LayoutTemplate size={16} />, onSelect: () => setAsking('publish'), testId: 'publish-pipeline' },
        download,
        'separator',
        { label: t('common:delete'), icon: <Trash2 size={16} />, danger: true, onSelect: () => setAsking('delete'), testId: 'delete-pipeline' },
      ]
    : [triggers, download];
  return (
    <div className={styles.menu}>
      <Menu
        align="end"
        entries={entries}
        trigger={
          <IconButton label={t('pipelines.actions', { name: pipeline.name })} size="sm" tooltip={false}>
            <Ellipsis size={16} />
          </IconButton>
        }
      />
      {asking === 'rename' && <Rename pipeline={pipeline} workspace={workspace} onClose={() => setAsking(null)} />}
      {asking === 'publish' && <Publish pipeline={pipeline} onClose={() => setAsking(null)} />}
      <Deletion pipeline={pipeline} workspace={workspace} open={asking === 'delete'} onClose={() => setAsking(null)} />
    </div>
  );
}

interface DeletionProps {
  pipeline: Pipeline;
  workspace: string;
  open: boolean;
  onClose: () => void;
}

function Deletion({ pipeline, workspace, open, onClose }: DeletionProps) {
  const { t } = useTranslation(['pages', 'common']);
  const remove = useDeletePipeline(workspace);
  const done = () => void toast({ title: t('pipelines.deleted', { name: pipeline.name }) });
  return (
    <Confirm
      open={open}
      onOpenChange={(next) => !next && onClose()}
      title={t('pipelines.deleteTitle', { name: pipeline.name })}
      description={t('pipelines.deleteDetail')}
      action={t('common:delete')}
      onConfirm={() => remove.mutateAsync(pipeline.id, { onSuccess: done, onError: failed(t('pipelines.notDeleted')) })}
    />
  );
}

function Rename({ pipeline, workspace, onClose }: { pipeline: Pipeline; workspace: string; onClose: () => void }) {
  const { t } = useTranslation(['pages', 'common']);
  const [name, setName] = useState(pipeline.name);
  const rename = useRenamePipeline(workspace);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    rename.mutate({ id: pipeline.id, name: name.trim() }, { onSuccess: onClose });
  };
  return (
    <Dialog
      open
      onOpenChange={(open) => !open && onClose()}
      title={t('pipelines.renameTitle')}
      footer={
        <>
          <Button onClick={onClose}>{t('common:cancel')}</Button>
          <Button variant="primary" type="submit" form="rename-pipeline" busy={rename.isPending} disabled={!name.trim()}>
            {t('common:rename')}
          </Button>
        </>
      }
    >
      <form id="rename-pipeline" onSubmit={submit}>
        <Field label={t('common:name')} error={rename.error?.message}>
          <TextInput value={name} maxLength={200} autoFocus onFocus={(event) => event.target.select()} onChange={(event) => setName(event.target.value)} />
        </Field>
      </form>
    </Dialog>
  );
}
