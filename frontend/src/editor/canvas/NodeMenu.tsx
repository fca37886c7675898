import type { TFunction } from 'i18next';
import { Copy, Ellipsis, Pencil, Play, SlidersHorizontal, Trash2 } from 'lucide-react';
import { useTranslation } from 'react-i18next';

import { IconButton, Menu, type MenuEntry } from '@/ui';
import { fragmentOf } from '../document/clipboard';
import type { NodePicture } from '../document/document';
import { duplicate, removeNodes } from '../document/operations';
import { useRunning } from '../run/RunningContext';
import { useSession, type Session } from '../session';
import styles from './node.module.css';

/** What can be done with one node. */
export function NodeMenu({ node, title }: { node: NodePicture; title: string }) {
  const { t } = useTranslation('editor');
  const session = useSession();
  const { mayEdit, mayRun, view } = session;
  const { start, running } = useRunning();
  if (!mayEdit && !mayRun) return null;
  const settings: MenuEntry = {
    label: t('node.settings'),
    icon: <SlidersHorizontal size={14} />,
    onSelect: () => view.setState({ selected: [node.id], inspector: true }),
  };
  const runFrom: MenuEntry = {
    label: t('run.fromHere'),
    icon: <Play size={14} />,
    disabled: !mayRun || running,
    onSelect: () => start(node.id),
  };
  const label = t('node.menu', { title });
  const trigger = (
    <IconButton size="sm" label={label} tooltip={false} className={`${styles.menu} nodrag`} data-testid="node-menu">
      <Ellipsis size={16} />
    </IconButton>
  );
  return (
    <Menu align="end" entries={[settings, runFrom, ...(mayEdit ? edits(session, node.id, t) : [])]} trigger={trigger} />
  );
}

/** The menu gives the focus back to its button when it closes, which would end a renaming begun at once. */
const AFTER_CLOSING = 50;

function edits({ document, view }: Session, node: string, t: TFunction<'editor'>): MenuEntry[] {
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
      onSelect: () => view.setState({ selected: duplicate(document, fragmentOf(document.picture, [node])) }),
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
