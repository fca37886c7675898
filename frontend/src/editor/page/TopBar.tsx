import { ChevronLeft, Download, Link as LinkIcon, PanelBottom, PanelRight, Redo2, Share2, Undo2 } from 'lucide-react';
import { useSyncExternalStore } from 'react';
import { useTranslation } from 'react-i18next';
import { Link } from 'wouter';

import { useWorkspace } from '@/api/queries';
import { IconButton, Menu, toast } from '@/ui';
import { copyText } from '@/values/ValueActions';
import { renamePipeline } from '../document/operations';
import { useRoot, useSession, useView } from '../session';
import { FindingsList } from './FindingsList';
import { RunButton } from './RunButton';
import { SavedState } from './SavedState';
import styles from './page.module.css';

export function TopBar({ onShow }: { onShow: (ids: readonly string[]) => void }) {
  const { mayEdit } = useSession();
  return (
    <header className={styles.bar}>
      <Place />
      <div className={styles.acts}>
        {mayEdit && <History />}
        <FindingsList onShow={onShow} />
        <Panels />
        <Share />
        <RunButton />
      </div>
    </header>
  );
}

/** Where one is: the workspace, the pipeline, and whether it is saved. */
function Place() {
  const { t } = useTranslation('editor');
  const { pipeline } = useSession();
  const name = useWorkspace(pipeline.workspace)?.name ?? pipeline.workspace;
  return (
    <div className={styles.place}>
      <Link href={`/w/${pipeline.workspace}`} className={styles.back} aria-label={t('bar.back', { workspace: name })}>
        <ChevronLeft size={16} aria-hidden />
        <span className={styles.workspace}>{name}</span>
      </Link>
      <span className={styles.slash} aria-hidden>
        /
      </span>
      <PipelineName />
      <SavedState />
    </div>
  );
}

function Panels() {
  const { t } = useTranslation('editor');
  const { view } = useSession();
  const drawer = useView((state) => state.drawer);
  const inspector = useView((state) => state.inspector);
  return (
    <>
      <IconButton
        label={t('bar.drawer')}
        shortcut="d"
        aria-pressed={drawer}
        onClick={() => view.setState({ drawer: !drawer })}
        data-testid="toggle-drawer"
      >
        <PanelBottom size={16} />
      </IconButton>
      <IconButton
        label={t('bar.inspector')}
        aria-pressed={inspector}
        onClick={() => view.setState({ inspector: !inspector })}
        className={styles.roomy}
      >
        <PanelRight size={16} />
      </IconButton>
    </>
  );
}

function PipelineName() {
  const { t } = useTranslation('editor');
  const { document, mayEdit } = useSession();
  const name = useRoot((picture) => picture.name);
  return (
    <span className={styles.nameBox}>
      <h1 className="visually-hidden">{name}</h1>
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
  const named = (operation: NonNullable<typeof undoable>) =>
    t(`operation.${operation.name}`, { count: operation.count ?? 1, subject: operation.subject ?? '' });
  return (
    <span className={styles.roomy}>
      <IconButton
        label={undoable ? t('bar.undo', { operation: named(undoable) }) : t('bar.nothingToUndo')}
        shortcut="mod+z"
        aria-disabled={!undoable}
        data-faint={!undoable || undefined}
        onClick={() => document.undo()}
        data-testid="undo"
      >
        <Undo2 size={16} />
      </IconButton>
      <IconButton
        label={redoable ? t('bar.redo', { operation: named(redoable) }) : t('bar.nothingToRedo')}
        shortcut="mod+shift+z"
        aria-disabled={!redoable}
        data-faint={!redoable || undefined}
        onClick={() => document.redo()}
        data-testid="redo"
      >
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
    toast(
      copied ? { title: t('share.copied'), detail: t('share.who'), tone: 'success' } : { title: window.location.href },
    );
  };
  const save = () => {
    const link = window.document.createElement('a');
    link.href = URL.createObjectURL(
      new Blob([JSON.stringify(document.toJson(), null, 2)], { type: 'application/json' }),
    );
    link.download = `${document.root.name || 'pipeline'}.json`;
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
