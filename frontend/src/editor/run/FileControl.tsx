import { File as FileIcon, FolderOpen, X } from 'lucide-react';
import { useRef, useState, type DragEvent } from 'react';
import { useTranslation } from 'react-i18next';

import type { ApiError } from '@/api/client';
import { Button, IconButton, Progress, toast } from '@/ui';
import { bytes, formOf } from '@/values/forms';
import type { Json } from '../document/graph';
import { useInputs, useSession } from '../session';
import { giveFile } from './actions';
import type { InputField } from './inputs';
import styles from './run.module.css';

interface Props {
  field: InputField;
  value: Json | undefined;
  disabled: boolean;
}

/** A file for a run: chosen or dropped, sent at once with its progress shown, and kept for the next runs. */
export function FileControl({ field, value, disabled }: Props) {
  const { inputs } = useSession();
  const send = useSend(field.name);
  const { over, handlers } = useFileDrop(send);
  const upload = useInputs((state) => state.uploads[field.name]);
  const picker = useRef<HTMLInputElement>(null);
  const choose = () => picker.current?.click();
  return (
    <div
      className={styles.file}
      data-over={over || undefined}
      data-testid={`input-${field.name}`}
      {...(disabled ? {} : handlers)}
    >
      <input
        ref={picker}
        type="file"
        className="visually-hidden"
        tabIndex={-1}
        accept={field.accept || undefined}
        aria-label={field.label}
        disabled={disabled}
        onChange={(event) => {
          send(event.target.files?.[0]);
          event.target.value = ''; // so that the same file can be chosen again after a change
        }}
      />
      {upload && upload.fraction !== null ? (
        <Sending name={upload.name} fraction={upload.fraction} />
      ) : value === undefined ? (
        <Choose disabled={disabled} onChoose={choose} />
      ) : (
        <Given value={value} disabled={disabled} onChoose={choose} onClear={() => inputs.give(field.name, undefined)} />
      )}
    </div>
  );
}

function useSend(name: string): (file: File | undefined) => void {
  const { t } = useTranslation('editor');
  const session = useSession();
  return (file) => {
    if (!file) return;
    giveFile(session, name, file).catch((error: ApiError) =>
      toast({ tone: 'danger', title: error.title ?? t('inputs.uploadFailed'), detail: error.detail }),
    );
  };
}

function useFileDrop(send: (file: File | undefined) => void) {
  const [over, setOver] = useState(false);
  const handlers = {
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
  return { over, handlers };
}

function Sending({ name, fraction }: { name: string; fraction: number }) {
  const { t } = useTranslation('editor');
  return (
    <div className={styles.sending}>
      <span className={styles.fileName}>{name}</span>
      <Progress fraction={fraction} label={t('inputs.uploading', { name })} />
    </div>
  );
}

function Choose({ disabled, onChoose }: { disabled: boolean; onChoose: () => void }) {
  const { t } = useTranslation('editor');
  const icon = <FolderOpen size={14} />;
  return (
    <Button size="sm" variant="ghost" className={styles.choose} icon={icon} disabled={disabled} onClick={onChoose}>
      {t('inputs.choose')}
    </Button>
  );
}

interface GivenProps {
  value: Json;
  disabled: boolean;
  onChoose: () => void;
  onClear: () => void;
}

function Given({ value, disabled, onChoose, onClear }: GivenProps) {
  const { t, i18n } = useTranslation('editor');
  const form = formOf(value);
  const file = form.kind === 'file' ? form.file : null;
  const another = disabled ? undefined : t('inputs.another');
  return (
    <div className={styles.given}>
      <FileIcon size={14} aria-hidden />
      <button type="button" className={styles.fileName} disabled={disabled} title={another} onClick={onChoose}>
        {file?.name || t('values.file')}
      </button>
      {file !== null && file.size > 0 && <span className={styles.size}>{bytes(file.size, i18n.language)}</span>}
      {!disabled && (
        <IconButton size="sm" label={t('inputs.clear')} onClick={onClear}>
          <X size={14} />
        </IconButton>
      )}
    </div>
  );
}
