import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';

import { Button, Dialog, Field, Skeleton, Switch, TextArea, TextInput } from '@/ui';
import { formOf } from '@/values/forms';
import { readKept } from '@/values/ValueView';
import { nodeOf, type Json } from '../document/graph';
import { useRun, useSession, useStepTitle, useView } from '../session';
import { readAs, sortOf, written, type Sort } from './editable';
import { useRunning } from './RunningContext';
import styles from './run.module.css';

/** A result changed by hand, and the run gone on with from there. */
export function EditValue() {
  const editing = useView((view) => view.editing);
  const outputs = useRun(({ run }) => (editing ? run.steps[editing.path]?.outputs : null));
  const value = editing ? outputs?.[editing.port] : undefined;
  if (!editing || !outputs || value === undefined) return null;
  return <Loaded key={`${editing.path}.${editing.port}`} node={editing.path} port={editing.port} outputs={outputs} />;
}

interface Props {
  node: string;
  port: string;
  outputs: Readonly<Record<string, Json>>;
}

/** A value that is kept elsewhere is read first: only the whole can be changed. */
function Loaded(props: Props) {
  const value = props.outputs[props.port] as Json;
  const form = formOf(value);
  const kept = useQuery({
    queryKey: ['artifact', form.kind === 'kept' ? form.artifact : ''],
    enabled: form.kind === 'kept',
    staleTime: Infinity,
    queryFn: () => readKept(form.kind === 'kept' ? form.artifact : '', form.kind === 'kept' ? form.type : ''),
  });
  const whole = form.kind === 'kept' ? kept.data : value;
  return whole === undefined ? <Skeleton height={120} /> : <Editing {...props} value={whole} />;
}

function Editing({ node, port, outputs, value }: Props & { value: Json }) {
  const { t } = useTranslation('editor');
  const { view, document } = useSession();
  const { start, running } = useRunning();
  const title = useStepTitle()(node);
  const sort = sortOf(value);
  const [text, setText] = useState(() => written(value, sort));
  const read = readAs(text, sort);
  const close = () => view.setState({ editing: null });
  const goOn = () => {
    if (read === undefined) return;
    close();
    // A path's last name is the node's in the open graph; what reads it stands under the same path.
    const place = node.slice(0, node.lastIndexOf('/') + 1);
    const reader = document.picture.edges.find((edge) => edge.source === `${node.slice(place.length)}.${port}`);
    const from = reader ? { from: place + nodeOf(reader.target) } : {};
    start({ values: { [node]: { ...outputs, [port]: read } }, ...from });
  };
  return (
    <Dialog
      open
      onOpenChange={close}
      title={t('edit.title', { title })}
      description={t('edit.how')}
      size="md"
      footer={
        <>
          <Button onClick={close}>{t('cancel')}</Button>
          <Button variant="primary" disabled={running || read === undefined} onClick={goOn} data-testid="go-on">
            {t('edit.goOn')}
          </Button>
        </>
      }
    >
      <Field label={port.replaceAll('_', ' ')} error={read === undefined ? t('edit.unreadable') : undefined}>
        <Control sort={sort} text={text} onChange={setText} />
      </Field>
    </Dialog>
  );
}

function Control({ sort, text, onChange }: { sort: Sort; text: string; onChange: (text: string) => void }) {
  if (sort === 'boolean') return <Switch checked={text === 'true'} onChange={(checked) => onChange(String(checked))} />;
  if (sort === 'number')
    return (
      <TextInput
        inputMode="decimal"
        value={text}
        data-testid="edited-value"
        onChange={(event) => onChange(event.target.value)}
      />
    );
  return (
    <TextArea
      className={sort === 'json' ? styles.editedJson : undefined}
      rows={10}
      value={text}
      spellCheck={sort === 'text'}
      data-autofocus
      data-testid="edited-value"
      onChange={(event) => onChange(event.target.value)}
    />
  );
}
