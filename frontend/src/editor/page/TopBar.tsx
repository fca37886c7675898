import { ChevronDown, ChevronLeft, Download, Link as LinkIcon, PanelBottom, PanelRight, Play, Redo2, Share2, SlidersHorizontal, Square, Undo2 } from 'lucide-react';
import { useSyncExternalStore } from 'react';
import { useTranslation } from 'react-i18next';
import { Link } from 'wouter';

import { useWorkspace } from '@/api/queries';
import { Button, IconButton, Menu, toast } from '@/ui';
import { copyText } from '@/values/ValueActions';
import { renamePipeline } from '../document/operations';
import { useRunning } from '../run/RunningContext';
import { usePicture, useSession, useView } from '../session';
import { FindingsList } from './FindingsList';
import { SavedState } from './SavedState';
import styles from './page.module.css';

export function TopBar({ onShow }: { onShow: (ids: readonly string[]) => void }) {
  const { t } = useTranslation('editor');
  const { pipeline, mayEdit, view } = useSession();
  const workspace = useWorkspace(pipeline.workspace);
  const drawer = useView((state) => state.drawer);
  const inspector = useView((state) => state.inspector);
  return (
    <header className={styles.bar}>
      <div className={styles.place}>
        <Link href={`/w/${pipeline.workspace}`} className={styles.back} aria-label={t('bar.back', { workspace: workspace?.name ?? pipeline.workspace })}>
          <ChevronLeft size={16} aria-hidden />
          <span className={styles.workspace}>{workspace?.name ?? pipeline.workspace}</span>
        </Link>
        <span className={styles.slash} aria-hidden>
          /
        </span>
        <PipelineName />
        <SavedState />
      </div>
      <div className={styles.acts}>
        {mayEdit && <History />}
        <FindingsList onShow={onShow} />
        <IconButton label={t('bar.drawer')} shortcut="d" aria-pressed={drawer} onClick={() => view.setState({ drawer: !drawer })} data-testid="toggle-drawer">
          <PanelBottom size={16} />
        </IconButton>
        <IconButton label={t('bar.inspector')} aria-pressed={inspector} onClick={() => view.setState({ inspector: !inspector })} className={styles.roomy}>
          <PanelRight size={16} />
        </IconButton>
        <Share />
        <RunButton />
      </div>
    </header>
  );
}

function PipelineName() {
  const { t } = useTranslation('editor');
  const { document, mayEdit } = useSession();
  const name = usePicture((picture) => picture.name);
  return (
    <span className={styles.nameBox}>
      <span className={styles.nameSize} aria-hidden>
        {name}
      </span>
      <input
        key={name}
        className={styles.name}
        defaultValue={name}
        readOnly={!mayEdit}
        maxLength={200}
        aria-label={t('bar.name')}
        data-testid="pipeline-name"
        onBlur={(event) => {
          if (mayEdit) renamePipeline(document, event.target.value);
          if (!event.target.value.trim()) event.target.value = name;
        }}
        onKeyDown={(event) => {
          if (event.key === 'Escape') event.currentTarget.value = name;
          if (event.key === 'Enter' || event.key === 'Escape') event.currentTarget.blur();
        }}
      />
    </span>
  );
}

function History() {
  const { t } = useTranslation('editor');
  const { document } = useSession();
  const undoable = useSyncExternalStore(document.subscribe, () => document.undoable);
  const redoable = useSyncExternalStore(document.subscribe, () => document.redoable);
  const named = (operation: NonNullable<typeof undoable>) => t(`operation.${operation.name}`, { count: operation.count ?? 1, subject: operation.subject ?? '' });
  return (
    <span className={styles.roomy}>
      <IconButton label={undoable ? t('bar.undo', { operation: named(undoable) }) : t('bar.nothingToUndo')} shortcut="mod+z" aria-disabled={!undoable} data-faint={!undoable || undefined} onClick={() => document.undo()} data-testid="undo">
        <Undo2 size={16} />
      </IconButton>
      <IconButton label={redoable ? t('bar.redo', { operation: named(redoable) }) : t('bar.nothingToRedo')} shortcut="mod+shift+z" aria-disabled={!redoable} data-faint={!redoable || undefined} onClick={() => document.redo()} data-testid="redo">
        <Redo2 size={16} />
      </IconButton>
    </span>
  );
}

function Share() {
  const { t } = useTranslation('editor');
  const { document } = useSession();
  const copyLink = async () => {
    const copied = await copyText(window.location.href);
    toast(copied ? { title: t('share.copied'), detail: t('share.who'), tone: 'success' } : { title: window.location.href });
  };
  const save = () => {
    const link = window.document.createElement('a');
    link.href = URL.createObjectURL(new Blob([JSON.stringify(document.toJson(), null, 2)], { type: 'application/json' }));
    link.download = `${document.picture.name || 'pipeline'}.json`;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 1000);
  };
  return (
    <Menu
      align="end"
      trigger={
        <IconButton label={t('share.label')} data-testid="share">
          <Share2 size={16} />
        </IconButton>
      }
      entries={[
        { label: t('share.link'), icon: <LinkIcon size={14} />, onSelect: () => void copyLink() },
        { label: t('share.download'), icon: <Download size={14} />, onSelect: save },
      ]}
    />
  );
}

/** Run and its small menu; while a run is under way, Stop. */
export function RunButton({ wide = false }: { wide?: boolean }) {
  const { t } = useTranslation('editor');
  const { mayRun, view } = useSession();
  const { start, stop, running } = useRunning();
  const selected = useView((state) => state.selected);
  const empty = usePicture((picture) => Object.keys(picture.nodes).length === 0);
  if (!mayRun) return null;
  if (running) {
    return (
      <Button variant="secondary" size={wide ? 'lg' : 'md'} className={styles.run} icon={<Square size={13} fill="currentColor" />} onClick={stop} data-testid="stop">
        {t('run.stop')}
      </Button>
    );
  }
  const from = selected.length === 1 ? selected[0] : undefined;
  return (
    <span className={styles.runPair}>
      <Button variant="primary" size={wide ? 'lg' : 'md'} className={styles.run} icon={<Play size={14} fill="currentColor" />} disabled={empty} onClick={() => start()} data-testid="run">
        {t('run.run')}
      </Button>
      {!wide && (
        <Menu
          align="end"
          trigger={
            <IconButton variant="primary" label={t('run.more')} disabled={empty} className={styles.runMore} data-testid="run-menu">
              <ChevronDown size={15} />
            </IconButton>
          }
          entries={[
            { label: t('run.fromHere'), hint: from ? undefined : t('run.fromHereHow'), icon: <Play size={14} />, disabled: !from, testId: 'run-from-here', onSelect: () => start(from) },
            { label: t('run.withInputs'), icon: <SlidersHorizontal size={14} />, testId: 'run-with-inputs', onSelect: () => view.setState({ drawer: true, tab: 'output' }) },
          ]}
        />
      )}
    </span>
  );
}
