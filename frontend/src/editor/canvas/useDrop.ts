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

/** Kinds out of the palette and files out of the desktop, dropped on the canvas. */
export function useDrop(toCanvas: (screen: { x: number; y: number }) => [number, number]) {
  const { t } = useTranslation('editor');
  const session = useSession();
  const [over, setOver] = useState<string | null>(null);

  const giveTo = useCallback((file: File, field: InputField) => {
    giveFile(session, field.name, file)
      .then(() => toast({ title: t('drop.given', { file: file.name, input: field.label }), tone: 'success', duration: 2500 }))
      .catch((error: unknown) => toast({ tone: 'danger', title: error instanceof ApiError ? error.title : t('inputs.uploadFailed'), detail: error instanceof ApiError ? error.detail : '' }));
  }, [session, t]);

  const take = useCallback((file: File, on: string | null, position: Position) => {
    const field = targetFor(session, on) ?? addFileInput(session, position);
    if (field) giveTo(file, field);
  }, [session, giveTo]);

  const handlers = useMemo(() => ({
    onDragOver(event: DragEvent) {
      const { types } = event.dataTransfer;
      if (!types.includes(KIND_MEDIA) && !types.includes('Files')) return;
      event.preventDefault();
      event.dataTransfer.dropEffect = 'copy';
      if (types.includes('Files')) {
        const field = targetFor(session, nodeUnder(event));
        setOver(field ? t('drop.fills', { input: field.label }) : t('drop.adds'));
      }
    },
    onDragLeave(event: DragEvent) {
      if (!event.currentTarget.contains(event.relatedTarget as Node | null)) setOver(null);
    },
    onDrop(event: DragEvent) {
      event.preventDefault();
      setOver(null);
      const position = toCanvas({ x: event.clientX, y: event.clientY });
      const kind = kindNamed(session.catalogue, event.dataTransfer.getData(KIND_MEDIA));
      if (kind) {
        const id = addNode(session.document, { kind: kind.kind, named: kind.title, position: [position[0] - 140, position[1] - 20], params: defaultsOf(kind) });
        session.view.setState({ selected: [id] });
        return;
      }
      const file = event.dataTransfer.files[0];
      if (file) take(file, nodeUnder(event), position);
    },
  }), [session, toCanvas, take, t]);

  const give = useCallback((file: File) => take(file, null, [0, 0]), [take]);
  return { over, handlers, give };
}

const nodeUnder = (event: DragEvent): string | null =>
  (event.target as Element).closest<HTMLElement>('.react-flow__node')?.dataset['id'] ?? null;

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

function addFileInput({ catalogue, document, view }: Session, position: Position): InputField | null {
  const kind = kindNamed(catalogue, 'input.file');
  if (!kind) return null;
  const id = addNode(document, { kind: kind.kind, named: kind.title, position, params: defaultsOf(kind) });
  view.setState({ selected: [id] });
  const node = document.picture.nodes[id];
  return node ? inputField(catalogue, node) : null;
}
