import clsx from 'clsx';
import { X } from 'lucide-react';
import { Dialog as Radix } from 'radix-ui';
import { useState, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { Button, IconButton } from './Button';
import styles from './Dialog.module.css';

interface DialogProps {
  open: boolean;
  onOpenChange: (open: boolean) => void;
  title: string;
  description?: ReactNode;
  children?: ReactNode;
  footer?: ReactNode;
  size?: 'sm' | 'md' | 'lg';
}

export function Dialog({ size = 'sm', ...props }: DialogProps) {
  return <Layer {...props} className={clsx(styles.dialog, styles[size])} />;
}

/** A dialog that slides in from the right, the full height of the page. */
export function Sheet(props: DialogProps) {
  return <Layer {...props} className={clsx(styles.sheet, props.size === 'lg' && styles.wide)} />;
}

function Layer({ open, onOpenChange, title, description, children, footer, className }: DialogProps & { className: string }) {
  const { t } = useTranslation('common');
  return (
    <Radix.Root open={open} onOpenChange={onOpenChange}>
      <Radix.Portal>
        {/* A plain element: Radix's own overlay injects a style element, which the content security policy refuses. */}
        <div className={styles.scrim} aria-hidden />
        <Radix.Content className={className} onOpenAutoFocus={focusMarked} {...(description ? {} : { 'aria-describedby': undefined })}>
          <header className={styles.header}>
            <Radix.Title className={styles.title}>{title}</Radix.Title>
            <Radix.Close asChild>
              <IconButton label={t('close')} size="sm" tooltip={false}>
                <X size={16} />
              </IconButton>
            </Radix.Close>
          </header>
          <div className={styles.body}>
            {description && <Radix.Description className={styles.description}>{description}</Radix.Description>}
            {children}
          </div>
          {footer && <footer className={styles.footer}>{footer}</footer>}
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  );
}

/** To what is marked with `data-autofocus`; without any, to where Radix would: the first thing that takes the focus. */
function focusMarked(event: Event): void {
  const marked = (event.currentTarget as HTMLElement | null)?.querySelector<HTMLElement>('[data-autofocus]');
  if (!marked) return;
  event.preventDefault();
  marked.focus();
}

interface ConfirmProps {
  open: boolean;
  onOpenChange: (open: boolean) => void;
  title: string;
  description: ReactNode;
  /** The verb on the button. */
  action: string;
  danger?: boolean;
  onConfirm: () => Promise<unknown> | undefined;
}

/** Asks before something that cannot be taken back; stays open, with the button busy, until it is done. */
export function Confirm({ open, onOpenChange, title, description, action, danger = true, onConfirm }: ConfirmProps) {
  const { t } = useTranslation('common');
  const [busy, setBusy] = useState(false);
  const confirm = async () => {
    setBusy(true);
    try {
      await onConfirm();
      onOpenChange(false);
    } catch {
      // Whoever asked has said what went wrong; the question stays open for another try.
    } finally {
      setBusy(false);
    }
  };
  return (
    <Dialog
      open={open}
      onOpenChange={onOpenChange}
      title={title}
      description={description}
      footer={
        <>
          <Button data-autofocus onClick={() => onOpenChange(false)}>
            {t('cancel')}
          </Button>
          <Button variant={danger ? 'danger' : 'primary'} busy={busy} onClick={confirm} data-testid="confirm">
            {action}
          </Button>
        </>
      }
    />
  );
}
