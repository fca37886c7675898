import type { NodePicture } from '../document/document';
import { setParam } from '../document/operations';
import { FieldControl } from '../inspector/FieldControl';
import { primaryFields, valueOf } from '../inspector/fields';
import { useSession } from '../session';
import type { Kind } from '../types/catalogue';
import styles from './node.module.css';

/** The one or two knobs used most, on the node itself. */
export function NodeKnobs({ node, kind }: { node: NodePicture; kind: Kind }) {
  const { document, mayEdit } = useSession();
  const fields = primaryFields(kind);
  if (fields.length === 0) return null;
  return (
    <div className={`${styles.knobs} nodrag nopan`}>
      {fields.map((field) => (
        <div key={field.name} className={styles.knob} data-control={field.control}>
          <span className={styles.knobLabel} aria-hidden>
            {field.label}
          </span>
          <FieldControl
            field={field}
            node={node.id}
            value={valueOf(field, node.params)}
            disabled={!mayEdit}
            compact
            onChange={(value) => setParam(document, node.id, field.name, value)}
          />
        </div>
      ))}
    </div>
  );
}
