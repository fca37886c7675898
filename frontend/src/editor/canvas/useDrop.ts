import { useCallback, useMemo, useState, type DragEvent } from 'react';
import { useTranslation } from 'react-i18next';

import { ApiError } from '@/api/client';
import { toast } from '@/ui';
import type { Position } from '../document/graph';
import { addNode } from '../document/operations';
import { giveFile } from '../run/actions';
import { inputField, inputFields, type InputField } from '../run/inputs';
import { useSession, type Session } from '../session';
import { defaultsOf, kindNamed } from '../types/catalogue';
import { KIND_MEDIA } from './Palette';

type ToCanvas = (screen: { x: number; y: number }) => Position;

/** Kinds out of the palette and files out of the desktop, dropped on the canvas. */
export function useDrop(toCanvas: ToCanvas) {
  const { t } = useTranslation('editor');
  const session = useSession();
  const [over, setOver] = useState<string | null>(null);
  const take = useTakenFile();
  const handlers = useMemo(
    () => ({
      onDragOver(event: DragEvent) {
        const { types } = event.dataTransfer;
        if (!types.includes(KIND_MEDIA) && !types.includes('Files')) return;
        event.preventDefault();
        event.dataTransfer.dropEffect = 'copy';
        if (!types.includes('Files')) return;
        const field = targetFor(session, nodeUnder(event));
        setOver(field ? t('drop.fills', { input: field.label }) : t('drop.adds'));
      },
      onDragLeave(event: DragEvent) {
        if (!event.currentTarget.contains(event.relatedTarget as Node | null)) setOver(null);
      },
      onDrop(event: DragEvent) {
        event.preventDefault();
        setOver(null);
        const position = toCanvas({ x: event.clientX, y: event.clientY });
        if (addKind(session, event.dataTransfer.getData(KIND_MEDIA), position)) return;
        const file = event.dataTransfer.files[0];
        if (file) take(file, nodeUnder(event), position);
      },
    }),
    [session, toCanvas, take, t],
  );
  const give = useCallback((file: File) => take(file, null, [0, 0]), [take]);
  return { over, handlers, give };
}

/** Gives a file to the input it was dropped on, or to a new one where it fell. */
function useTakenFile(): (file: File, on: string | null, position: Position) => void {
  const { t } = useTranslation('editor');
  const session = useSession();
  return useCallback(
    (file, on, position) => {
      const field = targetFor(session, on) ?? addFileInput(session, position);
      if (!field) return;
      const given = {
        title: t('drop.given', { file: file.name, input: field.label }),
        tone: 'success',
        duration: 2500,
      } as const;
      giveFile(session, field.name, file)
        .then(() => toast(given))
        .catch((error: unknown) => {
          const { title, detail } = error instanceof ApiError ? error : { title: t('inputs.uploadFailed'), detail: '' };
          toast({ tone: 'danger', title, detail });
        });
    },
    [session, t],
  );
}

const nodeUnder = (event: DragEvent): string | null =>
  (event.target as Element).closest<HTMLElement>('.react-flow__node')?.dataset['id'] ?? null;

function addKind({ catalogue, document, view }: Session, name: string, [x, y]: Position): boolean {
  const kind = kindNamed(catalogue, name);
  if (!kind) return false;
  const position = [x - 140, y - 20] as const;
  const id = addNode(document, { kind: kind.kind, named: kind.title, position, params: defaultsOf(kind) });
  view.setState({ selected: [id] });
  return true;
}

/** The file input dropped on; else the only one without a file; else the only one, whose file it takes the place of. */
function targetFor({ catalogue, document, inputs }: Session, on: string | null): InputField | null {
  const node = on === null ? undefined : document.picture.nodes[on];
  const dropped = node && inputField(catalogue, node);
  if (dropped?.control === 'file') return dropped;
  const { values } = inputs.getState();
  const files = inputFields(catalogue, document.picture).filter((field) => field.control === 'file');
  const unfilled = files.filter((field) => values[field.name] === undefined);
  return only(unfilled) ?? only(files);
}

const only = (fields: readonly InputField[]): InputField | null => (fields.length === 1 ? (fields[0] ?? null) : null);

function addFileInput(session: Session, position: Position): InputField | null {
  if (!addKind(session, 'input.file', position)) return null;
  const [id] = session.view.getState().selected;
  const node = session.document.picture.nodes[id ?? ''];
  return node ? inputField(session.catalogue, node) : null;
}
