import { useTranslation } from 'react-i18next';
import type { ApiError } from '@/api/client';
import { uploadFile, useCatalogue } from '@/api/queries';
import type { Json, Pipeline } from '@/api/types';
import type { NodePicture } from '@/editor/document/picture';
import { inputFields, type InputField } from '@/editor/run/inputs';
import { Field, Switch, TextArea, TextInput } from '@/ui';
import { failed } from '@/ui/failed';

interface Props {
  pipeline: Pipeline;
  values: Record<string, Json>;
  onChange: (values: Record<string, Json>) => void;
  error: ApiError | null;
}

/** What the pipeline is given each time it is started. */
export function PipelineInputs({ pipeline, values, onChange, error }: Props) {
  const catalogue = useCatalogue().data;
  if (!catalogue) return null;
  const fields = inputFields(catalogue, pictureOf(pipeline));
  const give = (name: string, value: Json | undefined) => {
    const { [name]: _, ...others } = values;
    onChange(value === undefined ? others : { ...others, [name]: value });
  };
  return (
    <>
      {fields.map((field) => (
        <Field key={field.node} label={field.label} error={error?.about(field.name)}>
          <Control field={field} value={values[field.name]} workspace={pipeline.workspace} onChange={(value) => give(field.name, value)} />
        </Field>
      ))}
    </>
  );
}

interface ControlProps {
  field: InputField;
  value: Json | undefined;
  workspace: string;
  onChange: (value: Json | undefined) => void;
}

function Control({ field, value, workspace, onChange }: ControlProps) {
  const { t } = useTranslation('pages');
  if (field.control === 'switch') return <Switch checked={(value ?? field.standard) === true} label={field.label} onChange={onChange} />;
  if (field.control === 'number') {
    return <TextInput type="number" step="any" value={typeof value === 'number' ? value : ''} onChange={(event) => onChange(event.target.value === '' ? undefined : event.target.valueAsNumber)} />;
  }
  if (field.control === 'file') {
    const send = (file: File | undefined) =>
      file &&
      void uploadFile(workspace, file)
        .then((kept) => onChange({ artifact: kept.digest, name: file.name }))
        .catch(failed(t('schedules.notSaved')));
    return (
      <>
        {value !== undefined && <p>{nameOf(value)}</p>}
        <input type="file" accept={field.accept || undefined} aria-label={field.label} onChange={(event) => send(event.target.files?.[0])} />
      </>
    );
  }
  const text = typeof value === 'string' ? value : value === undefined ? '' : JSON.stringify(value);
  const standard = typeof field.standard === 'string' ? field.standard : undefined;
  return <TextArea rows={2} value={text} placeholder={standard} onChange={(event) => onChange(event.target.value === '' ? undefined : event.target.value)} />;
}

const nameOf = (value: Json): string =>
  value !== null && typeof value === 'object' && !Array.isArray(value) && typeof value['name'] === 'string' ? value['name'] : '';

function pictureOf(pipeline: Pipeline) {
  const nodes = Object.entries(pipeline.graph.nodes).map(([id, node]): [string, NodePicture] => [
    id,
    { id, kind: node.kind, params: node.params ?? {}, title: node.title, position: node.position, rest: {} },
  ]);
  return { name: pipeline.name, nodes: Object.fromEntries(nodes), edges: [], parts: {} };
}
