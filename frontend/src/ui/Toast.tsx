import { CircleAlert, CircleCheck, X } from 'lucide-react';
import { Toast as Radix } from 'radix-ui';
import { useTranslation } from 'react-i18next';
import { create } from 'zustand';
import { Button, IconButton } from './Button';
import styles from './Toast.module.css';

export interface ToastContent {
  title: string;
  detail?: string;
  tone?: 'neutral' | 'success' | 'danger';
  action?: { label: string; run: () => void };
  /** Milliseconds it stays; an error stays longer by itself. */
  duration?: number;
}

interface Toasts {
  shown: (ToastContent & { id: number })[];
  drop: (id: number) => void;
}

const useToasts = create<Toasts>((set) => ({
  shown: [],
  drop: (id) => set((state) => ({ shown: state.shown.filter((toast) => toast.id !== id) })),
}));
let counted = 0;

/** Says something in the corner; may be called from anywhere. Returns what takes it away again. */
export function toast(content: ToastContent): () => void {
  const id = ++counted;
  useToasts.setState((state) => ({ shown: [...state.shown.slice(-3), { ...content, id }] }));
  return () => useToasts.getState().drop(id);
}

export function Toaster() {
  const { t } = useTranslation('common');
  const { shown, drop } = useToasts();
  return (
    <Radix.Provider swipeDirection="right" label={t('notification')}>
      {shown.map(({ id, title, detail, tone = 'neutral', action, duration }) => (
        <Radix.Root
          key={id}
          className={styles.toast}
          data-tone={tone}
          type={tone === 'danger' ? 'foreground' : 'background'}
          duration={duration ?? (tone === 'danger' || action ? 8000 : 4000)}
          onOpenChange={(open) => !open && drop(id)}
        >
          {tone === 'success' && <CircleCheck size={16} className={styles.icon} />}
          {tone === 'danger' && <CircleAlert size={16} className={styles.icon} />}
          <div className={styles.words}>
            <Radix.Title className={styles.title}>{title}</Radix.Title>
            {detail && <Radix.Description className={styles.detail}>{detail}</Radix.Description>}
          </div>
          {action && (
            <Radix.Action asChild altText={action.label}>
              <Button size="sm" onClick={action.run}>
                {action.label}
              </Button>
            </Radix.Action>
          )}
          <Radix.Close asChild>
            <IconButton label={t('close')} size="sm" tooltip={false}>
              <X size={14} />
            </IconButton>
          </Radix.Close>
        </Radix.Root>
      ))}
      <Radix.Viewport className={styles.viewport} />
    </Radix.Provider>
  );
}
