import clsx from 'clsx';
import { Check, ChevronsUpDown } from 'lucide-react';
import { Popover } from 'radix-ui';
import { useEffect, useId, useMemo, useRef, useState, type ComponentPropsWithRef, type KeyboardEvent, type ReactNode } from 'react';
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
  const listId = useId();
  return (
    <Popover.Root open={open} onOpenChange={setOpen}>
      <Popover.Trigger asChild>
        <Trigger {...props} chosen={options.find((option) => option.value === props.value)} open={open} listId={listId} onOpen={() => setOpen(true)} />
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

interface TriggerProps extends Omit<SelectProps, 'options' | 'onChange'>, Omit<ComponentPropsWithRef<'button'>, 'value' | 'onChange'> {
  chosen: Option | undefined;
  open: boolean;
  listId: string;
  onOpen: () => void;
}

/** The button that shows what is chosen; Radix adds its own properties to it. */
function Trigger({ value, placeholder, label, testId, empty: _, chosen, open, listId, onOpen, className, ...rest }: TriggerProps) {
  const field = useField();
  const { t } = useTranslation('common');
  return (
    <button
      {...rest}
      type="button"
      role="combobox"
      aria-haspopup="listbox"
      {...field}
      aria-label={label && `${label}: ${chosen?.label ?? value ?? ''}`}
      aria-expanded={open}
      aria-controls={listId}
      data-testid={testId}
      className={clsx(fieldStyles.control, fieldStyles.picker, className)}
      onKeyDown={(event) => {
        if (event.key !== 'ArrowDown' && event.key !== 'ArrowUp') return;
        event.preventDefault();
        onOpen();
      }}
    >
      {chosen?.icon}
      <span className={fieldStyles.picked} data-empty={!chosen || undefined}>
        {chosen?.label ?? value ?? placeholder ?? t('choose')}
      </span>
      <ChevronsUpDown size={14} />
    </button>
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
  const { query, search, shown, current, point, control } = useOptions(id, options, value, searchable ?? false, onChoose);
  const focused = useRef<HTMLInputElement & HTMLDivElement>(null);
  const list = useRef<HTMLDivElement>(null);
  useEffect(() => void focused.current?.focus(), []);
  // New browsers answer a scroll with a promise, and an effect must not return one.
  useEffect(() => void list.current?.querySelector('[data-active]')?.scrollIntoView({ block: 'nearest' }), [current, shown]);
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
          onChange={(event) => search(event.target.value)}
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
          <OptionRow
            key={option.value}
            id={`${id}-${index}`}
            option={option}
            chosen={option.value === value}
            active={index === current}
            onPoint={() => point(index)}
            onChoose={onChoose}
          />
        ))}
        {shown.length === 0 && <div className={floatStyles.none}>{(!query && empty) || t('nothingFound')}</div>}
      </div>
    </>
  );
}

/** What is shown of the options, which of them is pointed at, and what keys do about it. */
function useOptions(id: string, options: Option[], value: string | undefined, searchable: boolean, onChoose: (value: string) => void) {
  const [query, setQuery] = useState('');
  const shown = useMemo(() => matching(options, query), [options, query]);
  const [active, point] = useState(() => Math.max(0, options.findIndex((option) => option.value === value)));
  const current = Math.min(active, shown.length - 1);
  const search = (words: string) => {
    setQuery(words);
    point(0);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const next = movedBy(event, current, shown, searchable);
    if (next === 'choose') {
      const option = shown[current];
      if (option && !option.disabled) onChoose(option.value);
    } else if (next === null) return;
    else point(next);
    event.preventDefault();
  };
  const control = { onKeyDown, 'aria-activedescendant': shown[current] ? `${id}-${current}` : undefined };
  return { query, search, shown, current, point, control };
}

interface OptionRowProps {
  id: string;
  option: Option;
  chosen: boolean;
  active: boolean;
  onPoint: () => void;
  onChoose: (value: string) => void;
}

function OptionRow({ id, option, chosen, active, onPoint, onChoose }: OptionRowProps) {
  return (
    <div
      id={id}
      role="option"
      aria-selected={chosen}
      aria-disabled={option.disabled || undefined}
      data-disabled={option.disabled || undefined}
      data-active={active || undefined}
      className={floatStyles.item}
      onPointerMove={onPoint}
      onClick={() => !option.disabled && onChoose(option.value)}
    >
      {option.icon}
      <span className={floatStyles.words}>
        {option.label}
        {option.hint && <span className={floatStyles.hint}>{option.hint}</span>}
      </span>
      {chosen && <Check size={14} className={floatStyles.tick} />}
    </div>
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
