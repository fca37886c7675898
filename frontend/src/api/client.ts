/** One way to the server: JSON in and out, problems as `ApiError`, revisions as ETags, uploads with progress. */
import i18next from 'i18next';

export interface FieldError {
  loc: (string | number)[];
  msg: string;
}

/** What the server refused, or could not be asked. `status` is 0 when there was no answer at all. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly title: string,
    readonly detail: string = '',
    readonly errors: FieldError[] = [],
    /** The whole problem document; a 409 of a pipeline has `yours` and `theirs`, a 422 of a run `findings`. */
    readonly body: Record<string, unknown> = {},
  ) {
    super(detail || title);
    this.name = 'ApiError';
  }

  /** The server's words about one field of the body, if it had any. */
  about(field: string): string | undefined {
    return this.errors.find((error) => error.loc.includes(field))?.msg;
  }
}

export interface Request {
  method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Sent as JSON. */
  json?: unknown;
  /** The revision a change was made from; another one there answers 409. */
  ifMatch?: string | number;
  idempotencyKey?: string;
  signal?: AbortSignal;
  /** Goes on after the page is closed: for the last save. */
  keepalive?: boolean;
}

export interface Answer<T> {
  data: T;
  status: number;
  /** The revision, without quotes. */
  etag: string | null;
}

const BASE = '/api/v1';

/** The JSON body of an answer; throws `ApiError`. `path` is under `/api/v1`. */
export async function api<T>(path: string, request: Request = {}): Promise<T> {
  return (await ask<T>(path, request)).data;
}

/** Like `api`, with the status and the revision. */
export async function ask<T>(path: string, request: Request = {}): Promise<Answer<T>> {
  const { method = 'GET', json, signal, keepalive } = request;
  const response = await reach(BASE + path, {
    method,
    headers: headersOf(request),
    body: json === undefined ? undefined : JSON.stringify(json),
    credentials: 'same-origin',
    signal,
    keepalive,
  });
  const body = await bodyOf(response);
  if (!response.ok) throw problem(response.status, body);
  const etag = response.headers.get('ETag')?.replace(/^W\//, '').replaceAll('"', '') ?? null;
  return { data: body as T, status: response.status, etag };
}

function headersOf({ method = 'GET', json, ifMatch, idempotencyKey }: Request): Record<string, string> {
  const headers: Record<string, string> = { Accept: 'application/json', 'Accept-Language': document.documentElement.lang };
  if (json !== undefined) headers['Content-Type'] = 'application/json';
  if (method !== 'GET') headers['X-CSRFToken'] = csrfToken();
  if (ifMatch !== undefined) headers['If-Match'] = `"${ifMatch}"`;
  if (idempotencyKey) headers['Idempotency-Key'] = idempotencyKey;
  return headers;
}

export function csrfToken(): string {
  return decodeURIComponent(/(?:^|;\s*)csrftoken=([^;]*)/.exec(document.cookie)?.[1] ?? '');
}

async function reach(url: string, init: RequestInit): Promise<Response> {
  try {
    return await fetch(url, init);
  } catch (error) {
    if (error instanceof DOMException && error.name === 'AbortError') throw error;
    throw unreachable();
  }
}

const unreachable = () => new ApiError(0, i18next.t('common:error.unreachable'), i18next.t('common:error.unreachableDetail'));

async function bodyOf(response: Response): Promise<unknown> {
  const text = await response.text();
  return parsed(text);
}

function parsed(text: string): unknown {
  try {
    return text ? JSON.parse(text) : null;
  } catch {
    return null;
  }
}

/** An `ApiError` from a problem document, or from whatever came in its place. */
export function problem(status: number, body: unknown): ApiError {
  const document = body && typeof body === 'object' ? (body as Record<string, unknown>) : {};
  const text = (value: unknown, other: string) => (typeof value === 'string' && value ? value : other);
  const errors = Array.isArray(document.errors) ? (document.errors as FieldError[]) : [];
  const detail = text(document.detail, errors.map((error) => error.msg).join(' '));
  return new ApiError(status, text(document.title, i18next.t('common:error.answered', { status })), detail, errors, document);
}

/**
 * Posts files as multipart under the name `file`; `onProgress` gets the share sent, 0 to 1.
 * Aborting the signal rejects with an `AbortError`.
 */
export function upload<T>(
  path: string,
  files: readonly File[],
  { onProgress, signal, field = 'file' }: { onProgress?: (sent: number) => void; signal?: AbortSignal; field?: string } = {},
): Promise<T> {
  const form = new FormData();
  for (const file of files) form.append(field, file, file.name);
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open('POST', BASE + path);
    request.setRequestHeader('X-CSRFToken', csrfToken());
    request.setRequestHeader('Accept', 'application/json');
    request.upload.onprogress = (event) => event.lengthComputable && onProgress?.(event.loaded / event.total);
    request.onload = () => {
      const body = parsed(request.responseText);
      if (request.status >= 200 && request.status < 300) resolve(body as T);
      else reject(problem(request.status, body));
    };
    request.onerror = () => reject(unreachable());
    request.onabort = () => reject(new DOMException('The upload was stopped.', 'AbortError'));
    signal?.addEventListener('abort', () => request.abort(), { once: true });
    request.send(form);
  });
}

export const artifactUrl = (digest: string): string => `${BASE}/artifacts/${encodeURIComponent(digest)}`;
