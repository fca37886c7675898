import {
  AlignCenterHorizontal,
  AlignCenterVertical,
  AlignEndHorizontal,
  AlignEndVertical,
  AlignHorizontalDistributeCenter,
  AlignStartHorizontal,
  AlignStartVertical,
  AlignVerticalDistributeCenter,
  Package,
  RotateCcw,
  X,
} from 'lucide-react';
import { useMemo } from 'react';
import { useTranslation } from 'react-i18next';

import { Button, Field as LabelledField, IconButton, TextInput } from '@/ui';
import { FindingLine } from '../canvas/FindingLine';
import { FamilyIcon } from '../canvas/FamilyIcon';
import type { NodePicture } from '../document/document';
import { sameJson, type Json } from '../document/graph';
import type { Alignment } from '../document/layout';
import { rename, setParam } from '../document/operations';
import { usePicture, useSession, useView, useWay } from '../session';
import { kindNamed, type Kind } from '../types/catalogue';
import { FieldControl } from './FieldControl';
import { PortList } from './PortList';
import { Reliability } from './Reliability';
import { fieldsOf, valueOf, type Field } from './fields';
import styles from './inspector.module.css';

/** Everything about the selected node; for several nodes, how they stand. */
export function Inspector({ onAlign, onTurn }: { onAlign: (how: Alignment) => void; onTurn: () => void }) {
  const selected = useView((view) => view.selected);
  const node = usePicture((picture) => (selected.length === 1 ? picture.nodes[selected[0] as string] : undefined));
  if (node) return <NodeInspector key={node.id} node={node} />;
  return selected.length > 1 ? <SeveralInspector count={selected.length} onAlign={onAlign} onTurn={onTurn} /> : null;
}

function NodeInspector({ node }: { node: NodePicture }) {
  const { t } = useTranslation('editor');
  const { catalogue, view } = useSession();
  const kind = kindNamed(catalogue, node.kind);
  const way = useWay();
  const allFindings = useView((state) => state.findings);
  const findings = useMemo(
    () => allFindings.filter((finding) => finding.node === way + node.id),
    [allFindings, way, node.id],
  );
  return (
    <div className={styles.inspector} data-testid="inspector">
      <header className={styles.header}>
        <FamilyIcon family={kind?.family ?? ''} />
        <TitleInput node={node} placeholder={kind?.title ?? node.kind} />
        <IconButton size="sm" label={t('close')} onClick={() => view.setState({ inspector: false })}>
          <X size={16} />
        </IconButton>
      </header>
      <div className={styles.scroll}>
        <p className={styles.description}>
          {kind?.description ?? t('inspector.unknownKind', { kind: node.kind })}{' '}
          <code className={styles.kind}>{node.kind}</code>
        </p>
        {findings.map((finding, index) => (
          <FindingLine key={index} finding={finding} />
        ))}
        {kind && <Knobs node={node} kind={kind} />}
        {kind && <PortList node={node} />}
        {kind && <Reliability node={node} kind={kind} />}
      </div>
    </div>
  );
}

function TitleInput({ node, placeholder }: { node: NodePicture; placeholder: string }) {
  const { t } = useTranslation('editor');
  const { document, mayEdit } = useSession();
  return (
    <TextInput
      key={node.title}
      className={styles.title}
      aria-label={t('inspector.title')}
      defaultValue={node.title ?? ''}
      placeholder={placeholder}
      readOnly={!mayEdit}
      maxLength={120}
      onBlur={(event) => mayEdit && rename(document, node.id, event.target.value)}
      onKeyDown={(event) => event.key === 'Enter' && event.currentTarget.blur()}
    />
  );
}

function Knobs({ node, kind }: { node: NodePicture; kind: Kind }) {
  const { t } = useTranslation('editor');
  const { document, mayEdit } = useSession();
  const change = (field: Field) => (value: Json | undefined) => setParam(document, node.id, field.name, value);
  return (
    <div className={styles.knobs}>
      {fieldsOf(kind).map((field) => {
        const value = valueOf(field, node.params);
        const changed =
          mayEdit &&
          field.name in node.params &&
          !sameJson(value ?? null, field.standard ?? null) &&
          field.standard !== undefined;
        return (
          <LabelledField
            key={field.name}
            label={field.label}
            hint={field.help || undefined}
            className={field.control === 'switch' ? styles.switchField : undefined}
            aside={
              changed && field.name !== 'name' ? (
                <button
                  type="button"
                  className={styles.reset}
                  title={t('inspector.reset')}
                  aria-label={t('inspector.resetField', { field: field.label })}
                  onClick={() => change(field)(undefined)}
                >
                  <RotateCcw size={12} />
                </button>
              ) : undefined
            }
          >
            <FieldControl field={field} node={node.id} value={value} disabled={!mayEdit} onChange={change(field)} />
          </LabelledField>
        );
      })}
    </div>
  );
}

const ALIGNMENTS: readonly [Alignment, typeof AlignStartVertical][] = [
  ['left', AlignStartVertical],
  ['centre', AlignCenterVertical],
  ['right', AlignEndVertical],
  ['top', AlignStartHorizontal],
  ['middle', AlignCenterHorizontal],
  ['bottom', AlignEndHorizontal],
  ['spreadAcross', AlignHorizontalDistributeCenter],
  ['spreadDown', AlignVerticalDistributeCenter],
];

interface SeveralProps {
  count: number;
  onAlign: (how: Alignment) => void;
  onTurn: () => void;
}

function SeveralInspector({ count, onAlign, onTurn }: SeveralProps) {
  const { t } = useTranslation('editor');
  const { mayEdit } = useSession();
  return (
    <div className={styles.inspector} data-testid="inspector">
      <header className={styles.header}>
        <h2 className={styles.several}>{t('inspector.several', { count })}</h2>
      </header>
      {mayEdit && (
        <div className={styles.align}>
          {ALIGNMENTS.map(([how, Icon]) => (
            <IconButton key={how} label={t(`align.${how}`)} onClick={() => onAlign(how)}>
              <Icon size={16} />
            </IconButton>
          ))}
        </div>
      )}
      {mayEdit && (
        <div className={styles.turn}>
          <Button icon={<Package size={14} />} onClick={onTurn} data-testid="turn-into-part">
            {t('turn.action')}
          </Button>
          <p className={styles.note}>{t('turn.how')}</p>
        </div>
      )}
    </div>
  );
}
