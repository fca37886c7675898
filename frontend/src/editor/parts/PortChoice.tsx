import { useTranslation } from 'react-i18next';

import { Select } from '@/ui';
import type { ControlProps } from '../inspector/FieldControl';
import { usePicture, useSession } from '../session';
import { partsNamedBy, signatureOf } from '../types/parts';
import styles from './parts.module.css';

/** One of the ports of the part that a node runs, chosen by name; empty where there is only one to choose. */
export function PortChoice({ field, node, value, disabled, onChange }: ControlProps) {
  const { t } = useTranslation('editor');
  const { catalogue } = useSession();
  const names = usePicture((picture) => {
    const own = picture.nodes[node];
    const part = own && picture.parts[partsNamedBy(catalogue, own)[0] ?? ''];
    if (!part) return '';
    const { inputs, outputs } = signatureOf(catalogue, part.graph);
    const ports = field.control === 'input' ? inputs : outputs.filter((port) => port.type === 'Boolean');
    return ports.map((port) => port.name).join('\n');
  });
  const current = typeof value === 'string' ? value : '';
  const choices = [...new Set([...names.split('\n'), current])].filter(Boolean);
  return (
    <Select
      className={styles.select}
      value={current}
      options={[
        { value: '', label: names.includes('\n') || !names ? t('parts.choosePort') : names },
        ...choices.filter((name) => name !== names || current === name).map((name) => ({ value: name, label: name })),
      ]}
      label={field.label}
      disabled={disabled}
      onChange={onChange}
    />
  );
}
