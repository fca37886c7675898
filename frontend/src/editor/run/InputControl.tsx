import { File as FileIcon, FolderOpen, X } from 'lucide-react';
import { useId, useRef, useState, type DragEvent } from 'react';
import { useTranslation } from 'react-i18next';

import type { ApiError } from '@/api/client';
import { Button, IconButton, Progress, Switch, TextArea, TextInput, toast } from '@/ui';
import { bytes, formOf } from '@/values/forms';
import type { Json } from '../document/graph';
import { useInputs, useRun, useSession } from '../session';
import { giveFile } from './actions';
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
    return <Switch checked={(value ?? field.standard) === true} label={field.label} disabled={!mayRun} onChange={give} />;
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
  return <TextControl field={field} value={value} disabled={!mayRun} compact={compact} onChange={give} />;
}

interface TextProps {
  field: InputField;
  value: Json | undefined;
  disabled: boolean;
  compact: boolean;
  onChange: (value: Json | undefined) => void;
}

function TextControl({ field, value, disabled, compact, onChange }: TextProps) {
  const { t } = useTranslation('editor');
  return (
    <TextArea
      aria-label={field.label}
      className={compact ? styles.compactText : styles.text}
      rows={compact ? 2 : 3}
      disabled={disabled}
      value={typeof value === 'string' ? value : value === undefined ? '' : JSON.stringify(value)}
      placeholder={typeof field.standard === 'string' && field.standard ? field.standard : t('inputs.placeholder')}
      data-testid={`input-${field.name}`}
      onChange={(event) => onChange(event.target.value === '' ? undefined : event.target.value)}
    />
  );
}

function FileControl({ field, value, disabled }: { field: InputField; value: Json | undefined; disabled: boolean }) {
  const { t } = useTranslation('editor');
  const session = useSession();
  const upload = useInputs((state) => state.uploads[field.name]);
  const [over, setOver] = useState(false);
  const picker = useRef<HTMLInputElement>(null);
  const id = useId();
  const send = (file: File | undefined) => {
    if (file) giveFile(session, field.name, file).catch((error: ApiError) => toast({ tone: 'danger', title: error.title ?? t('inputs.uploadFailed'), detail: error.detail }));
  };
  const drop = {
    onDragOver: (event: DragEvent) => {
      if (!event.dataTransfer.types.includes('Files')) return;
      event.preventDefault();
      setOver(true);
    },
    onDragLeave: () => setOver(false),
    onDrop: (event: DragEvent) => {
      event.preventDefault();
      event.stopPropagation();
      setOver(false);
      send(event.dataTransfer.files[0]);
    },
  };
  return (
    <div className={styles.file} data-over={over || undefined} {...(disabled ? {} : drop)} data-testid={`input-${field.name}`}>
      <input ref={picker} id={id} type="file" className="visually-hidden" tabIndex={-1} accept={field.accept || undefined} aria-label={field.label} disabled={disabled} onChange={(event) => send(event.target.files?.[0])} />
      {upload && upload.fraction !== null ? (
        <div className={styles.sending}>
          <span className={styles.fileName}>{upload.name}</span>
          <Progress fraction={upload.fraction} label={t('inputs.uploading', { name: upload.name })} />
        </div>
      ) : value !== undefined ? (
        <GivenFile value={value} onChange={disabled ? null : () => picker.current?.click()} onClear={disabled ? null : () => session.inputs.give(field.name, undefined)} />
      ) : (
        <Button size="sm" variant="ghost" className={styles.choose} icon={<FolderOpen size={14} />} disabled={disabled} onClick={() => picker.current?.click()}>
          {t('inputs.choose')}
        </Button>
      )}
    </div>
  );
}

function GivenFile({ value, onChange, onClear }: { value: Json; onChange: (() => void) | null; onClear: (() => void) | null }) {
  const { t, i18n } = useTranslation('editor');
  const form = formOf(value);
  const file = form.kind === 'file' ? form.file : null;
  return (
    <div className={styles.given}>
      <FileIcon size={14} aria-hidden />
      <button type="button" className={styles.fileName} disabled={!onChange} title={onChange ? t('inputs.another') : undefined} onClick={onChange ?? undefined}>
        {file?.name || t('values.file')}
      </button>
      {file !== null && file.size > 0 && <span className={styles.size}>{bytes(file.size, i18n.language)}</span>}
      {onClear && (
        <IconButton size="sm" label={t('inputs.clear')} onClick={onClear}>
          <X size={14} />
        </IconButton>
      )}
    </div>
  );
}
