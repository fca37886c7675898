import clsx from 'clsx';
import { ChevronRight } from 'lucide-react';
import { useEffect, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { Link } from 'wouter';
import { Skeleton } from '@/ui';
import styles from './Page.module.css';

interface PageProps {
  title: string;
  /** In place of the title's words, such as one that can be edited. */
  heading?: ReactNode;
  description?: ReactNode;
  /** The way up: the page this one belongs to. */
  parent?: { label: string; href: string };
  actions?: ReactNode;
  /** A column narrow enough to read or fill in. */
  narrow?: boolean;
  children: ReactNode;
  testId?: string;
}

/** The frame of a page's content: where it belongs, what it is, what can be done, and the rest. */
export function Page({ title, heading, description, parent, actions, narrow, children, testId }: PageProps) {
  useTitle(title);
  return (
    <div className={clsx(styles.page, narrow && styles.narrow)} data-testid={testId}>
      <header className={styles.header}>
        <div className={styles.titles}>
          {parent && (
            <nav className={styles.parent}>
              <Link href={parent.href}>{parent.label}</Link>
              <ChevronRight size={12} aria-hidden />
            </nav>
          )}
          <h1 className={styles.title}>{heading ?? title}</h1>
          {description && <div className={styles.description}>{description}</div>}
        </div>
        {actions && <div className={styles.actions}>{actions}</div>}
      </header>
      {children}
    </div>
  );
}

export function useTitle(title: string): void {
  const { t } = useTranslation('common');
  const product = t('product');
  useEffect(() => {
    document.title = title ? `${title} · ${product}` : product;
  }, [title, product]);
}

/** While a page's own code is loading. */
export function PageSkeleton() {
  const { t } = useTranslation('common');
  return (
    <div className={styles.page} role="status" aria-label={t('loading')}>
      <header className={styles.header}>
        <Skeleton width={160} height={28} />
      </header>
      <Skeleton height={180} radius={10} />
    </div>
  );
}

/** A part of a page with a heading of its own. */
export function Section({ title, description, actions, children }: {
  title: ReactNode;
  description?: ReactNode;
  actions?: ReactNode;
  children: ReactNode;
}) {
  return (
    <section className={styles.section}>
      <header className={styles.sectionHeader}>
        <div>
          <h2 className={styles.sectionTitle}>{title}</h2>
          {description && <p className={styles.sectionWords}>{description}</p>}
        </div>
        {actions}
      </header>
      {children}
    </section>
  );
}
