import { useTranslation } from 'react-i18next';

import { Dialog, Kbd } from '@/ui';
import { useSession, useView } from '../session';
import styles from './canvas.module.css';

const SHORTCUTS: readonly [keys: string, name: string][] = [
  ['/', 'quickAdd'],
  ['mod+enter', 'run'],
  ['mod+z', 'undo'],
  ['mod+shift+z', 'redo'],
  ['mod+c', 'copy'],
  ['mod+x', 'cut'],
  ['mod+v', 'paste'],
  ['mod+d', 'duplicate'],
  ['mod+a', 'selectAll'],
  ['backspace', 'delete'],
  ['↑+↓+←+→', 'nudge'],
  ['shift+drag', 'box'],
  ['F2', 'rename'],
  ['enter', 'openPart'],
  ['escape', 'closePart'],
  ['mod+g', 'turnIntoPart'],
  ['mod+shift+g', 'unpack'],
  ['l', 'layout'],
  ['f', 'fit'],
  ['mod+s', 'save'],
  ['p', 'palette'],
  ['d', 'drawer'],
  ['escape', 'deselect'],
  ['?', 'shortcuts'],
];

export function ShortcutList() {
  const { t } = useTranslation('editor');
  const { view } = useSession();
  const open = useView((state) => state.shortcuts);
  return (
    <Dialog
      open={open}
      onOpenChange={(shortcuts) => view.setState({ shortcuts })}
      title={t('shortcuts.title')}
      size="md"
    >
      <dl className={styles.shortcuts} data-testid="shortcuts">
        {SHORTCUTS.map(([keys, name]) => (
          <div key={name}>
            <dt>{t(`shortcuts.${name}`)}</dt>
            <dd>
              <Kbd keys={keys} />
            </dd>
          </div>
        ))}
      </dl>
    </Dialog>
  );
}
