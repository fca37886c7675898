import { Panel } from '@xyflow/react';
import { ChevronRight, Layers } from 'lucide-react';
import { Fragment } from 'react';
import { useTranslation } from 'react-i18next';

import { IconButton, Menu, type MenuEntry } from '@/ui';
import { removeParts } from '../document/parts';
import { usePicture, useRoot, useSession, useTrail } from '../session';
import { unusedParts } from '../types/parts';
import { ItemChooser } from './ItemChooser';
import { LinkedNote } from './LinkedNote';
import { openAbove, openPart } from './opening';
import { PartTitle } from './PartTitle';
import styles from './parts.module.css';

/** Which graph is open, as the way to it: the pipeline, a part of it, a part of that. */
export function Breadcrumb({ editable }: { editable: boolean }) {
  const { t } = useTranslation('editor');
  const session = useSession();
  const trail = useTrail();
  const name = useRoot((picture) => picture.name);
  const parts = usePicture((picture) => picture.parts);
  if (trail.length === 0 && Object.keys(parts).length === 0) return null;
  return (
    <Panel position="top-left" className={styles.place}>
      <nav className={styles.crumbs} aria-label={t('parts.way')} data-testid="breadcrumb">
        <button
          type="button"
          className={styles.crumb}
          aria-current={trail.length === 0 ? 'page' : undefined}
          onClick={() => openAbove(session, 0)}
        >
          {name || t('parts.pipeline')}
        </button>
        {trail.map((opened, index) => (
          <Fragment key={index}>
            <ChevronRight size={14} aria-hidden className={styles.chevron} />
            <PartTitle
              depth={index}
              name={opened.part}
              last={index === trail.length - 1}
              editable={editable}
              onOpen={() => openAbove(session, index + 1)}
            />
            <ItemChooser depth={index} />
          </Fragment>
        ))}
        <PartsMenu editable={editable} />
      </nav>
      <LinkedNote />
    </Panel>
  );
}

/** The parts of the graph that is open, and which of them nobody needs any more. */
function PartsMenu({ editable }: { editable: boolean }) {
  const { t } = useTranslation('editor');
  const session = useSession();
  const { catalogue, document } = session;
  const picture = usePicture((each) => each);
  const names = Object.keys(picture.parts);
  if (names.length === 0) return null;
  const unused = unusedParts(catalogue, picture);
  const open = names.map((name): MenuEntry => {
    const title = picture.parts[name]?.title ?? name;
    const node = Object.values(picture.nodes).find((each) => Object.values(each.params).includes(name))?.id ?? '';
    return {
      label: t('parts.open', { title }),
      ...(unused.includes(name) ? { hint: t('parts.unused') } : {}),
      onSelect: () => openPart(session, { node, part: name }),
    };
  });
  const remove: MenuEntry[] =
    editable && unused.length > 0
      ? [
          'separator',
          {
            label: t('parts.removeUnused', { count: unused.length }),
            danger: true,
            testId: 'remove-unused',
            onSelect: () => removeParts(document, unused),
          },
        ]
      : [];
  return (
    <Menu
      align="start"
      entries={[...open, ...remove]}
      trigger={
        <IconButton size="sm" label={t('parts.all', { count: names.length })} data-testid="parts-menu">
          <Layers size={14} />
        </IconButton>
      }
    />
  );
}
