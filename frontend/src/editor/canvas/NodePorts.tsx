import { Handle, Position, useUpdateNodeInternals } from '@xyflow/react';
import { useCallback, useEffect, useRef } from 'react';
import { useTranslation } from 'react-i18next';
import { useShallow } from 'zustand/react/shallow';

import { typeColour } from '@/ui';
import type { NodePicture } from '../document/document';
import { endpoint, portOf, wiresOf, type Edge } from '../document/graph';
import { usePicture, useSession, useView } from '../session';
import type { InputPort, OutputPort } from '../types/catalogue';
import { itemOf } from '../types/compatibility';
import { portsOf, whyNot } from '../types/ports';
import type { Wiring } from '../page/view';
import styles from './node.module.css';

/** The rows of ports: what goes in on the left, what comes out on the right, and below what is told when it fails. */
export function NodePorts({ node }: { node: NodePicture }) {
  const { catalogue } = useSession();
  const parts = usePicture((picture) => picture.parts);
  const { inputs, outputs, error } = portsOf(catalogue, node, parts);
  const wired = useWired(node.id).filter(([side, name]) => !(error && side === 'out' && name === error.name));
  useMeasured(node.id, [...inputs, ...outputs].map((port) => port.name).join());
  return (
    <>
      {inputs.length + outputs.length + wired.length > 0 && (
        <div className={styles.ports}>
          <PortColumn node={node.id} side="in" ports={inputs} wired={wired} />
          <PortColumn node={node.id} side="out" ports={outputs} wired={wired} />
        </div>
      )}
      {error && <ErrorPort node={node.id} port={error} />}
    </>
  );
}

/** A port that comes, goes or is called otherwise lies elsewhere: the wires must be told. */
function useMeasured(node: string, names: string): void {
  const measure = useUpdateNodeInternals();
  const before = useRef(names);
  useEffect(() => {
    if (before.current === names) return; // at first the canvas measures all nodes itself
    before.current = names;
    measure(node);
  }, [measure, node, names]);
}

/** On the lower edge, so that nothing moves when it comes: seen when it is wired, pointed at, or wanted by a wire. */
function ErrorPort({ node, port }: { node: string; port: OutputPort }) {
  const { t } = useTranslation('editor');
  const { mayEdit } = useSession();
  const light = useLight(`${node}.${port.name}`, 'out');
  const wired = useErrorWired(node);
  return (
    <div
      className={styles.errorPort}
      data-wired={wired || undefined}
      data-light={light}
      data-side="out"
      title={t('port.errorHow')}
    >
      <span>{t('port.error')}</span>
      <Handle
        id={port.name}
        type="source"
        position={Position.Right}
        className={styles.dot}
        isConnectable={mayEdit}
        role="img"
        aria-label={t('port.errorHow')}
        data-testid={`port-${node}-out-${port.name}`}
      />
    </div>
  );
}

/** Whether a failure of this node of the open graph is caught by somebody. */
export const useErrorWired = (node: string): boolean =>
  usePicture((picture) =>
    (wiresOf(picture.edges).from.get(node) ?? []).some((edge) => portOf(edge.source) === 'error'),
  );

interface ColumnProps {
  node: string;
  side: Side;
  ports: readonly (InputPort | OutputPort)[];
  wired: readonly [Side, string][];
}

function PortColumn({ node, side, ports, wired }: ColumnProps) {
  const names = wired.filter(([each]) => each === side).map(([, name]) => name);
  const lost = names.filter((name) => !ports.some((port) => port.name === name));
  return (
    <ul className={side === 'out' ? styles.outputs : undefined}>
      {ports.map((port) => (
        <PortRow key={port.name} node={node} side={side} port={port} wired={names.includes(port.name)} />
      ))}
      {lost.map((name) => (
        <LostPort key={name} side={side} name={name} />
      ))}
    </ul>
  );
}

type Side = 'in' | 'out';

/** The ports of a node that a wire ends at. */
function useWired(node: string): [Side, string][] {
  const ends = usePicture(useEnds(node));
  return ends === '' ? [] : ends.split('\n').map((end) => [end.startsWith('>') ? 'in' : 'out', end.slice(1)]);
}

