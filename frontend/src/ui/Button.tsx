import clsx from 'clsx';
import { Slot } from 'radix-ui';
import type { ComponentPropsWithRef, ReactNode } from 'react';
import styles from './Button.module.css';
import { Spinner } from './Spinner';
import { Tooltip } from './Tooltip';

export interface ButtonProps extends ComponentPropsWithRef<'button'> {
  variant?: 'primary' | 'secondary' | 'ghost' | 'danger';
  size?: 'sm' | 'md' | 'lg';
  icon?: ReactNode;
  /** Shows a spinner and refuses clicks while something is under way. */
  busy?: boolean;
  /** Renders its only child (a link) with a button's looks. */
  asChild?: boolean;
}

export function Button({
  variant = 'secondary',
  size = 'md',
  icon,
  busy = false,
  asChild = false,
  className,
  children,
  disabled,
  type = 'button',
  ...rest
}: ButtonProps) {
  const classes = clsx(styles.button, styles[variant], styles[size], className);
  if (asChild) {
    return (
      <Slot.Root className={classes} {...rest}>
        {children}
      </Slot.Root>
    );
  }
  return (
    <button type={type} className={classes} disabled={disabled || busy} aria-busy={busy || undefined} {...rest}>
      {busy ? <Spinner /> : icon}
      {children !== undefined && <span className={styles.label}>{children}</span>}
    </button>
  );
}

export interface IconButtonProps extends Omit<ComponentPropsWithRef<'button'>, 'aria-label'> {
  /** What it does, in words: the accessible name and the tooltip. */
  label: string;
  variant?: 'ghost' | 'secondary' | 'primary' | 'danger';
  size?: 'sm' | 'md' | 'lg';
  shortcut?: string;
  side?: 'top' | 'right' | 'bottom' | 'left';
  /** Off where a tooltip would only be in the way, such as inside a menu's trigger. */
  tooltip?: boolean;
}

export function IconButton({
  label,
  variant = 'ghost',
  size = 'md',
  shortcut,
  side,
  tooltip = true,
  className,
  children,
  type = 'button',
  ...rest
}: IconButtonProps) {
  const button = (
    <button
      type={type}
      aria-label={label}
      className={clsx(styles.button, styles.square, styles[variant], styles[size], className)}
      {...rest}
    >
      {children}
    </button>
  );
  return tooltip ? (
    <Tooltip content={label} shortcut={shortcut} side={side}>
      {button}
    </Tooltip>
  ) : (
    button
  );
}
