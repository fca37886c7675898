import { Boxes, FileText, History, LayoutTemplate, Library, Search, Settings, UserRound, Workflow } from 'lucide-react';
import { Dialog } from 'radix-ui';
import { useEffect, useId, useMemo, useRef, useState, type KeyboardEvent, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { useLocation } from 'wouter';
import { create } from 'zustand';
import { useCollections, usePipelines, useTemplates } from '@/api/queries';
import type { Workspace } from '@/api/types';
import styles from './CommandPalette.module.css';

const usePalette = create<{ open: boolean }>(() => ({ open: false }));
export const openPalette = (): void => usePalette.setState({ open: true });

interface Place {
  group: string;
  label: string;
  href: string;
  icon: ReactNode;
}

/** Everywhere one can go, by typing a part of its name. Ctrl or Cmd and K opens it on every page but the editor. */
export function CommandPalette({ workspace }: { workspace?: Workspace }) {
  const { t } = useTranslation('pages');
  const { open } = usePalette();
  const setOpen = (next: boolean) => usePalette.setState({ open: next });
  useEffect(() => {
    const onKey = (event: globalThis.KeyboardEvent) => {
      if (event.key.toLowerCase() !== 'k' || !(event.metaKey || event.ctrlKey) || event.altKey || event.shiftKey) return;
      event.preventDefault();
      usePalette.setState((state) => ({ open: !state.open }));
    };
    window.addEventListener('keydown', onKey);
    return () => {
      window.removeEventListener('keydown', onKey);
      usePalette.setState({ open: false });
    };
  }, []);
  return (
    <Dialog.Root open={open} onOpenChange={setOpen}>
      <Dialog.Portal>
        <div className={styles.scrim} aria-hidden />
        <Dialog.Content className={styles.palette} aria-describedby={undefined}>
          <Dialog.Title className="visually-hidden">{t('nav.find')}</Dialog.Title>
          <Places workspace={workspace} onGo={() => setOpen(false)} />
        </Dialog.Content>
      </Dialog.Portal>
    </Dialog.Root>
  );
}

function Places({ workspace, onGo }: { workspace?: Workspace; onGo: () => void }) {
  const { t } = useTranslation('pages');
  const [, go] = useLocation();
  const [query, setQuery] = useState('');
  const [active, setActive] = useState(0);
  const places = usePlaces(workspace);
  const shown = useMemo(() => matching(places, query), [places, query]);
  const id = useId();
  const current = Math.min(active, shown.length - 1);
  const visit = (place: Place | undefined) => {
    if (!place) return;
    onGo();
    go(place.href);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === 'Enter') visit(shown[current]);
    else if (event.key === 'ArrowDown') setActive(Math.min(shown.length - 1, current + 1));
    else if (event.key === 'ArrowUp') setActive(Math.max(0, current - 1));
    else return;
    event.preventDefault();
  };
  return (
    <>
      <label className={styles.box}>
        <Search size={16} aria-hidden />
        <input
          autoFocus
          role="combobox"
          aria-expanded
          aria-controls={id}
          aria-activedescendant={shown[current] && `${id}-${current}`}
          aria-label={t('nav.find')}
          placeholder={t('nav.findExample')}
          value={query}
          onChange={(event) => {
            setQuery(event.target.value);
            setActive(0);
          }}
          onKeyDown={onKeyDown}
        />
      </label>
      <PlaceList id={id} places={shown} current={current} onPoint={setActive} onVisit={visit} />
    </>
  );
}

interface PlaceListProps {
  id: string;
  places: Place[];
  current: number;
  onPoint: (index: number) => void;
  onVisit: (place: Place) => void;
}

function PlaceList({ id, places, current, onPoint, onVisit }: PlaceListProps) {
  const { t } = useTranslation('pages');
  const list = useRef<HTMLDivElement>(null);
  useEffect(() => void list.current?.querySelector('[data-active]')?.scrollIntoView({ block: 'nearest' }), [current]);
  return (
    <div id={id} ref={list} role="listbox" aria-label={t('nav.find')} className={styles.list}>
      {places.map((place, index) => (
        <div key={place.href} role="presentation">
          {place.group !== places[index - 1]?.group && <div className={styles.group}>{place.group}</div>}
          <div
            id={`${id}-${index}`}
            role="option"
            aria-selected={index === current}
            data-active={index === current || undefined}
            className={styles.place}
            onPointerMove={() => onPoint(index)}
            onClick={() => onVisit(place)}
          >
            {place.icon}
            <span>{place.label}</span>
          </div>
        </div>
      ))}
      {places.length === 0 && <p className={styles.none}>{t('nothingFound', { ns: 'common' })}</p>}
    </div>
  );
}

/** The places whose words all match; those that are called so, or begin so, before those that only have it in them. */
function matching(places: Place[], query: string): Place[] {
  const wanted = query.trim().toLowerCase();
  const words = wanted.split(/\s+/);
  const found = places.filter((place) => words.every((word) => `${place.label} ${place.group}`.toLowerCase().includes(word)));
  const rank = ({ label }: Place) => (label.toLowerCase() === wanted ? 0 : label.toLowerCase().startsWith(wanted) ? 1 : 2);
  return wanted ? found.sort((a, b) => rank(a) - rank(b)) : found;
}

function usePlaces(workspace?: Workspace): Place[] {
  const { t } = useTranslation('pages');
  const slug = workspace?.slug ?? '';
  const pipelines = usePipelines(slug).data;
  const collections = useCollections(slug).data;
  const templates = useTemplates().data;
  return useMemo(() => {
    const base = `/w/${slug}`;
    const pages = t('nav.pages');
    const page = (label: string, href: string, icon: ReactNode): Place => ({ group: pages, label, href, icon });
    return [
      ...(pipelines ?? []).map((one) => ({ group: t('pipelines.title'), label: one.name, href: `${base}/p/${one.id}`, icon: <Workflow size={16} /> })),
      ...(collections ?? []).map((one) => ({ group: t('collections.title'), label: one.name, href: `${base}/collections/${one.id}`, icon: <FileText size={16} /> })),
      ...(templates ?? []).map((one) => ({ group: t('gallery.title'), label: one.title, href: `/gallery/${one.slug}`, icon: <LayoutTemplate size={16} /> })),
      page(t('pipelines.title'), base, <Workflow size={16} />),
      page(t('runs.title'), `${base}/runs`, <History size={16} />),
      page(t('collections.title'), `${base}/collections`, <Library size={16} />),
      page(t('gallery.title'), '/gallery', <LayoutTemplate size={16} />),
      page(t('models.title'), '/models', <Boxes size={16} />),
      page(t('settings.title'), `${base}/settings`, <Settings size={16} />),
      page(t('account.title'), '/account', <UserRound size={16} />),
    ];
  }, [t, slug, pipelines, collections, templates]);
}
