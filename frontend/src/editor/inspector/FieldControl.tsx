import clsx from 'clsx';
import { useState, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';

import { useModels } from '@/api/queries';
import { Select, Slider, Switch, TextArea, TextInput } from '@/ui';
import type { Json } from '../document/graph';
import { PartControl } from '../parts/PartControl';
import { PortChoice } from '../parts/PortChoice';
import { CollectionControl } from './CollectionControl';
import { numberFrom, slides, stepOf, type Field } from './fields';
import styles from './inspector.module.css';

export interface ControlProps {
  field: Field;
  value: Json | undefined;
  disabled: boolean;
  /** On a node there is less room than in the inspector. */
  compact?: boolean;
  /** The node whose knob it is. */
  node: string;
  onChange: (value: Json | undefined) => void;
}

/** The control that a knob's schema asks for. */
export function FieldControl(props: ControlProps): ReactNode {
  const { field, value, disabled, compact, onChange } = props;
  const { t } = useTranslation('editor');
  switch (field.control) {
    case 'switch':
      return <Switch checked={value === true} onChange={onChange} disabled={disabled} label={field.label} />;
    case 'choice':
      return <ChoiceControl {...props} />;
    case 'number':
      return <NumberControl {...props} />;
    case 'model':
      return <ModelControl {...props} />;
    case 'part':
      return <PartControl {...props} />;
    case 'input':
    case 'output':
      return <PortChoice {...props} />;
    case 'collection':
      return <CollectionControl {...props} />;
    case 'lines':
      return (
        <TextArea
          aria-label={compact ? field.label : undefined}
          className={compact ? styles.compactArea : undefined}
          rows={compact ? 3 : 5}
          value={asText(value)}
          disabled={disabled}
          spellCheck={false}
          onChange={(event) => onChange(event.target.value)}
        />
      );
    case 'line':
      return (
        <TextInput
          aria-label={compact ? field.label : undefined}
          value={asText(value)}
          disabled={disabled}
          placeholder={field.mayBeEmpty ? t('inspector.empty') : undefined}
          onChange={(event) => onChange(event.target.value === '' && field.mayBeEmpty ? null : event.target.value)}
        />
      );
    default:
      return <JsonControl {...props} />;
  }
}

const asText = (value: Json | undefined): string => (value === undefined || value === null ? '' : String(value));

function ChoiceControl({ field, value, disabled, compact, onChange }: ControlProps) {
  const options = field.choices.map((choice) => ({ value: JSON.stringify(choice.value), label: choice.label }));
  return (
    <Select
      value={JSON.stringify(value)}
      options={options}
      disabled={disabled}
      label={field.label}
      className={compact ? styles.compactSelect : undefined}
      onChange={(chosen) => onChange(JSON.parse(chosen) as Json)}
    />
  );
}

/** A number with its range: a slider where that is fine enough, always a field to type in. */
function NumberControl(props: ControlProps) {
  const { field, value, disabled, compact, onChange } = props;
  if (!slides(field) || typeof value !== 'number') return <NumberInput {...props} />;
  return (
    <div className={compact ? styles.compactSlider : styles.slider}>
      <Slider
        value={value}
        min={field.least ?? 0}
        max={field.most ?? 1}
        step={stepOf(field)}
        label={field.label}
        disabled={disabled}
        onChange={(next) => onChange(field.whole ? Math.round(next) : Number(next.toFixed(4)))}
      />
      <NumberInput {...props} />
    </div>
  );
}

/** What is typed stands as it is until the field is left; a number is taken as soon as it is one. */
function NumberInput({ field, value, disabled, compact, onChange }: ControlProps) {
  const { t } = useTranslation('editor');
  const [typed, setTyped] = useState<string | null>(null);
  const take = (text: string) => {
    const number = numberFrom(text, field);
    if (number !== undefined) onChange(number);
  };
  const leave = () => {
    if (typed !== null) take(typed);
    setTyped(null);
  };
  return (
    <input
      className={clsx(styles.number, compact && styles.compact)}
      inputMode={field.whole ? 'numeric' : 'decimal'}
      aria-label={field.label}
      value={typed ?? asText(value)}
      disabled={disabled}
      placeholder={field.mayBeEmpty ? t('inspector.empty') : undefined}
      onChange={(event) => {
        setTyped(event.target.value);
        if (numberFrom(event.target.value, field) === Number(event.target.value)) take(event.target.value);
      }}
      onBlur={leave}
      onKeyDown={(event) => event.key === 'Enter' && event.currentTarget.blur()}
    />
  );
}

function ModelControl({ field, value, disabled, compact, onChange }: ControlProps) {
  const { t } = useTranslation('editor');
  const models = useModels();
  const fitting = (models.data ?? []).filter((model) => !field.task || model.task === field.task);
  const options = fitting.map((model) => ({
    value: model.name,
    label: model.title || model.name,
    hint: [model.licence, model.ready === false ? t('inspector.notHere') : ''].filter(Boolean).join(' · '),
  }));
  const current = asText(value);
  if (current && models.data && !fitting.some((model) => model.name === current)) {
    options.push({ value: current, label: current, hint: t('inspector.notHere') });
  }
  return (
    <Select
      value={current || undefined}
      options={options}
      disabled={disabled}
      label={field.label}
      placeholder={models.isLoading ? t('inspector.loading') : t('inspector.chooseModel')}
      empty={t('inspector.noModels')}
      className={compact ? styles.compactSelect : undefined}
      onChange={onChange}
    />
  );
}

/** Anything else, as JSON; it is taken when it can be read. */
function JsonControl({ field, value, disabled, onChange }: ControlProps) {
  const { t } = useTranslation('editor');
  const [typed, setTyped] = useState<string | null>(null);
  const text =
    typed ??
    (field.control === 'list' && Array.isArray(value) ? value.join('\n') : JSON.stringify(value ?? null, null, 2));
  const read = (next: string): Json | undefined => {
    if (field.control === 'list') return next.split('\n').filter(Boolean);
    try {
      return JSON.parse(next) as Json;
    } catch {
      return undefined;
    }
  };
  const broken = typed !== null && read(typed) === undefined;
  return (
    <>
      <TextArea
        className={styles.code}
        value={text}
        disabled={disabled}
        spellCheck={false}
        onChange={(event) => {
          setTyped(event.target.value);
          const next = read(event.target.value);
          if (next !== undefined) onChange(next);
        }}
        onBlur={() => !broken && setTyped(null)}
      />
      {broken && <p className={styles.broken}>{t('inspector.brokenJson')}</p>}
    </>
  );
}
