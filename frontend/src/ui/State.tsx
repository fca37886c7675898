import clsx from 'clsx';
import { TriangleAlert } from 'lucide-react';
import type { CSSProperties, ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { Button } from './Button';
import styles from './State.module.css';

/** The shape of what is coming; width and height in CSS lengths. */
export function Skeleton({ width, height = 16, radius, className }: {
  width?: CSSProperties['width'];
  height?: CSSProperties['height'];
  radius?: CSSProperties['borderRadius'];
  className?: string;
}) {
  return <span aria-hidden className={clsx(styles.skeleton, className)} style={{ width, height, borderRadius: radius }} />;
}

interface EmptyProps {
  icon?: ReactNode;
  title: string;
  /** What belongs here. */
  children?: ReactNode;
  /** The first step. */
  action?: ReactNode;
  /** 1 where nothing else on the page has a heading. */
  level?: 1 | 2;
  className?: string;
}

export function EmptyState({ icon, title, children, action, level = 2, className }: EmptyProps) {
  const Heading = `h${level}` as const;
  return (
    <div className={clsx(styles.state, className)}>
      {icon && <div className={styles.icon}>{icon}</div>}
      <Heading className={styles.title}>{title}</Heading>
      {children && <div className={styles.words}>{children}</div>}
      {action && <div className={styles.actions}>{action}</div>}
    </div>
  );
}

/** What happened and why, with a way on. Takes anything that was thrown. */
export function ErrorState({ error, retry, action }: { error: unknown; retry?: () => void; action?: ReactNode }) {
  const { t } = useTranslation('common');
  const problem = error as { title?: string; detail?: string; message?: string } | null;
  return (
    <div className={styles.state} role="alert">
      <div className={clsx(styles.icon, styles.bad)}>
        <TriangleAlert size={20} />
      </div>
      <h2 className={styles.title}>{problem?.title ?? t('error.title')}</h2>
      <div className={styles.words}>{problem?.detail || problem?.message || t('error.unknown')}</div>
      <div className={styles.actions}>
        {retry && <Button onClick={retry}>{t('error.retry')}</Button>}
        {action}
      </div>
    </div>
  );
}

/** A word in a quiet frame; `tone` is a state, never an ornament. */
export function Badge({ tone = 'neutral', icon, children }: {
  tone?: 'neutral' | 'running' | 'success' | 'warning' | 'danger';
  icon?: ReactNode;
  children: ReactNode;
}) {
  return (
    <span className={styles.badge} data-tone={tone}>
      {icon}
      {children}
    </span>
  );
}

/** A person, by the first letters of the name. */
export function Avatar({ name, size = 24 }: { name: string; size?: number }) {
  const letters = name
    .trim()
    .split(/\s+/)
    .slice(0, 2)
    .map((word) => [...word][0] ?? '')
    .join('')
    .toUpperCase();
  return (
    <span aria-hidden className={styles.avatar} style={{ width: size, height: size, fontSize: size * 0.42 }}>
      {letters || '·'}
    </span>
  );
}
