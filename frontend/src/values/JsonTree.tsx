import { ChevronRight } from 'lucide-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';

import type { Json } from '../editor/document/graph';
import styles from './values.module.css';

/** JSON as a tree that opens level by level; the first two levels are open. */
export function JsonTree({ value, name, depth = 0 }: { value: Json; name?: string; depth?: number }) {
  const { t } = useTranslation('editor');
  const [open, setOpen] = useState(depth < 2);
  const branches = branchesOf(value);
  const label = name !== undefined && <span className={styles.key}>{name}: </span>;
  if (!branches) {
    return (
      <div className={styles.leaf}>
        {label}
        <Leaf value={value} />
      </div>
    );
  }
  return (
    <div className={styles.branch}>
      <button type="button" className={`${styles.fold} nodrag`} aria-expanded={open} onClick={() => setOpen(!open)}>
        <ChevronRight size={12} data-open={open || undefined} aria-hidden />
        {label}
        <span className={styles.count}>
          {t(Array.isArray(value) ? 'values.items' : 'values.fields', { count: branches.length })}
        </span>
      </button>
      {open &&
        branches.slice(0, 200).map(([key, item]) => <JsonTree key={key} name={key} value={item} depth={depth + 1} />)}
      {open && branches.length > 200 && (
        <p className={styles.note}>{t('values.more', { count: branches.length - 200 })}</p>
      )}
    </div>
  );
}

function Leaf({ value }: { value: Json }) {
  const text = typeof value === 'string' ? JSON.stringify(value) : String(value);
  return <span data-type={value === null ? 'null' : typeof value}>{text}</span>;
}

function branchesOf(value: Json): [string, Json][] | null {
  if (typeof value !== 'object' || value === null) return null;
  const branches = Array.isArray(value)
    ? value.map((item, index): [string, Json] => [String(index), item])
    : Object.entries(value);
  return branches.length > 0 ? branches : null;
}
