import type { NodePicture } from '../document/document';
import { InputControl } from '../run/InputControl';
import { inputField } from '../run/inputs';
import { useSession } from '../session';
import styles from './node.module.css';

/** An input node takes what the next run is given, right where it stands. */
export function InputBody({ node }: { node: NodePicture }) {
  const { catalogue } = useSession();
  const field = inputField(catalogue, node);
  if (!field) return null;
  return (
    <div className={`${styles.inputBody} nodrag nopan`}>
      <InputControl field={field} compact />
    </div>
  );
}
