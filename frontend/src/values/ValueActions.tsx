import { Check, Copy, Download, Maximize2, PenLine } from 'lucide-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';

import { IconButton } from '@/ui';
import type { Json } from '../editor/document/graph';
import { artifactUrl, formOf, plain } from './forms';

/** Copy, download and, where there is something to gain, change it and go on, or open it large. */
export function ValueActions({
  value,
  name,
  onLarge,
  onEdit,
}: {
  value: Json | undefined;
  name: string;
  onLarge?: () => void;
  onEdit?: () => void;
}) {
  const { t } = useTranslation('editor');
  const [copied, setCopied] = useState(false);
  const copy = async () => {
    setCopied(await copyText(plain(value)));
    setTimeout(() => setCopied(false), 1500);
  };
  return (
    <>
      <IconButton size="sm" label={t(copied ? 'values.copied' : 'values.copy')} onClick={() => void copy()}>
        {copied ? <Check size={14} /> : <Copy size={14} />}
      </IconButton>
      <IconButton size="sm" label={t('values.download')} onClick={() => download(value, name)}>
        <Download size={14} />
      </IconButton>
      {onEdit && (
        <IconButton size="sm" label={t('edit.action')} onClick={onEdit} data-testid="edit-result">
          <PenLine size={14} />
        </IconButton>
      )}
      {onLarge && (
        <IconButton size="sm" label={t('values.large')} onClick={onLarge}>
          <Maximize2 size={14} />
        </IconButton>
      )}
    </>
  );
}

/** Puts text on the clipboard, also on pages that are served without encryption; tells whether that worked. */
export async function copyText(text: string): Promise<boolean> {
  if (window.isSecureContext) {
    await navigator.clipboard.writeText(text);
    return true;
  }
  const put = (event: ClipboardEvent) => {
    event.clipboardData?.setData('text/plain', text);
    event.preventDefault();
    event.stopImmediatePropagation();
  };
  document.addEventListener('copy', put, { once: true, capture: true });
  return document.execCommand('copy');
}

export function download(value: Json | undefined, name: string): void {
  const form = formOf(value);
  const link = document.createElement('a');
  if (form.kind === 'file' || form.kind === 'kept') {
    link.href = artifactUrl(form.kind === 'file' ? form.file.artifact : form.artifact);
    link.download = form.kind === 'file' ? form.file.name : `${name}.${form.type === 'Text' ? 'txt' : 'json'}`;
    link.click();
    return;
  }
  const isText = form.kind === 'text' || form.kind === 'number' || form.kind === 'boolean';
  const body = isText ? plain(value) : JSON.stringify(value, null, 2);
  link.href = URL.createObjectURL(new Blob([body], { type: isText ? 'text/plain' : 'application/json' }));
  link.download = `${name}.${isText ? 'txt' : 'json'}`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}
