import { ChevronLeft, ChevronRight } from 'lucide-react';
import { useMemo } from 'react';
import { useTranslation } from 'react-i18next';

import { IconButton, Select } from '@/ui';
import { itemsOf, lastOf, placeOf } from '../run/paths';
import { useRoot, useRun, useSession, useTrail, useView } from '../session';
import { itemStates } from './items';
import { partAt } from './PartTitle';
import styles from './parts.module.css';

/** Which of the items that ran is looked at, where a part on the way ran several times. */
export function ItemChooser({ depth }: { depth: number }) {
  const { t } = useTranslation('editor');
  const { view } = useSession();
  const whole = useTrail();
  const trail = whole.slice(0, depth + 1);
  const chosen = useView((state) => state.items);
  const steps = useRun(({ run }) => run.steps);
  const part = useRoot((root) =>
    partAt(
      root,
      trail.map((opened) => opened.part),
    ),
  );
  const { node: path, at } = lastOf(placeOf(trail, chosen, steps).slice(0, -1));
  const items = useMemo(() => itemStates(steps, path, () => part), [steps, path, part]);
  if (at === null || trail.at(-1)?.index !== undefined || itemsOf(steps, path).length < 2) return null;
  const index = items.findIndex((item) => item.at === at);
  const choose = (next: number | null | undefined) =>
    next != null && view.setState((state) => ({ items: { ...state.items, [path]: next } }));
  return (
    <span className={styles.chooser} data-testid="item-chooser">
      <IconButton
        size="sm"
        label={t('parts.before')}
        disabled={index <= 0}
        onClick={() => choose(items[index - 1]?.at)}
      >
        <ChevronLeft size={13} />
      </IconButton>
      <Select
        className={styles.items}
        label={t('parts.chooseItem')}
        value={String(at)}
        options={items.map((item) => ({
          value: String(item.at),
          label: t('parts.itemOf', { number: (item.at ?? 0) + 1, count: items.length }),
          hint: t(`itemState.${item.state}`),
        }))}
        onChange={(value) => choose(Number(value))}
      />
      <IconButton
        size="sm"
        label={t('parts.after')}
        disabled={index >= items.length - 1}
        onClick={() => choose(items[index + 1]?.at)}
      >
        <ChevronRight size={13} />
      </IconButton>
    </span>
  );
}
