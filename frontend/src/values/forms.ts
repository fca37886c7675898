import type { Json } from '../editor/document/graph';

/** A page that was read or a passage that was found, as values carry it. */
export interface DocumentForm {
  text: string;
  title?: string;
  artifact?: string;
  page?: number;
  heading?: string;
  start?: number;
  end?: number;
  passage?: string;
  score?: number;
}

export interface FileForm {
  type: 'File' | 'Image' | 'Audio' | 'Video';
  artifact: string;
  name: string;
  media: string;
  size: number;
}

/** A value told by the shape of its JSON. */
export type Form =
  | { kind: 'text'; text: string }
  | { kind: 'number'; number: number }
  | { kind: 'boolean'; truth: boolean }
  | { kind: 'documents'; documents: DocumentForm[]; count: number }
  | { kind: 'messages'; messages: { role: string; content: string }[] }
  | { kind: 'file'; file: FileForm }
  | { kind: 'table'; rows: Record<string, Json>[] }
  | { kind: 'embedding'; dimension: number }
  | { kind: 'list'; items: Json[] }
  | { kind: 'json'; value: Json }
  /** Too large to be sent along: `preview` is its beginning, its whole JSON lies under `artifact`. */
  | { kind: 'kept'; type: string; artifact: string; size: number; preview: Form };

type Fields = Record<string, Json>;

export function formOf(value: Json | undefined): Form {
  if (typeof value === 'string') return { kind: 'text', text: value };
  if (typeof value === 'number') return { kind: 'number', number: value };
  if (typeof value === 'boolean') return { kind: 'boolean', truth: value };
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    return { kind: 'json', value: value ?? null };
  return fieldsOf(value);
}

function fieldsOf(value: Fields): Form {
  const { type } = value;
  if (typeof value['artifact'] === 'string') {
    if ('preview' in value) return keptForm(value, value['artifact']);
    return { kind: 'file', file: fileForm(value, value['artifact']) };
  }
  if (type === 'Documents' && Array.isArray(value['documents'])) return documentsForm(value);
  if (type === 'Messages' && Array.isArray(value['messages'])) {
    return { kind: 'messages', messages: value['messages'] as { role: string; content: string }[] };
  }
  if (type === 'Table' && Array.isArray(value['rows'])) return { kind: 'table', rows: value['rows'] as Fields[] };
  if (type === 'Embedding') return { kind: 'embedding', dimension: Number(value['dimension'] ?? 0) };
  if (type === 'Json' && 'value' in value) return { kind: 'json', value: value['value'] ?? null };
  if (typeof type === 'string' && type.startsWith('list[') && Array.isArray(value['items']))
    return { kind: 'list', items: value['items'] };
  return { kind: 'json', value };
}

function documentsForm(value: Fields): Form {
  const documents = value['documents'] as unknown as DocumentForm[];
  return { kind: 'documents', documents, count: Number(value['count'] ?? documents.length) };
}

function fileForm(value: Fields, artifact: string): FileForm {
  const type = value['type'];
  return {
    type: type === 'Image' || type === 'Audio' || type === 'Video' ? type : 'File',
    artifact,
    name: typeof value['name'] === 'string' ? value['name'] : '',
    media: typeof value['media'] === 'string' ? value['media'] : '',
    size: Number(value['size'] ?? 0),
  };
}

function keptForm(value: Fields, artifact: string): Form {
  const type = String(value['type']);
  const shown = value['preview'];
  const inner = typeof shown === 'object' && shown !== null && !Array.isArray(shown) ? { type, ...shown } : shown;
  return { kind: 'kept', type, artifact, size: Number(value['size'] ?? 0), preview: formOf(inner) };
}

/** The documents a value carries; empty for a value of another type. */
export function documentsIn(value: Json | undefined): DocumentForm[] {
  const form = formOf(value);
  if (form.kind === 'documents') return form.documents;
  return form.kind === 'kept' && form.preview.kind === 'documents' ? form.preview.documents : [];
}

/** A value as text, for copying and for hover. */
export function plain(value: Json | undefined): string {
  const form = formOf(value);
  switch (form.kind) {
    case 'text':
      return form.text;
    case 'number':
    case 'boolean':
      return String(value);
    case 'documents':
      return form.documents.map((each, index) => `[${index + 1}] ${citedAs(each)}\n${each.text}`).join('\n\n');
    case 'messages':
      return form.messages.map((each) => `${each.role}: ${each.content}`).join('\n\n');
    case 'list':
      return form.items.map(plain).join('\n\n');
    case 'file':
      return form.file.name;
    default:
      return JSON.stringify(form.kind === 'json' ? form.value : value, null, 2);
  }
}

export function citedAs(document: DocumentForm): string {
  return [document.title, document.heading].filter(Boolean).join(' · ');
}

/** Where the bytes of an artifact are. */
export const artifactUrl = (digest: string, page?: number | null): string =>
  `/api/v1/artifacts/${encodeURIComponent(digest)}${page ? `#page=${page}` : ''}`;

export function bytes(size: number, language?: string): string {
  const units = ['byte', 'kilobyte', 'megabyte', 'gigabyte'] as const;
  const step = size > 0 ? Math.min(units.length - 1, Math.floor(Math.log10(size) / 3)) : 0;
  return new Intl.NumberFormat(language, {
    style: 'unit',
    unit: units[step] as string,
    unitDisplay: 'short',
    maximumFractionDigits: step > 1 ? 1 : 0,
  }).format(size / 1000 ** step);
}
