import i18next from 'i18next';
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import en from '../i18n/en/common.json';
import { api, ApiError, ask, csrfToken, problem, upload } from './client';

/** Answers the next request with this, and keeps what was asked. */
function serverSays(status: number, body: string, headers: Record<string, string> = {}) {
  const fetched = vi.fn<typeof fetch>(async () => new Response(status === 204 ? null : body, { status, headers }));
  vi.stubGlobal('fetch', fetched);
  return { asked: () => fetched.mock.calls[0] as [string, RequestInit & { headers: Record<string, string> }] };
}

const caught = (promise: Promise<unknown>) => promise.then(() => null, (error: unknown) => error) as Promise<ApiError>;

beforeAll(() => i18next.init({ lng: 'en', resources: { en: { common: en } }, defaultNS: 'common' }));
beforeEach(() => {
  document.cookie = 'csrftoken=abc123';
});
afterEach(() => vi.unstubAllGlobals());

describe('asking the server', () => {
  it('sends JSON with the token against forged requests', async () => {
    const server = serverSays(201, '{"id": "p1"}');
    expect(await api('/workspaces/demo/pipelines', { method: 'POST', json: { name: 'x' } })).toEqual({ id: 'p1' });
    const [url, init] = server.asked();
    expect(url).toBe('/api/v1/workspaces/demo/pipelines');
    expect(init.body).toBe('{"name":"x"}');
    expect(init.headers).toMatchObject({ 'X-CSRFToken': 'abc123', 'Content-Type': 'application/json' });
  });

  it('sends no token with a mere look', async () => {
    const server = serverSays(200, '{}');
    await api('/me');
    expect(server.asked()[1].headers).not.toHaveProperty('X-CSRFToken');
  });

  it('quotes the revision it changes, and unquotes the one it gets', async () => {
    const server = serverSays(200, '{}', { ETag: '"8"' });
    const { etag } = await ask('/pipelines/p1', { method: 'PUT', json: {}, ifMatch: 7, idempotencyKey: 'k' });
    expect(server.asked()[1].headers).toMatchObject({ 'If-Match': '"7"', 'Idempotency-Key': 'k' });
    expect(etag).toBe('8');
  });

  it('takes an answer without a body as nothing', async () => {
    serverSays(204, '');
    expect(await api('/pipelines/p1', { method: 'DELETE' })).toBeNull();
  });
});

describe('what went wrong', () => {
  it('is told in the words of the problem document', async () => {
    const errors = [{ loc: ['body', 'name'], msg: 'Give it a name.' }];
    serverSays(422, JSON.stringify({ title: 'The request does not fit', status: 422, detail: 'name: Give it a name.', errors }));
    const error = await caught(api('/x', { method: 'POST', json: {} }));
    expect(error).toBeInstanceOf(ApiError);
    expect(error).toMatchObject({ status: 422, title: 'The request does not fit', message: 'name: Give it a name.' });
    expect(error.about('name')).toBe('Give it a name.');
    expect(error.about('graph')).toBeUndefined();
  });

  it('keeps both versions of a stale change', async () => {
    serverSays(409, JSON.stringify({ title: 'Changed meanwhile', status: 409, yours: { a: 1 }, theirs: { a: 2 } }));
    expect((await caught(api('/x', { method: 'PUT', json: {} }))).body).toMatchObject({ yours: { a: 1 }, theirs: { a: 2 } });
  });

  it.each([
    ['a page in place of a document', '<html>502 Bad Gateway</html>'],
    ['nothing', ''],
    ['a list', '[1]'],
    ['a document with other types', '{"title": 7, "detail": {"x": 1}, "errors": "none"}'],
  ])('still has a status and a title when the answer is %s', async (_what, body) => {
    serverSays(502, body);
    const error = await caught(api('/x'));
    expect(error).toMatchObject({ status: 502, title: 'The server answered 502', errors: [] });
    expect(error.message).toBe('The server answered 502');
  });

  it('has the status 0 when nobody answered', async () => {
    vi.stubGlobal('fetch', vi.fn(() => Promise.reject(new TypeError('Failed to fetch'))));
    expect(await caught(api('/x'))).toMatchObject({ status: 0, title: 'The server cannot be reached' });
  });

  it('is no problem at all when we stopped asking', async () => {
    vi.stubGlobal('fetch', vi.fn(() => Promise.reject(new DOMException('stopped', 'AbortError'))));
    expect(await caught(api('/x'))).toMatchObject({ name: 'AbortError' });
  });

  it('is said by the errors where there is no detail', () => {
    const error = problem(422, { title: 'No', errors: [{ loc: [], msg: 'One.' }, { loc: [], msg: 'Two.' }] });
    expect(error.message).toBe('One. Two.');
  });
});

describe('the token against forged requests', () => {
  it('is found among other cookies', () => {
    document.cookie = 'theme=dark';
    document.cookie = 'csrftoken=a%2Fb';
    expect(csrfToken()).toBe('a/b');
  });
});

describe('an upload', () => {
  class FakeRequest {
    static last: FakeRequest;
    upload: { onprogress?: (event: { lengthComputable: boolean; loaded: number; total: number }) => void } = {};
    headers: Record<string, string> = {};
    status = 0;
    responseText = '';
    onload?: () => void;
    onerror?: () => void;
    onabort?: () => void;
    body?: FormData;
    constructor() {
      FakeRequest.last = this;
    }
    open() {}
    setRequestHeader(name: string, value: string) {
      this.headers[name] = value;
    }
    send(body: FormData) {
      this.body = body;
    }
    abort() {
      this.onabort?.();
    }
  }
  const files = [new File(['a'], 'a.txt'), new File(['b'], 'b.txt')];
  beforeEach(() => vi.stubGlobal('XMLHttpRequest', FakeRequest));

  it('tells how much is sent, and gives the answer', async () => {
    const seen: number[] = [];
    const answer = upload('/collections/1/documents', files, { onProgress: (sent) => seen.push(sent), field: 'files' });
    const request = FakeRequest.last;
    request.upload.onprogress?.({ lengthComputable: true, loaded: 1, total: 4 });
    request.upload.onprogress?.({ lengthComputable: false, loaded: 2, total: 0 });
    Object.assign(request, { status: 202, responseText: '{"id": "r1"}' });
    request.onload?.();
    expect(await answer).toEqual({ id: 'r1' });
    expect(seen).toEqual([0.25]);
    expect(request.body?.getAll('files').map((file) => (file as File).name)).toEqual(['a.txt', 'b.txt']);
    expect(request.headers['X-CSRFToken']).toBe(csrfToken());
  });

  it('is refused with the words of the problem document', async () => {
    const answer = caught(upload('/x', files));
    Object.assign(FakeRequest.last, { status: 413, responseText: '{"title": "Too large", "detail": "At most 512 MB."}' });
    FakeRequest.last.onload?.();
    expect(await answer).toMatchObject({ status: 413, title: 'Too large', message: 'At most 512 MB.' });
  });

  it('stops when it is told to', async () => {
    const abort = new AbortController();
    const answer = caught(upload('/x', files, { signal: abort.signal }));
    abort.abort();
    expect(await answer).toMatchObject({ name: 'AbortError' });
  });
});