/** One string, so that a node is drawn again only when its own wires change. */
const useEnds = (node: string) =>
  useCallback(
    (picture: { edges: readonly Edge[] }) => {
      const { from, into } = wiresOf(picture.edges);
      const out = (from.get(node) ?? []).map((edge) => `<${portOf(edge.source)}`);
      const given = (into.get(node) ?? []).map((edge) => `>${portOf(edge.target)}`);
      return [...new Set([...out, ...given])].sort().join('\n');
    },
    [node],
  );

function PortRow({
  node,
  side,
  port,
  wired,
}: {
  node: string;
  side: Side;
  port: InputPort | OutputPort;
  wired: boolean;
}) {
  const { t } = useTranslation('editor');
  const { mayEdit } = useSession();
  const light = useLight(`${node}.${port.name}`, side);
  const required = 'required' in port && port.required;
  const words = [
    t(`types.${port.type}`, { defaultValue: port.type }),
    'required' in port ? t(required ? 'port.required' : 'port.optional') : '',
    port.streams ? t('port.streams') : '',
  ];
  return (
    <li className={styles.port} data-side={side} data-light={light} title={words.filter(Boolean).join(' · ')}>
      <Handle
        id={port.name}
        type={side === 'in' ? 'target' : 'source'}
        position={side === 'in' ? Position.Left : Position.Right}
        className={styles.dot}
        isConnectable={mayEdit}
        data-hollow={(side === 'in' && required && !wired) || undefined}
        data-optional={(side === 'in' && !required && !wired) || undefined}
        data-list={itemOf(port.type) !== null || undefined}
        style={{ '--dot': typeColour(port.type) } as React.CSSProperties}
        role="img"
        aria-label={t(side === 'in' ? 'port.input' : 'port.output', { name: port.name, type: words[0] })}
        data-testid={`port-${node}-${side}-${port.name}`}
      />
      <span className={styles.portName}>{port.name.replaceAll('_', ' ')}</span>
      {port.streams && <Wave colour={typeColour(port.type)} />}
    </li>
  );
}

/** A port that a wire ends at and that isn't there any more, such as a word taken out of a template. */
function LostPort({ side, name }: { side: Side; name: string }) {
  const { t } = useTranslation('editor');
  return (
    <li className={styles.port} data-side={side} data-lost>
      <Handle
        id={name}
        type={side === 'in' ? 'target' : 'source'}
        position={side === 'in' ? Position.Left : Position.Right}
        className={styles.dot}
        isConnectable={false}
        role="img"
        aria-label={t('port.lost')}
      />
      <span className={styles.portName} title={t('port.lost')}>
        {name}
      </span>
    </li>
  );
}

/** While a wire is drawn: whether it could end here. */
function useLight(reference: string, side: Side): 'fits' | 'dim' | 'held' | undefined {
  const { catalogue, document } = useSession();
  return useView(useShallow((view) => lightOf(view.wiring)));

  function lightOf(wiring: Wiring | null): 'fits' | 'dim' | 'held' | undefined {
    if (!wiring) return undefined;
    if (wiring.reference === reference) return 'held';
    if ((wiring.end === 'from') !== (side === 'in') || endpoint(wiring.reference)[0] === endpoint(reference)[0])
      return 'dim';
    const edge =
      wiring.end === 'from'
        ? { source: wiring.reference, target: reference }
        : { source: reference, target: wiring.reference };
    return whyNot(catalogue, document.picture, edge) ? 'dim' : 'fits';
  }
}

const Wave = ({ colour }: { colour: string }) => (
  <svg className={styles.wave} width="14" height="8" viewBox="0 0 14 8" aria-hidden style={{ stroke: colour }}>
    <path
      d="M1 4c1.5-3.5 3-3.5 4 0s2.500 3.500 4 0 2.500-3.500 4 0"
      fill="none"
      strokeWidth="1.5"
      strokeLinecap="round"
    />
  </svg>
);
