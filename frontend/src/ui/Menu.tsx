import { Check } from 'lucide-react';
import { DropdownMenu as Radix } from 'radix-ui';
import type { ReactElement, ReactNode } from 'react';
import styles from './float.module.css';
import { Kbd } from './Kbd';

export type MenuEntry =
  | 'separator'
  | { heading: string }
  | {
      label: string;
      hint?: string;
      icon?: ReactNode;
      shortcut?: string;
      danger?: boolean;
      disabled?: boolean;
      /** Given, it is a choice with or without a tick. */
      checked?: boolean;
      testId?: string;
      onSelect: () => void;
    };

interface MenuProps {
  trigger: ReactElement;
  entries: MenuEntry[];
  align?: 'start' | 'center' | 'end';
  side?: 'top' | 'right' | 'bottom' | 'left';
  label?: string;
}

/** A button's menu. Not modal: the page behind it keeps its scrolling, and no style element is injected. */
export function Menu({ trigger, entries, align = 'start', side = 'bottom', label }: MenuProps) {
  return (
    <Radix.Root modal={false}>
      <Radix.Trigger asChild>{trigger}</Radix.Trigger>
      <Radix.Portal>
        <Radix.Content
          className={styles.menu}
          align={align}
          side={side}
          sideOffset={4}
          collisionPadding={8}
          aria-label={label}
          onClick={(event) => event.stopPropagation()}
        >
          {entries.map((entry, index) => (
            <Entry key={index} entry={entry} />
          ))}
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  );
}

function Entry({ entry }: { entry: MenuEntry }) {
  if (entry === 'separator') return <Radix.Separator className={styles.separator} />;
  if ('heading' in entry) return <Radix.Label className={styles.heading}>{entry.heading}</Radix.Label>;
  const { label, hint, icon, shortcut, danger, disabled, checked, testId, onSelect } = entry;
  const inner = (
    <>
      {icon}
      <span className={styles.words}>
        {label}
        {hint && <span className={styles.hint}>{hint}</span>}
      </span>
      {shortcut && <Kbd keys={shortcut} />}
      {checked && <Check size={14} className={styles.tick} />}
    </>
  );
  const common = {
    className: styles.item,
    disabled,
    onSelect,
    'data-danger': danger || undefined,
    'data-testid': testId,
  };
  return checked === undefined ? (
    <Radix.Item {...common}>{inner}</Radix.Item>
  ) : (
    <Radix.CheckboxItem {...common} checked={checked}>
      {inner}
    </Radix.CheckboxItem>
  );
}
