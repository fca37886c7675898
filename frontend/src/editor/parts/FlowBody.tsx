import { useMemo } from 'react';
import { useTranslation } from 'react-i18next';

import type { NodePicture } from '../document/document';
import { usePicture, usePlace, useRun, useSession } from '../session';
import { partsNamedBy } from '../types/parts';
import { itemStates } from './items';
import { openPart } from './opening';
import styles from './parts.module.css';

/** Cells that fit under each other without the node becoming a wall. */
const MOST = 96;

/** What runs inside a node that runs parts: a cell an item, each the way into it. */
export function FlowBody({ node }: { node: NodePicture }) {
  const { t } = useTranslation('editor');
  const { catalogue, document, view } = useSession();
  const session = useSession();
  const place = usePlace();
  const path = place + node.id;
  const parts = usePicture((picture) => picture.parts);
  const steps = useRun(({ run }) => run.steps);
  const names = useMemo(() => partsNamedBy(catalogue, node), [catalogue, node]);
  // Of several parts each is one item; else the one part ran for each of them.
  const nameAt = (at: number | null) => (names.length > 1 ? names[at ?? 0] : names[0]) ?? '';
  const items = useMemo(
    () => itemStates(steps, path, (at) => parts[(names.length > 1 ? names[at ?? 0] : names[0]) ?? '']),
    [steps, path, parts, names],
  );
  if (items.length === 0 || (items.length === 1 && items[0]?.at === null)) return null;
  const open = (at: number | null) => {
    const name = nameAt(at);
    if (at !== null) view.setState((state) => ({ items: { ...state.items, [path]: at } }));
    if (document.picture.parts[name]) openPart(session, { node: node.id, part: name });
  };
  return (
    <div
      className={`${styles.strip} nodrag`}
      role="group"
      aria-label={t('parts.items')}
      data-testid={`items-${node.id}`}
    >
      {items.slice(0, MOST).map(({ at, state }) => {
        const words = t('parts.item', { number: (at ?? 0) + 1, state: t(`itemState.${state}`) });
        return (
          <button
            key={at}
            type="button"
            className={styles.cell}
            data-state={state}
            aria-label={words}
            title={words}
            onClick={(event) => {
              event.stopPropagation(); // the node isn't chosen by it: it is left
              open(at);
            }}
          />
        );
      })}
      {items.length > MOST && (
        <span className={styles.moreCells}>{t('parts.moreItems', { count: items.length - MOST })}</span>
      )}
    </div>
  );
}
