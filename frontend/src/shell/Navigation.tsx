import clsx from 'clsx';
import { Boxes, ChevronsUpDown, History, Library, LayoutTemplate, Plus, Search, Settings, Workflow } from 'lucide-react';
import { useState, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { Link, useLocation } from 'wouter';
import { useMe } from '@/api/queries';
import { useWaits } from '@/api/work';
import type { Workspace } from '@/api/types';
import { Avatar, Kbd, Menu, Skeleton, type MenuEntry } from '@/ui';
import { openPalette } from './CommandPalette';
import { Mark } from './Mark';
import { NewWorkspace } from './NewWorkspace';
import styles from './Navigation.module.css';

export function Navigation({ workspace, className }: { workspace?: Workspace; className?: string }) {
  const { t } = useTranslation('pages');
  const user = useMe().data?.user;
  return (
    <aside className={clsx(styles.nav, className)}>
      <WorkspaceSwitcher workspace={workspace} />
      <button type="button" className={styles.search} onClick={openPalette} data-testid="open-palette">
        <Search size={14} aria-hidden />
        <span>{t('nav.find')}</span>
        <Kbd keys="mod+k" />
      </button>
      <Links slug={workspace?.slug} />
      <div className={styles.foot}>
        {user ? (
          <NavLink href="/account" icon={<Avatar name={user.name || user.email} size={20} />}>
            {user.name || user.email}
          </NavLink>
        ) : (
          <Skeleton height={32} radius={6} />
        )}
      </div>
    </aside>
  );
}

function Links({ slug }: { slug: string | undefined }) {
  const { t } = useTranslation('pages');
  const base = slug && `/w/${slug}`;
  return (
    <nav className={styles.links} aria-label={t('nav.label')}>
      {slug && base && (
        <>
          <NavLink href={base} exact icon={<Workflow size={16} />}>
            {t('pipelines.title')}
          </NavLink>
          <NavLink href={`${base}/runs`} icon={<History size={16} />}>
            {t('runs.title')}
            <WaitCount slug={slug} />
          </NavLink>
          <NavLink href={`${base}/collections`} icon={<Library size={16} />}>
            {t('collections.title')}
          </NavLink>
          <NavLink href={`${base}/settings`} icon={<Settings size={16} />}>
            {t('settings.title')}
          </NavLink>
          <hr className={styles.rule} />
        </>
      )}
      <NavLink href="/gallery" icon={<LayoutTemplate size={16} />}>
        {t('gallery.title')}
      </NavLink>
      <NavLink href="/models" icon={<Boxes size={16} />}>
        {t('models.title')}
      </NavLink>
    </nav>
  );
}

/** How much waits for a person; nothing when nothing does. */
function WaitCount({ slug }: { slug: string }) {
  const { t } = useTranslation('pages');
  const count = useWaits(slug).data?.filter((wait) => wait.form.kind !== 'time').length ?? 0;
  if (count === 0) return null;
  return (
    <span className={styles.count} aria-label={t('waits.count', { count })}>
      {count}
    </span>
  );
}

function NavLink({ href, icon, exact, children }: { href: string; icon: ReactNode; exact?: boolean; children: ReactNode }) {
  const [location] = useLocation();
  const current = location === href || (!exact && location.startsWith(`${href}/`));
  return (
    <Link href={href} className={styles.link} aria-current={current ? 'page' : undefined}>
      {icon}
      <span>{children}</span>
    </Link>
  );
}

function WorkspaceSwitcher({ workspace }: { workspace?: Workspace }) {
  const { t } = useTranslation('pages');
  const me = useMe();
  const [, go] = useLocation();
  const [creating, setCreating] = useState(false);
  const entries: MenuEntry[] = [
    { heading: t('workspaces.title') },
    ...(me.data?.workspaces ?? []).map((one) => ({
      label: one.name,
      hint: t(`roles.${one.role}`),
      checked: one.slug === workspace?.slug,
      onSelect: () => go(`/w/${one.slug}`),
    })),
    'separator',
    { label: t('workspaces.new'), icon: <Plus size={16} />, onSelect: () => setCreating(true) },
  ];
  return (
    <>
      <Menu
        label={t('workspaces.title')}
        entries={entries}
        trigger={
          <button type="button" className={styles.switcher} aria-label={t('workspaces.switch', { name: workspace?.name ?? '' })} data-testid="workspace-switcher">
            <Mark size={24} />
            {me.data ? <span>{workspace?.name ?? t('product', { ns: 'common' })}</span> : <Skeleton width={96} />}
            <ChevronsUpDown size={14} aria-hidden />
          </button>
        }
      />
      <NewWorkspace open={creating} onOpenChange={setCreating} />
    </>
  );
}
