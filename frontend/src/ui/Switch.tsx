import { Slider as RadixSlider, Switch as RadixSwitch } from 'radix-ui';
import { useField } from './Field';
import styles from './Switch.module.css';

interface SwitchProps {
  checked: boolean;
  onChange: (checked: boolean) => void;
  label?: string;
  disabled?: boolean;
}

export function Switch({ checked, onChange, label, disabled }: SwitchProps) {
  const field = useField();
  return (
    <RadixSwitch.Root
      {...field}
      aria-label={label}
      className={styles.switch}
      checked={checked}
      disabled={disabled}
      onCheckedChange={onChange}
    >
      <RadixSwitch.Thumb className={styles.thumb} />
    </RadixSwitch.Root>
  );
}

interface SliderProps {
  value: number;
  min: number;
  max: number;
  step: number;
  label: string;
  disabled?: boolean;
  onChange: (value: number) => void;
  /** When the thumb is let go: the moment to save. */
  onCommit?: (value: number) => void;
}

export function Slider({ value, label, onChange, onCommit, ...rest }: SliderProps) {
  return (
    <RadixSlider.Root
      className={styles.slider}
      value={[value]}
      onValueChange={([next]) => next !== undefined && onChange(next)}
      onValueCommit={([next]) => next !== undefined && onCommit?.(next)}
      {...rest}
    >
      <RadixSlider.Track className={styles.track}>
        <RadixSlider.Range className={styles.range} />
      </RadixSlider.Track>
      <RadixSlider.Thumb className={styles.grip} aria-label={label} />
    </RadixSlider.Root>
  );
}
