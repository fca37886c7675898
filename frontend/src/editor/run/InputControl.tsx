import { useState } from 'react';
import { useTranslation } from 'react-i18next';

import { Switch, TextArea, TextInput } from '@/ui';
import type { Json } from '../document/graph';
import { useInputs, useRun, useSession } from '../session';
import { readAs } from './editable';
import { FileControl } from './FileControl';
import type { InputField } from './inputs';
import styles from './run.module.css';

/** What a run is given for one input: the same control on the node and in the form. */
export function InputControl({ field, compact = false }: { field: InputField; compact?: boolean }) {
  const { mayRun, inputs } = useSession();
  const given = useInputs((state) => state.values[field.name]);
  const ranWith = useRun((watched) => watched.inputs[field.name]);
  const value = mayRun ? given : ranWith;
  const give = (next: Json | undefined) => inputs.give(field.name, next);
  if (field.control === 'file') return <FileControl field={field} value={value} disabled={!mayRun} />;
  if (field.control === 'switch') {
    return (
      <Switch checked={(value ?? field.standard) === true} label={field.label} disabled={!mayRun} onChange={give} />
    );
  }
  if (field.control === 'number') {
    return (
      <TextInput
        type="number"
        step="any"
        aria-label={field.label}
        disabled={!mayRun}
        value={typeof value === 'number' ? value : ''}
        placeholder={field.standard === undefined ? undefined : String(field.standard)}
        onChange={(event) => give(event.target.value === '' ? undefined : event.target.valueAsNumber)}
      />
    );
  }
  const Control = field.control === 'lines' ? LinesControl : field.control === 'json' ? JsonControl : TextControl;
  return <Control field={field} value={value} disabled={!mayRun} compact={compact} onChange={give} />;
}

interface TextProps {
  field: InputField;
  value: Json | undefined;
  disabled: boolean;
  compact: boolean;
  onChange: (value: Json | undefined) => void;
}

/** A list, an item a line. Lines that are empty while one types are no items. */
function LinesControl({ field, value, disabled, compact, onChange }: TextProps) {
  const { t } = useTranslation('editor');
  const [typed, setTyped] = useState<string | null>(null);
  return (
    <TextArea
      aria-label={field.label}
      className={compact ? styles.compactText : styles.text}
      rows={compact ? 3 : 4}
      disabled={disabled}
      value={typed ?? (Array.isArray(value) ? value.join('\n') : '')}
      placeholder={typeof field.standard === 'string' && field.standard ? field.standard : t('inputs.lines')}
      data-testid={`input-${field.name}`}
      onChange={(event) => {
        setTyped(event.target.value);
        const items = event.target.value.split('\n').filter((line) => line.trim() !== '');
        onChange(items.length === 0 ? undefined : items);
      }}
      onBlur={() => setTyped(null)}
    />
  );
}

/** A value of another type, as JSON; it is taken when it can be read. */
function JsonControl({ field, value, disabled, compact, onChange }: TextProps) {
  const { t } = useTranslation('editor');
  const [typed, setTyped] = useState<string | null>(null);
  const broken = typed !== null && typed.trim() !== '' && readAs(typed, 'json') === undefined;
  return (
    <TextArea
      aria-label={field.label}
      aria-invalid={broken || undefined}
      className={compact ? styles.compactText : styles.text}
      rows={compact ? 2 : 3}
      disabled={disabled}
      spellCheck={false}
      value={typed ?? (value === undefined ? '' : JSON.stringify(value, null, 2))}
      placeholder={t('inputs.json')}
      title={broken ? t('inspector.brokenJson') : undefined}
      data-testid={`input-${field.name}`}
      onChange={(event) => {
        setTyped(event.target.value);
        onChange(event.target.value.trim() === '' ? undefined : (readAs(event.target.value, 'json') ?? value));
      }}
      onBlur={() => !broken && setTyped(null)}
    />
  );
}

function TextControl({ field, value, disabled, compact, onChange }: TextProps) {
  const { t } = useTranslation('editor');
  return (
    <TextArea
      aria-label={field.label}
      className={compact ? styles.compactText : styles.text}
      rows={compact ? 2 : 3}
      disabled={disabled}
      value={typeof value === 'string' ? value : ''}
      placeholder={typeof field.standard === 'string' && field.standard ? field.standard : t('inputs.placeholder')}
      data-testid={`input-${field.name}`}
      onChange={(event) => onChange(event.target.value === '' ? undefined : event.target.value)}
    />
  );
}
