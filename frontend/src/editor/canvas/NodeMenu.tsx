import type { TFunction } from 'i18next';
import {
  Copy,
  Ellipsis,
  PackageOpen,
  Pencil,
  PenLine,
  Pin,
  PinOff,
  SlidersHorizontal,
  Square,
  SquareArrowOutUpRight,
  StepForward,
  Target,
  Trash2,
} from 'lucide-react';
import { useTranslation } from 'react-i18next';

import { IconButton, Menu, type MenuEntry } from '@/ui';
import { fragmentOf } from '../document/clipboard';
import type { NodePicture } from '../document/document';
import { duplicate, pin, removeNodes, unpin } from '../document/operations';
import { openFirstPart } from '../parts/opening';
import { unpack } from '../parts/unpack';
import { useRunning } from '../run/RunningContext';
import { usePicture, usePlace, useRunnable, useSession, useStep, type Session } from '../session';
import { partFields, partsNamedBy, PIPELINE_KIND } from '../types/parts';
import styles from './node.module.css';

/** What can be done with one node. */
export function NodeMenu({ node, title }: { node: NodePicture; title: string }) {
  const { t } = useTranslation('editor');
  const session = useSession();
  const { mayEdit, mayRun, view } = session;
  const runs = useRunEntries(node);
  const part = usePartEntries(node);
  const keep = usePinEntries(node);
  const settings: MenuEntry = {
    label: t('node.settings'),
    icon: <SlidersHorizontal size={14} />,
    onSelect: () => view.setState({ selected: [node.id], inspector: true }),
  };
  if (!mayEdit && !mayRun && part.length === 0) return null;
  const trigger = (
    <IconButton
      size="sm"
      label={t('node.menu', { title })}
      tooltip={false}
      className={`${styles.menu} nodrag`}
      data-testid="node-menu"
    >
      <Ellipsis size={16} />
    </IconButton>
  );
  const entries = [settings, ...part, ...runs, ...keep, ...(mayEdit ? edits(session, node.id, t) : [])];
  return <Menu align="end" entries={entries} trigger={trigger} />;
}

/** Running from it, only it, and stopping it alone. */
function useRunEntries(node: NodePicture): MenuEntry[] {
  const { t } = useTranslation('editor');
  const { mayRun } = useSession();
  const { start, stopStep, running } = useRunning();
  const place = usePlace();
  const runnable = useRunnable();
  const under = useStep(node.id, (step) => step?.status === 'running' || step?.status === 'streaming');
  if (!mayRun) return [];
  const stop: MenuEntry = {
    label: t('run.stopStep'),
    icon: <Square size={14} />,
    testId: 'stop-step',
    onSelect: () => stopStep(place + node.id),
  };
  const starts: MenuEntry[] = [
    {
      label: t('run.fromHere'),
      icon: <StepForward size={14} />,
      disabled: running,
      onSelect: () => start({ from: place + node.id }),
    },
    {
      label: t('run.only'),
      icon: <Target size={14} />,
      disabled: running,
      testId: 'only-this',
      onSelect: () => start({ only: place + node.id }),
    },
  ];
  return [...(runnable ? starts : []), ...(under ? [stop] : [])];
}

/** Into the part that it runs, and that part in its place. */
function usePartEntries(node: NodePicture): MenuEntry[] {
  const { t } = useTranslation('editor');
  const session = useSession();
  const { catalogue, document, mayEdit, view } = session;
  const name = usePicture(({ parts }) => partsNamedBy(catalogue, node).find((each) => parts[each]));
  const title = usePicture(({ parts }) => (name === undefined ? '' : (parts[name]?.title ?? name)));
  if (name === undefined) return [];
  const open: MenuEntry = {
    label: t('parts.open', { title }),
    icon: <SquareArrowOutUpRight size={14} />,
    shortcut: 'enter',
    testId: 'open-part',
    onSelect: () => void openFirstPart(session, node.id),
  };
  const apart: MenuEntry = {
    label: t('parts.unpack'),
    icon: <PackageOpen size={14} />,
    shortcut: 'mod+shift+g',
    testId: 'unpack',
    onSelect: () => view.setState({ selected: unpack(document, catalogue, node.id) }),
  };
  return mayEdit && node.kind === PIPELINE_KIND ? [open, apart] : [open];
}

/** Keeping what it gave, and changing that before the run goes on. */
function usePinEntries(node: NodePicture): MenuEntry[] {
  const { t } = useTranslation('editor');
  const { document, mayEdit, mayRun, view } = useSession();
  const place = usePlace();
  const outputs = useStep(node.id, (step) => (step?.status === 'done' ? step.outputs : null));
  const isOutput = node.kind.startsWith('output.');
  const given = !isOutput && outputs !== null && Object.keys(outputs).length > 0;
  const entries: MenuEntry[] = [];
  if (mayEdit && node.rest['pinned'] !== undefined)
    entries.push({
      label: t('pin.unpin'),
      icon: <PinOff size={14} />,
      testId: 'unpin',
      onSelect: () => unpin(document, node.id),
    });
  else if (mayEdit && given)
    entries.push({
      label: t('pin.pin'),
      icon: <Pin size={14} />,
      testId: 'pin',
      onSelect: () => pin(document, node.id, outputs),
    });
  if (mayRun && given)
    entries.push({
      label: t('edit.action'),
      icon: <PenLine size={14} />,
      testId: 'edit-value',
      onSelect: () => view.setState({ editing: { path: place + node.id, port: Object.keys(outputs)[0] ?? '' } }),
    });
  return entries;
}

/** The menu gives the focus back to its button when it closes, which would end a renaming begun at once. */
const AFTER_CLOSING = 50;

function edits({ document, view, catalogue }: Session, node: string, t: TFunction<'editor'>): MenuEntry[] {
  return [
    'separator',
    {
      label: t('node.rename'),
      icon: <Pencil size={14} />,
      onSelect: () => void setTimeout(() => view.setState({ renaming: node }), AFTER_CLOSING),
    },
    {
      label: t('node.duplicate'),
      icon: <Copy size={14} />,
      shortcut: 'mod+d',
      onSelect: () =>
        view.setState({ selected: duplicate(document, fragmentOf(document.picture, [node]), partFields(catalogue)) }),
    },
    {
      label: t('node.delete'),
      icon: <Trash2 size={14} />,
      shortcut: 'backspace',
      danger: true,
      onSelect: () => removeNodes(document, [node]),
    },
  ];
}
