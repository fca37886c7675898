import { createStore } from 'zustand/vanilla';

import type { NodePicture } from '../document/document';
import type { Json } from '../document/graph';
import type { GraphPicture } from '../document/picture';
import { kindNamed, type Catalogue } from '../types/catalogue';
import { ancestry } from '../types/compatibility';
import { typed } from '../types/parts';

/** One thing that a run asks for, told from an input node. */
export interface InputField {
  readonly node: string;
  readonly name: string;
  readonly label: string;
  readonly control: 'text' | 'number' | 'switch' | 'file' | 'lines' | 'json';
  /** What the file picker offers, as an `accept` attribute; empty for anything. */
  readonly accept: string;
  readonly standard: Json | undefined;
  readonly required: boolean;
}

export interface Upload {
  readonly name: string;
  /** 0 to 1, or null when it failed. */
  readonly fraction: number | null;
}

export interface RunInputs {
  /** What was given, by input name; remembered for this pipeline in this browser. */
  readonly values: Readonly<Record<string, Json>>;
  readonly uploads: Readonly<Record<string, Upload>>;
}

export type InputsStore = ReturnType<typeof createInputsStore>;

const keyOf = (pipeline: string): string => `genaisys.inputs.${pipeline}`;

export function createInputsStore(pipeline: string) {
  const store = createStore<RunInputs>(() => ({ values: rememberedInputs(pipeline), uploads: {} }));
  return Object.assign(store, {
    give(name: string, value: Json | undefined): void {
      const { [name]: _, ...others } = store.getState().values;
      const values = value === undefined ? others : { ...others, [name]: value };
      store.setState({ values });
      rememberInputs(pipeline, values);
    },
    uploading(name: string, upload: Upload | null): void {
      const { [name]: _, ...others } = store.getState().uploads;
      store.setState({ uploads: upload ? { ...others, [name]: upload } : others });
    },
  });
}

/** Sets what the run form of a pipeline begins with, such as the sample of the template it was made from. */
export function rememberInputs(pipeline: string, values: Readonly<Record<string, Json>>): void {
  try {
    localStorage.setItem(keyOf(pipeline), JSON.stringify(values));
  } catch {
    // Without storage the form is empty the next time.
  }
}

function rememberedInputs(pipeline: string): Record<string, Json> {
  try {
    const kept: unknown = JSON.parse(localStorage.getItem(keyOf(pipeline)) ?? '{}');
    return typeof kept === 'object' && kept !== null ? (kept as Record<string, Json>) : {};
  } catch {
    return {};
  }
}

/** What a run of this pipeline asks for, in the order of the canvas: from left to right, then down. */
export function inputFields(catalogue: Catalogue, picture: Pick<GraphPicture, 'nodes'>): InputField[] {
  return Object.values(picture.nodes)
    .map((node) => inputField(catalogue, node))
    .filter((field) => field !== null)
    .sort((a, b) => orderOf(picture, a.node) - orderOf(picture, b.node));
}

const orderOf = (picture: Pick<GraphPicture, 'nodes'>, id: string): number => {
  const [x, y] = picture.nodes[id]?.position ?? [0, 0];
  return x + y * 4;
};

export function inputField(catalogue: Catalogue, node: NodePicture): InputField | null {
  const kind = kindNamed(catalogue, node.kind);
  if (kind?.family !== 'input') return null;
  const name = node.params['name'] ?? kind.params.properties?.['name']?.default;
  if (typeof name !== 'string' || !name) return null;
  const type = typed(kind, node, kind.outputs)[0]?.type ?? 'Text';
  const standard = node.params['default'] ?? kind.params.properties?.['default']?.default;
  const accept = String(node.params['accept'] ?? '');
  return {
    node: node.id,
    name,
    label: node.title ?? spoken(name),
    control: controlOf(catalogue, type),
    accept: accept.includes('*/*') ? '' : accept,
    standard,
    required: standard === undefined || standard === '' || standard === null,
  };
}

function controlOf(catalogue: Catalogue, type: string): InputField['control'] {
  if (type === 'Text') return 'text';
  if (type === 'Number') return 'number';
  if (type === 'Boolean') return 'switch';
  if (type === 'list[Text]') return 'lines';
  return type === 'File' || ancestry(catalogue.types, type).includes('File') ? 'file' : 'json';
}

/** `source_file` → `Source file`. */
function spoken(name: string): string {
  const words = name.replaceAll('_', ' ');
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/** What is sent with a run: only what was given, and only for inputs that the pipeline has. */
export function inputsToSend(
  fields: readonly InputField[],
  values: Readonly<Record<string, Json>>,
): Record<string, Json> {
  const given = fields.filter(({ name }) => !isEmpty(values[name]));
  return Object.fromEntries(given.map(({ name }) => [name, values[name] as Json]));
}

const isEmpty = (value: Json | undefined): boolean =>
  value === undefined || value === '' || (Array.isArray(value) && value.length === 0);

/** The inputs that must be given and aren't. */
export function missingInputs(fields: readonly InputField[], values: Readonly<Record<string, Json>>): InputField[] {
  return fields.filter(({ name, required }) => required && isEmpty(values[name]));
}
