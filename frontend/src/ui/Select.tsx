import clsx from 'clsx';
import { Check, ChevronsUpDown } from 'lucide-react';
import { Popover } from 'radix-ui';
import { useEffect, useId, useMemo, useRef, useState, type KeyboardEvent, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import fieldStyles from './Field.module.css';
import { useField } from './Field';
import floatStyles from './float.module.css';

export interface Option {
  value: string;
  label: string;
  hint?: string;
  icon?: ReactNode;
  disabled?: boolean;
}

interface SelectProps {
  value: string | undefined;
  onChange: (value: string) => void;
  options: Option[];
  placeholder?: string;
  /** Needed where no `Field` names it. */
  label?: string;
  disabled?: boolean;
  /** A box to search the options; on by itself when there are more than eight. */
  searchable?: boolean;
  /** Shown when there is nothing to choose from. */
  empty?: ReactNode;
  className?: string;
  testId?: string;
}

/** One of several. Arrow keys, Home, End, letters, Enter and Escape do what they do in a native select. */
export function Select({ options, searchable = options.length > 8, ...props }: SelectProps) {
  const [open, setOpen] = useState(false);
  const field = useField();
  const { t } = useTranslation('common');
  const chosen = options.find((option) => option.value === props.value);
  const listId = useId();
  return (
    <Popover.Root open={open} onOpenChange={setOpen}>
      <Popover.Trigger asChild>
        <button
          type="button"
          role="combobox"
          {...field}
          aria-label={props.label && `${props.label}: ${chosen?.label ?? props.value ?? ''}`}
          aria-expanded={open}
          aria-controls={listId}
          disabled={props.disabled}
          data-testid={props.testId}
          className={clsx(fieldStyles.control, fieldStyles.picker, props.className)}
          onKeyDown={(event) => {
            if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
              event.preventDefault();
              setOpen(true);
            }
          }}
        >
          {chosen?.icon}
          <span className={fieldStyles.picked} data-empty={!chosen || undefined}>
            {chosen?.label ?? props.value ?? props.placeholder ?? t('choose')}
          </span>
          <ChevronsUpDown size={14} />
        </button>
      </Popover.Trigger>
      <Popover.Portal>
        <Popover.Content
          className={clsx(floatStyles.popover, fieldStyles.list)}
          align="start"
          sideOffset={4}
          collisionPadding={8}
          onOpenAutoFocus={(event) => event.preventDefault()}
        >
          <OptionList
            {...props}
            id={listId}
            options={options}
            searchable={searchable}
            onChoose={(value) => {
              setOpen(false);
              if (value !== props.value) props.onChange(value);
            }}
          />
        </Popover.Content>
      </Popover.Portal>
    </Popover.Root>
  );
}

type Searchable = Omit<SelectProps, 'searchable'>;

/** A select that is always searched by typing. */
export const Combobox = (props: Searchable) => <Select {...props} searchable />;

interface OptionListProps extends SelectProps {
  id: string;
  onChoose: (value: string) => void;
}

function OptionList({ id, options, value, searchable, empty, label, placeholder, onChoose }: OptionListProps) {
  const { t } = useTranslation('common');
  const [query, setQuery] = useState('');
  const shown = useMemo(() => matching(options, query), [options, query]);
  const [active, setActive] = useState(() => Math.max(0, options.findIndex((option) => option.value === value)));
  const focused = useRef<HTMLInputElement & HTMLDivElement>(null);
  const list = useRef<HTMLDivElement>(null);
  useEffect(() => void focused.current?.focus(), []);
  // New browsers answer a scroll with a promise, and an effect must not return one.
  useEffect(() => void list.current?.querySelector('[data-active]')?.scrollIntoView({ block: 'nearest' }), [active, shown]);
  const current = Math.min(active, shown.length - 1);

  const onKeyDown = (event: KeyboardEvent) => {
    const next = movedBy(event, current, shown, searchable ?? false);
    if (next === 'choose') {
      const option = shown[current];
      if (option && !option.disabled) onChoose(option.value);
    } else if (next === null) return;
    else setActive(next);
    event.preventDefault();
  };
  const control = { onKeyDown, 'aria-activedescendant': shown[current] ? `${id}-${current}` : undefined };
  return (
    <>
      {searchable && (
        <input
          ref={focused}
          className={fieldStyles.search}
          value={query}
          placeholder={t('search')}
          aria-label={t('search')}
          aria-controls={id}
          onChange={(event) => {
            setQuery(event.target.value);
            setActive(0);
          }}
          {...control}
        />
      )}
      <div
        id={id}
        ref={searchable ? list : (node) => void (list.current = focused.current = node as HTMLInputElement & HTMLDivElement)}
        role="listbox"
        tabIndex={searchable ? undefined : 0}
        aria-label={label ?? placeholder ?? t('choose')}
        className={fieldStyles.options}
        {...(searchable ? {} : control)}
      >
        {shown.map((option, index) => (
          <div
            key={option.value}
            id={`${id}-${index}`}
            role="option"
            aria-selected={option.value === value}
            aria-disabled={option.disabled || undefined}
            data-disabled={option.disabled || undefined}
            data-active={index === current || undefined}
            className={floatStyles.item}
            onPointerMove={() => setActive(index)}
            onClick={() => !option.disabled && onChoose(option.value)}
          >
            {option.icon}
            <span className={floatStyles.words}>
              {option.label}
              {option.hint && <span className={floatStyles.hint}>{option.hint}</span>}
            </span>
            {option.value === value && <Check size={14} className={floatStyles.tick} />}
          </div>
        ))}
        {shown.length === 0 && <div className={floatStyles.none}>{(!query && empty) || t('nothingFound')}</div>}
      </div>
    </>
  );
}

function matching(options: Option[], query: string): Option[] {
  const words = query.trim().toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0) return options;
  return options.filter((option) => {
    const text = `${option.label} ${option.hint ?? ''} ${option.value}`.toLowerCase();
    return words.every((word) => text.includes(word));
  });
}

/** Where a key leads: an index, `choose`, or null when the list has no say in it. */
function movedBy(event: KeyboardEvent, at: number, options: Option[], searchable: boolean): number | 'choose' | null {
  const last = options.length - 1;
  if (event.key === 'Enter') return 'choose';
  if (event.key === 'ArrowDown') return Math.min(last, at + 1);
  if (event.key === 'ArrowUp') return Math.max(0, at - 1);
  if (searchable) return null;
  if (event.key === ' ') return 'choose';
  if (event.key === 'Home') return 0;
  if (event.key === 'End') return last;
  if (event.key.length !== 1 || event.metaKey || event.ctrlKey) return null;
  const order = [...options.keys()].map((step) => (at + 1 + step) % options.length);
  const letter = event.key.toLowerCase();
  return order.find((index) => options[index]?.label.toLowerCase().startsWith(letter)) ?? at;
}
