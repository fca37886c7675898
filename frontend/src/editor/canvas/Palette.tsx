import { Search, X } from 'lucide-react';
import { useMemo, useState } from 'react';
import { useTranslation } from 'react-i18next';

import { IconButton, TextInput, Tooltip } from '@/ui';
import { useSession } from '../session';
import { FAMILIES, type Kind } from '../types/catalogue';
import { FamilyIcon } from './FamilyIcon';
import { matching } from './search';
import styles from './canvas.module.css';

export const KIND_MEDIA = 'application/x-genaisys-kind';

/** All kinds by family, to search, drag onto the canvas or add with a press. */
export function Palette({ onAdd }: { onAdd: (kind: Kind) => void }) {
  const { t } = useTranslation('editor');
  const { catalogue, view } = useSession();
  const [query, setQuery] = useState('');
  const groups = useMemo(() => grouped(catalogue.nodes, query), [catalogue, query]);
  return (
    <nav className={styles.palette} aria-label={t('palette.label')} data-testid="palette">
      <div className={styles.paletteTop}>
        <TextInput
          icon={<Search size={15} />}
          value={query}
          placeholder={t('palette.search')}
          aria-label={t('palette.search')}
          data-testid="palette-search"
          onChange={(event) => setQuery(event.target.value)}
          onKeyDown={(event) => {
            const first = groups[0]?.kinds[0];
            if (event.key === 'Enter' && query && first) onAdd(first);
          }}
        />
        <IconButton size="sm" label={t('palette.close')} onClick={() => view.setState({ palette: false })}>
          <X size={16} />
        </IconButton>
      </div>
      <div className={styles.paletteList}>
        {groups.map(({ family, kinds }) => (
          <section key={family}>
            <h2 className={styles.familyName}>{t(`family.${family}`, { defaultValue: family })}</h2>
            {kinds.map((kind) => (
              <PaletteItem key={kind.kind} kind={kind} onAdd={onAdd} />
            ))}
          </section>
        ))}
        {groups.length === 0 && <p className={styles.none}>{t('quickAdd.nothing')}</p>}
      </div>
    </nav>
  );
}

function PaletteItem({ kind, onAdd }: { kind: Kind; onAdd: (kind: Kind) => void }) {
  return (
    <Tooltip content={kind.description} side="right">
      <button
        type="button"
        draggable
        className={styles.paletteItem}
        data-testid={`palette-${kind.kind}`}
        onClick={() => onAdd(kind)}
        onDragStart={(event) => {
          event.dataTransfer.setData(KIND_MEDIA, kind.kind);
          event.dataTransfer.effectAllowed = 'copy';
        }}
      >
        <FamilyIcon family={kind.family} />
        {kind.title}
      </button>
    </Tooltip>
  );
}

function grouped(nodes: readonly Kind[], query: string): { family: string; kinds: Kind[] }[] {
  const found = matching(
    nodes.map((kind) => ({ kind })),
    query,
  ).map(({ kind }) => kind);
  const families = [...new Set([...FAMILIES, ...found.map((kind) => kind.family)])];
  return families
    .map((family) => ({ family, kinds: found.filter((kind) => kind.family === family) }))
    .filter(({ kinds }) => kinds.length > 0);
}
