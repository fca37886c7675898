import { useConnection } from '@xyflow/react';
import { useEffect } from 'react';
import { useTranslation } from 'react-i18next';

import { useSession, usePicture, useView } from '../session';
import { whyNot } from '../types/ports';
import { refusalWords } from './refusals';
import styles from './canvas.module.css';

const SHOWN_FOR = 4000;

/** While a wire is held over a port that can't take it, and for a moment after it was let go there: why not. */
export function WiringHint() {
  const { t } = useTranslation('editor');
  const { catalogue, view } = useSession();
  const picture = usePicture((each) => each);
  const held = useConnection((connection) => {
    if (!connection.inProgress || !connection.toHandle || connection.isValid !== false) return '';
    const ends = [
      `${connection.fromHandle.nodeId}.${connection.fromHandle.id}`,
      `${connection.toHandle.nodeId}.${connection.toHandle.id}`,
    ];
    return `${connection.fromHandle.type}|${connection.toHandle.type}|${ends.join('|')}`;
  });
  const dropped = useView((state) => state.refusal);
  useEffect(() => {
    if (!dropped) return;
    const timer = setTimeout(() => view.setState({ refusal: null }), SHOWN_FOR);
    return () => clearTimeout(timer);
  }, [dropped, view]);

  const refusal = held ? refusalOfHeld() : dropped;
  return (
    <div className={styles.hintPlace} role="status" aria-live="polite">
      {refusal && (
        <p className={styles.hint} data-testid="wire-refusal">
          {refusalWords(t, refusal)}
        </p>
      )}
    </div>
  );

  function refusalOfHeld() {
    const [fromType, toType, from = '', to = ''] = held.split('|');
    if (fromType === toType) return { code: 'sameSide' as const };
    return whyNot(
      catalogue,
      picture,
      fromType === 'source' ? { source: from, target: to } : { source: to, target: from },
    );
  }
}
