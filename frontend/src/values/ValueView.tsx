import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';

import { Button } from '@/ui';
import type { Json } from '../editor/document/graph';
import { DocumentsValue } from './DocumentsValue';
import { FileValue } from './FileValue';
import { artifactUrl, bytes, formOf, type Form } from './forms';
import { JsonTree } from './JsonTree';
import { TextValue } from './TextValue';
import styles from './values.module.css';

interface Props {
  value: Json | undefined;
  streaming?: boolean;
}

/** Any value, drawn by the shape of its JSON. */
export function ValueView({ value, streaming = false }: Props) {
  return <FormView form={formOf(value)} streaming={streaming} />;
}

function FormView({ form, streaming }: { form: Form; streaming: boolean }) {
  const { t } = useTranslation('editor');
  switch (form.kind) {
    case 'text':
      return form.text || streaming ? (
        <TextValue text={form.text} streaming={streaming} />
      ) : (
        <p className={styles.nothing}>{t('values.empty')}</p>
      );
    case 'number':
      return (
        <p className={styles.figure}>
          {new Intl.NumberFormat(undefined, { maximumFractionDigits: 6 }).format(form.number)}
        </p>
      );
    case 'boolean':
      return <p className={styles.figure}>{t(form.truth ? 'values.yes' : 'values.no')}</p>;
    case 'documents':
      return <DocumentsValue documents={form.documents} count={form.count} />;
    case 'messages':
      return <Messages messages={form.messages} />;
    case 'file':
      return <FileValue file={form.file} />;
    case 'table':
      return <Rows rows={form.rows} />;
    case 'embedding':
      return <p className={styles.note}>{t('values.embedding', { count: form.dimension })}</p>;
    case 'list':
      return form.items.length > 0 ? (
        <ListView items={form.items} />
      ) : (
        <p className={styles.nothing}>{t('values.noItems')}</p>
      );
    case 'kept':
      return <KeptView form={form} />;
    default:
      return (
        <div className={styles.json}>
          <JsonTree value={form.value} />
        </div>
      );
  }
}

function Messages({ messages }: { messages: readonly { role: string; content: string }[] }) {
  const { t } = useTranslation('editor');
  return (
    <ol className={styles.messages}>
      {messages.map((message, index) => (
        <li key={index} data-role={message.role}>
          <span className={styles.role}>{t(`values.role.${message.role}`, { defaultValue: message.role })}</span>
          <TextValue text={message.content} />
        </li>
      ))}
    </ol>
  );
}

function Rows({ rows }: { rows: readonly Record<string, Json>[] }) {
  const { t } = useTranslation('editor');
  const columns = [...new Set(rows.slice(0, 100).flatMap((row) => Object.keys(row)))];
  return (
    <div className={styles.scroll}>
      <table className={styles.table}>
        <thead>
          <tr>
            {columns.map((column) => (
              <th key={column}>{column}</th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.slice(0, 100).map((row, index) => (
            <tr key={index}>
              {columns.map((column) => (
                <td key={column}>
                  {typeof row[column] === 'string' ? row[column] : JSON.stringify(row[column] ?? '')}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
      {rows.length > 100 && <p className={styles.note}>{t('values.more', { count: rows.length - 100 })}</p>}
    </div>
  );
}

const ListView = ({ items }: { items: readonly Json[] }) => (
  <ol className={styles.list}>
    {items.slice(0, 50).map((item, index) => (
      <li key={index}>
        <ValueView value={item} />
      </li>
    ))}
  </ol>
);

/** A value too large to be sent along: its beginning, and on demand the whole of it. */
function KeptView({ form }: { form: Form & { kind: 'kept' } }) {
  const { t, i18n } = useTranslation('editor');
  const [wanted, setWanted] = useState(false);
  const whole = useQuery({
    queryKey: ['artifact', form.artifact],
    enabled: wanted,
    staleTime: Infinity,
    queryFn: () => readKept(form.artifact, form.type),
  });
  if (whole.data !== undefined) return <ValueView value={whole.data} />;
  return (
    <>
      <FormView form={form.preview} streaming={false} />
      <div className={styles.kept}>
        <span className={styles.note}>{t(whole.isError ? 'values.keptGone' : 'values.beginning')}</span>
        <Button
          size="sm"
          variant="ghost"
          busy={whole.isFetching}
          onClick={() => (wanted ? void whole.refetch() : setWanted(true))}
        >
          {t('values.showAll', { size: bytes(form.size, i18n.language) })}
        </Button>
      </div>
    </>
  );
}

/** The whole of a value that is kept in the artifact store. Throws Error when it is gone. */
export async function readKept(artifact: string, type: string): Promise<Json> {
  const response = await fetch(artifactUrl(artifact), { credentials: 'same-origin' });
  if (!response.ok) throw new Error(response.statusText);
  return type === 'Text' ? response.text() : ((await response.json()) as Json);
}
