import { Menu as MenuIcon } from 'lucide-react';
import { useEffect, useState, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { Link, useLocation } from 'wouter';
import { IconButton } from '@/ui';
import { CommandPalette } from './CommandPalette';
import styles from './Frame.module.css';
import { Mark } from './Mark';
import { Navigation } from './Navigation';
import { rememberWorkspace, useCurrentWorkspace } from './place';

/** Navigation on the left, the page on the right; on a phone a bar above, and the navigation behind a button. */
export function Frame({ children }: { children: ReactNode }) {
  const { t } = useTranslation('pages');
  const workspace = useCurrentWorkspace();
  const [location] = useLocation();
  // Opened at an address: going anywhere else closes it.
  const [openedAt, setOpenedAt] = useState<string | null>(null);
  const opened = openedAt === location;
  const setOpened = (open: boolean) => setOpenedAt(open ? location : null);
  useEffect(() => {
    if (workspace) rememberWorkspace(workspace.slug);
  }, [workspace]);
  useEscape(opened, () => setOpened(false));
  return (
    <div className={styles.frame} data-opened={opened || undefined}>
      <a className={styles.skip} href="#main">
        {t('nav.skip')}
      </a>
      <header className={styles.bar}>
        <IconButton label={t('nav.open')} tooltip={false} aria-expanded={opened} onClick={() => setOpened(true)}>
          <MenuIcon size={18} />
        </IconButton>
        <Link href="/" className={styles.barName}>
          <Mark size={20} />
          {workspace?.name ?? t('product', { ns: 'common' })}
        </Link>
      </header>
      {opened && <div className={styles.scrim} aria-hidden onClick={() => setOpened(false)} />}
      <Navigation className={styles.nav} workspace={workspace} />
      <main id="main" className={styles.main} tabIndex={-1}>
        {children}
      </main>
      <CommandPalette workspace={workspace} />
    </div>
  );
}

function useEscape(active: boolean, run: () => void): void {
  useEffect(() => {
    if (!active) return;
    const onKey = (event: KeyboardEvent) => event.key === 'Escape' && run();
    window.addEventListener('keydown', onKey);
    return () => window.removeEventListener('keydown', onKey);
  });
}
