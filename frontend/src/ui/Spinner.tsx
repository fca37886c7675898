import styles from './Spinner.module.css';

/** A wait without a known end; `label` is what is being waited for, said to a screen reader. */
export function Spinner({ size = 14, label }: { size?: number; label?: string }) {
  return (
    <span
      className={styles.spinner}
      style={{ width: size, height: size }}
      role={label ? 'status' : undefined}
      aria-hidden={label ? undefined : true}
      aria-label={label}
    />
  );
}

/** A wait with a known end; `fraction` runs from 0 to 1, or is null while unknown. */
export function Progress({ fraction, label }: { fraction: number | null; label: string }) {
  return (
    <div
      className={styles.track}
      role="progressbar"
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={fraction === null ? undefined : Math.round(fraction * 100)}
      data-unknown={fraction === null || undefined}
    >
      <span style={fraction === null ? undefined : { width: `${fraction * 100}%` }} />
    </div>
  );
}
