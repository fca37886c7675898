import { SquareArrowOutUpRight } from 'lucide-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';

import { IconButton, Select, type Option } from '@/ui';
import type { PartPicture } from '../document/document';
import { addPart } from '../document/parts';
import type { ControlProps } from '../inspector/FieldControl';
import { usePicture, useSession } from '../session';
import { ChoosePipeline } from './ChoosePipeline';
import { newPart } from './turn';
import { openPart } from './opening';
import styles from './parts.module.css';

const NEW = '\u0000new';
const LINKED = '\u0000linked';
const NONE = '';

/** Which part a node runs: one that is there, a new one, or a pipeline of the workspace; with the way into it. */
export function PartControl({ field, node, value, disabled, onChange }: ControlProps) {
  const { t } = useTranslation('editor');
  const session = useSession();
  const { document, mayEdit } = session;
  const parts = usePicture((picture) => picture.parts);
  const kind = usePicture((picture) => picture.nodes[node]?.kind);
  const [choosing, setChoosing] = useState(false);
  const current = typeof value === 'string' ? value : NONE;
  const open = (name: string) => openPart(session, { node, part: name });
  const add = () => {
    const part = newPart(t('parts.newTitle'), kind === 'flow.map' ? 'item' : 'text', 'result');
    open(addPart(document, part, { node, field: field.name }));
  };
  const choose = (chosen: string) => {
    if (chosen === NEW) add();
    else if (chosen === LINKED) setChoosing(true);
    else onChange(chosen === NONE && field.mayBeEmpty ? null : chosen);
  };
  return (
    <div className={styles.control}>
      <Select
        value={current || undefined}
        options={[
          ...optionsOf(parts, current, t),
          ...(field.mayBeEmpty ? [{ value: NONE, label: t('parts.none') }] : []),
          ...(mayEdit
            ? [
                { value: NEW, label: t('parts.new') },
                { value: LINKED, label: t('parts.linked') },
              ]
            : []),
        ]}
        disabled={disabled}
        label={field.label}
        placeholder={t('parts.choose')}
        className={styles.select}
        testId={`part-${node}-${field.name}`}
        onChange={choose}
      />
      {parts[current] && (
        <IconButton
          size="sm"
          label={t('parts.open', { title: parts[current].title ?? current })}
          onClick={(event) => {
            event.stopPropagation();
            open(current);
          }}
          data-testid={`open-part-${node}`}
        >
          <SquareArrowOutUpRight size={14} />
        </IconButton>
      )}
      {choosing && <ChoosePipeline node={node} field={field.name} onClose={() => setChoosing(false)} />}
    </div>
  );
}

function optionsOf(
  parts: Readonly<Record<string, PartPicture>>,
  current: string,
  t: ReturnType<typeof useTranslation<'editor'>>['t'],
): Option[] {
  const options = Object.entries(parts).map(([name, part]): Option => ({
    value: name,
    label: part.title ?? name,
    ...(part.source ? { hint: t('parts.version', { version: part.source.version }) } : {}),
  }));
  if (current && !parts[current]) options.push({ value: current, label: current, hint: t('parts.missing') });
  return options;
}
