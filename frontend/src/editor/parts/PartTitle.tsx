import { useState } from 'react';
import { useTranslation } from 'react-i18next';

import { renamePart } from '../document/parts';
import type { PartPicture, Picture } from '../document/document';
import { useRoot, useSession, useTrail } from '../session';
import styles from './parts.module.css';

interface Props {
  depth: number;
  name: string;
  last: boolean;
  editable: boolean;
  onOpen: () => void;
}

/** A part on the way; the one that is open is renamed by a double click. */
export function PartTitle({ depth, name, last, editable, onOpen }: Props) {
  const { t } = useTranslation('editor');
  const { document } = useSession();
  const trail = useTrail();
  const part = useRoot((root) =>
    partAt(
      root,
      trail.slice(0, depth + 1).map((opened) => opened.part),
    ),
  );
  const [writing, setWriting] = useState(false);
  const title = part?.title ?? name;
  const rename = (wanted: string) => {
    setWriting(false);
    const open = document.trail;
    document.open(open.slice(0, -1)); // a part is renamed in the graph that holds it
    renamePart(document, name, wanted);
    document.open(open);
  };
  if (writing) {
    return (
      <input
        className={styles.rename}
        autoFocus
        defaultValue={title}
        aria-label={t('parts.rename')}
        maxLength={120}
        onFocus={(event) => event.currentTarget.select()}
        onBlur={(event) => rename(event.target.value)}
        onKeyDown={(event) => {
          event.stopPropagation();
          if (event.key === 'Enter') event.currentTarget.blur();
          if (event.key === 'Escape') setWriting(false);
        }}
      />
    );
  }
  return (
    <button
      type="button"
      className={styles.crumb}
      aria-current={last ? 'page' : undefined}
      title={last && editable ? t('parts.rename') : undefined}
      onClick={() => !last && onOpen()}
      onDoubleClick={() => last && editable && setWriting(true)}
    >
      {title}
    </button>
  );
}

/** A part by the names that lead to it. */
export function partAt(root: Picture, names: readonly string[]): PartPicture | undefined {
  let part: PartPicture | undefined;
  for (const name of names) part = (part?.graph ?? root).parts[name];
  return part;
}
