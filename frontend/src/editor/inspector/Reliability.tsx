import { useState } from 'react';
import { useTranslation } from 'react-i18next';

import { Field, TextInput } from '@/ui';
import type { NodePicture } from '../document/document';
import { setReliability } from '../document/operations';
import { useSession } from '../session';
import type { Kind, Reliability as Measures } from '../types/catalogue';
import styles from './inspector.module.css';

const FIELDS = ['attempts', 'timeout', 'backoff'] as const;
type Name = (typeof FIELDS)[number];

/** How hard a node is tried before it fails, and where the failure goes then. What is left empty is its family's own measure. */
export function Reliability({ node, kind }: { node: NodePicture; kind: Kind }) {
  const { t } = useTranslation('editor');
  if (!kind.fallible) return null;
  return (
    <section className={styles.section} data-testid="reliability">
      <h3>{t('reliability.title')}</h3>
      <div className={styles.measures}>
        {FIELDS.map((name) => (
          <Measure key={name} node={node} name={name} standard={kind.fallible as Measures} />
        ))}
      </div>
      <p className={styles.note}>{t('reliability.wire')}</p>
    </section>
  );
}

function Measure({ node, name, standard }: { node: NodePicture; name: Name; standard: Measures }) {
  const { t, i18n } = useTranslation('editor');
  const { document, mayEdit } = useSession();
  const own = (node.rest['reliability'] as Partial<Record<Name, number>> | undefined)?.[name];
  const [typed, setTyped] = useState<string | null>(null);
  const usual = standard[name];
  const placeholder = usual === null ? t('reliability.none') : new Intl.NumberFormat(i18n.language).format(usual);
  const take = (text: string) => {
    setTyped(text);
    const number = Number(text.trim().replace(',', '.'));
    if (text.trim() === '') setReliability(document, node.id, name, undefined);
    else if (Number.isFinite(number) && number >= (name === 'attempts' ? 1 : 0))
      setReliability(document, node.id, name, name === 'attempts' ? Math.round(number) : number);
  };
  return (
    <Field label={t(`reliability.${name}`)}>
      <TextInput
        inputMode="decimal"
        disabled={!mayEdit}
        value={typed ?? (own === undefined ? '' : String(own))}
        placeholder={placeholder}
        data-testid={`reliability-${name}`}
        onChange={(event) => take(event.target.value)}
        onBlur={() => setTyped(null)}
      />
    </Field>
  );
}
