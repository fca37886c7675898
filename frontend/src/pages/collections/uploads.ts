/** Files on their way into a collection: first sent, then read, cut, embedded and stored by a run. */
import { useCallback, useEffect, useRef, useState } from 'react';
import { queryClient, uploadDocuments, useRun } from '@/api/queries';
import { isFinal, type Run } from '@/api/types';
import { follow } from '@/editor/run/follow';

export interface Sending {
  id: number;
  name: string;
  /** 0 to 1 while it is being sent. */
  sent: number;
  run: string | null;
  error: string | null;
  stop: () => void;
}

let counted = 0;

export function useUploads(collection: number) {
  const [sendings, setSendings] = useState<Sending[]>([]);
  const change = useCallback((id: number, fields: Partial<Sending>) => {
    setSendings((all) => all.map((one) => (one.id === id ? { ...one, ...fields } : one)));
  }, []);
  const forget = useCallback((id: number) => setSendings((all) => all.filter((one) => one.id !== id)), []);

  const sendOne = useCallback(
    (file: File) => {
      const id = ++counted;
      const abort = new AbortController();
      setSendings((all) => [...all, { id, name: file.name, sent: 0, run: null, error: null, stop: () => abort.abort() }]);
      uploadDocuments(collection, [file], (sent) => change(id, { sent }), abort.signal)
        .then((answer) => change(id, { sent: 1, run: answer.id }))
        .catch((error: Error) => (error.name === 'AbortError' ? forget(id) : change(id, { error: error.message })));
    },
    [collection, change, forget],
  );
  const send = useCallback((files: File[]) => files.forEach(sendOne), [sendOne]);
  return { sendings, send, forget };
}

export interface Ingest {
  run: Run | undefined;
  /** 0 to 1, or null while nothing can be said. */
  fraction: number | null;
  note: string;
}

/** How far the run that ingests a file is; refreshes the collection's lists when it has ended. */
export function useIngest(id: string | null, collection: number, onDone: () => void): Ingest {
  const run = useRun(id).data;
  const [progress, setProgress] = useState<{ fraction: number | null; note: string }>({ fraction: null, note: '' });
  const done = useRef(onDone);
  useEffect(() => {
    done.current = onDone;
  });
  useEffect(() => {
    if (id === null) return;
    return follow(id, '', {
      onLink: () => undefined,
      onEntries: (entries) => {
        for (const [, event] of entries) {
          if (event.kind === 'step.progress') setProgress({ fraction: event.fraction ?? null, note: String(event.note ?? '') });
        }
      },
    });
  }, [id]);
  const status = run?.status;
  useEffect(() => {
    if (!status || !isFinal(status)) return;
    for (const queryKey of [['documents', collection], ['collection', collection], ['collections'], ['search', collection]]) {
      void queryClient.invalidateQueries({ queryKey });
    }
    if (status === 'succeeded') done.current();
  }, [status, collection]);
  return { run, ...progress };
}
