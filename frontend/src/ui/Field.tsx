import clsx from 'clsx';
import { Label } from 'radix-ui';
import { createContext, useContext, useId, type ComponentPropsWithRef, type ReactNode } from 'react';
import styles from './Field.module.css';

interface FieldIds {
  id: string;
  describedBy?: string;
  invalid: boolean;
}
const FieldContext = createContext<FieldIds | null>(null);

/** What the control inside a `Field` needs to be named and described by it. */
export function useField(): { id?: string; 'aria-describedby'?: string; 'aria-invalid'?: true } {
  const field = useContext(FieldContext);
  if (!field) return {};
  return { id: field.id, 'aria-describedby': field.describedBy, 'aria-invalid': field.invalid || undefined };
}

interface FieldProps {
  label: ReactNode;
  hint?: ReactNode;
  error?: ReactNode;
  /** Something small at the right end of the label's line. */
  aside?: ReactNode;
  className?: string;
  children: ReactNode;
}

export function Field({ label, hint, error, aside, className, children }: FieldProps) {
  const id = useId();
  const note = error ?? hint;
  return (
    <FieldContext value={{ id, describedBy: note ? `${id}-note` : undefined, invalid: Boolean(error) }}>
      <div className={clsx(styles.field, className)}>
        <div className={styles.top}>
          <Label.Root htmlFor={id} className={styles.label}>
            {label}
          </Label.Root>
          {aside}
        </div>
        {children}
        {note && (
          <p id={`${id}-note`} className={error ? styles.error : styles.hint} role={error ? 'alert' : undefined}>
            {note}
          </p>
        )}
      </div>
    </FieldContext>
  );
}

export function TextInput({ className, icon, ...rest }: ComponentPropsWithRef<'input'> & { icon?: ReactNode }) {
  const field = useField();
  const input = <input type="text" {...field} {...rest} className={clsx(styles.control, className)} />;
  if (!icon) return input;
  return (
    <span className={styles.withIcon}>
      {icon}
      {input}
    </span>
  );
}

export function TextArea({ className, ...rest }: ComponentPropsWithRef<'textarea'>) {
  const field = useField();
  return <textarea rows={4} {...field} {...rest} className={clsx(styles.control, styles.area, className)} />;
}
