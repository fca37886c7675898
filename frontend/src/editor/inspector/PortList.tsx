import { useTranslation } from 'react-i18next';

import { Select, typeColour } from '@/ui';
import type { NodePicture, Picture } from '../document/document';
import { edgeId } from '../document/graph';
import { connect, disconnect } from '../document/operations';
import { usePicture, useSession, useTitleOf } from '../session';
import type { Catalogue, InputPort, OutputPort } from '../types/catalogue';
import { portsOf, tuningFor, whyNot } from '../types/ports';
import styles from './inspector.module.css';

/** What a node takes and gives, in words; an input can be wired here too, without a pointer. */
export function PortList({ node }: { node: NodePicture }) {
  const { t } = useTranslation('editor');
  const { catalogue, mayEdit } = useSession();
  const { inputs, outputs } = portsOf(
    catalogue,
    node,
    usePicture((picture) => picture.parts),
  );
  return (
    <div className={styles.ports}>
      {inputs.length > 0 && <h3>{t('inspector.takes')}</h3>}
      {inputs.map((port) => (
        <div key={port.name}>
          <PortLine port={port} />
          {mayEdit && <Source node={node} port={port} />}
        </div>
      ))}
      {outputs.length > 0 && <h3>{t('inspector.gives')}</h3>}
      {outputs.map((port) => (
        <PortLine key={port.name} port={port} />
      ))}
    </div>
  );
}

function PortLine({ port }: { port: InputPort | OutputPort }) {
  const { t } = useTranslation('editor');
  const notes = [
    t(`types.${port.type}`, { defaultValue: port.type }),
    'required' in port && !port.required ? t('inspector.optional') : '',
    port.streams ? t('inspector.streams') : '',
  ];
  return (
    <p className={styles.port}>
      <span className={styles.dot} style={{ background: typeColour(port.type) }} aria-hidden />
      <span>{port.name.replaceAll('_', ' ')}</span>
      <span className={styles.type}>{notes.filter(Boolean).join(' · ')}</span>
    </p>
  );
}

const NOTHING = '';

/** Where an input comes from, chosen among all outputs that fit. */
function Source({ node, port }: { node: NodePicture; port: InputPort }) {
  const { t } = useTranslation('editor');
  const { document, catalogue } = useSession();
  const picture = usePicture((each) => each);
  const titleOf = useTitleOf();
  const target = `${node.id}.${port.name}`;
  const wired = picture.edges.find((edge) => edge.target === target);
  const named = (source: string) => {
    const [id = '', name = ''] = source.split('.');
    return `${titleOf(id)} · ${name}`;
  };
  const sources = new Set([...(wired ? [wired.source] : []), ...sourcesFor(catalogue, picture, target)]);
  const options = [
    { value: NOTHING, label: t('inspector.unwired') },
    ...[...sources].map((value) => ({ value, label: named(value) })),
  ];
  return (
    <Select
      className={styles.compactSelect}
      value={wired?.source ?? NOTHING}
      options={options}
      label={t('inspector.from', { port: port.name })}
      testId={`source-${port.name}`}
      onChange={(source) => {
        if (source !== NOTHING)
          connect(document, { source, target }, tuningFor(catalogue, picture, { source, target }));
        else if (wired) disconnect(document, [edgeId(wired)]);
      }}
    />
  );
}

function sourcesFor(catalogue: Catalogue, picture: Picture, target: string): string[] {
  return Object.values(picture.nodes)
    .flatMap((each) => portsOf(catalogue, each, picture.parts).outputs.map((output) => `${each.id}.${output.name}`))
    .filter((source) => whyNot(catalogue, picture, { source, target }) === null);
}
